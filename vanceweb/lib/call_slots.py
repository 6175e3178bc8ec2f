"""Limits for calls to services by one process, so that a slow service never occupies all of its threads."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings

Taken = TypeVar("Taken")
# Tells whether a service has a free slot.
IsFree = Callable[[str], bool]


class CallSlots:
    """The calls that run: at most `per_service` to each service, and `in_all` to all of them together.

    A service is named by any text. The empty name stands for calls within this process, which aren't limited.
    """

    def __init__(self, *, per_service: int, in_all: int) -> None:
        self.per_service = per_service
        self.in_all = in_all
        self._running: Counter[str] = Counter()
        self._choosing = threading.Lock()
        self._has_passed_over = False
        # An ordered set.
        self._waiting: dict[Callable[[], object], None] = {}

    def take(
        self,
        choose: Callable[[IsFree], tuple[str, Taken] | None],
        *,
        call_later: Callable[[], object] | None = None,
    ) -> tuple[str, Taken] | None:
        """Return what `choose` returns, a service's name and a row for it, and occupy a slot of that service.

        `choose` is called with a predicate that tells whether a service has a free slot. Only one thread chooses at a
        time. The caller must `give_back` the slot. If `choose` came upon a service without a free slot, `call_later` is
        called when a slot becomes free: it should wake a worker, since rows were passed over.
        """
        with self._choosing:
            self._has_passed_over = False
            taken = choose(self._is_free)
            if self._has_passed_over and call_later is not None:
                self._waiting[call_later] = None
            if taken is not None and taken[0]:
                self._running[taken[0]] += 1
            return taken

    def give_back(self, service: str) -> None:
        """Free a slot that `take` occupied."""
        if not service:
            return
        with self._choosing:
            self._running[service] -= 1
            if self._running[service] <= 0:
                del self._running[service]
            waiting, self._waiting = list(self._waiting), {}
        for call in waiting:
            call()

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
        free = self._running[service] < self.per_service and self._running.total() < self.in_all
        self._has_passed_over |= not free
        return free


@cache
def get_call_slots() -> CallSlots:
    """Return the slots of this process."""
    return CallSlots(per_service=settings.IO_SERVICE_CALLS, in_all=settings.IO_REMOTE_CALLS)


def find_service_name(base_url: str) -> str:
    """Return the name under which calls to a base URL are counted: its host. Empty for the bundled engine's, ""."""
    try:
        return urlsplit(base_url).hostname or ""
    except ValueError:
        # No call to it will succeed, but the choice of a row must not fail for the others.
        return base_url
