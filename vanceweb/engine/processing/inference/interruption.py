"""A request from another thread to stop a run, which also ends a network that is running.

Reports of progress stop a run too, but only between two steps of its own thread.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock


class Interruption:
    """The stop signal of one run. The thread of the run checks it; any other thread may make the request."""

    def __init__(self) -> None:
        self._error: Exception | None = None
        self._stops: list[Callable[[], None]] = []
        self._lock = Lock()

    def request(self, error: Exception) -> None:
        """Stop the run with `error`. Only the first request counts."""
        with self._lock:
            self._error = self._error or error
            for stop in self._stops:
                stop()

    def check(self) -> None:
        """Raise the request's error, if there was a request."""
        if self._error is not None:
            raise self._error

    @contextmanager
    def stop_on_request(self, stop: Callable[[], None]) -> Iterator[None]:
        """Have a request call `stop` during the block; raise its error then, whatever `stop` makes of the block."""
        with self._lock:
            self.check()
            self._stops.append(stop)
        try:
            yield
        except Exception:
            self.check()
            raise
        finally:
            with self._lock:
                self._stops.remove(stop)
        self.check()
