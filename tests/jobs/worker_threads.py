"""Several io workers at the same time, as threads with database connections of their own."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connections

from vanceweb.jobs.tasks import advance_jobs, poll_services

# Generous: other tests may be using both processors.
DEADLINE_SECONDS = 60


def start_thread(function: Callable[[], object]) -> threading.Thread:
    """Run the function in a thread that closes its database connections."""

    def run() -> None:
        try:
            function()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def run_together(*functions: Callable[[], object]) -> None:
    """Run the functions at the same time, and return when all have ended."""
    barrier = threading.Barrier(len(functions))

    def build(function: Callable[[], object]) -> Callable[[], object]:
        def run() -> None:
            barrier.wait(DEADLINE_SECONDS)
            function()

        return run

    threads = [start_thread(build(function)) for function in functions]
    for thread in threads:
        thread.join(DEADLINE_SECONDS)
        assert not thread.is_alive()


@contextmanager
def run_workers(number: int) -> Iterator[None]:
    """Run so many workers, which take whatever is due, and end them after the block."""
    stopped = threading.Event()

    def work() -> None:
        while not stopped.wait(0.02):
            advance_jobs.call()
            poll_services.call()

    threads = [start_thread(work) for _ in range(number)]
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join(DEADLINE_SECONDS)


def wait_until(is_true: Callable[[], bool], subject: str) -> None:
    """Return once the condition is true; fail after a generous time."""
    until = time.monotonic() + DEADLINE_SECONDS
    while not is_true():
        assert time.monotonic() < until, f"{subject} did not come"
        time.sleep(0.02)
