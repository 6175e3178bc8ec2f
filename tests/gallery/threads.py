"""Actions that run at the same time."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def run_at_once(actions: list[Callable[[], object]]) -> None:
    """Run the actions at the same time, each in its own thread with its own database connection."""
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> None:
        try:
            start.wait(timeout=20)
            action()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        list(pool.map(run, actions))
