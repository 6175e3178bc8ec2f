"""Limits for calls to services by one process, so that a slow service never occupies all of its threads."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Taken = TypeVar("Taken")


class CallSlots:
    """How many calls run to each service, of at most `per_service`, and to all of them, of at most `in_all`.

    A service is named by any text. The empty name stands for calls within this process, which aren't limited.
    """

    def __init__(self, *, per_service: int, in_all: int) -> None:
        self.per_service = per_service
        self.in_all = in_all
        self._running: Counter[str] = Counter()
        self._choosing = threading.Lock()

    def take(self, choose: Callable[[Callable[[str], bool]], tuple[str, Taken] | None]) -> tuple[str, Taken] | None:
        """Return what `choose` returns, a service's name and a row for it, and occupy a slot of that service.

        `choose` is called with a predicate that tells whether a service has a free slot. Only one thread chooses at a
        time. The caller must `give_back` the slot.
        """
        with self._choosing:
            taken = choose(self._is_free)
            if taken is not None and taken[0]:
                self._running[taken[0]] += 1
            return taken

    def give_back(self, service: str) -> None:
        """Free a slot that `take` occupied."""
        if service:
            with self._choosing:
                self._running[service] -= 1

    @contextmanager
    def returning(self, service: str) -> Iterator[None]:
        """Free the slot of `service` at the end of the block."""
        try:
            yield
        finally:
            self.give_back(service)

    def _is_free(self, service: str) -> bool:
        if not service:
            return True
        return self._running[service] < self.per_service and self._running.total() < self.in_all
