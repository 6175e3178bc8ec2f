"""A temporary worker on the engine's queue, for a command that needs one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from vanceweb.ops import parent_death


@contextmanager
def run_engine_worker() -> Iterator[None]:
    """Run a worker process during the block. It is safe beside the workers of a running site: jobs are leased."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "work", "--queue", "engine"]
    # In a session of its own, the worker doesn't receive Ctrl-C; the calling command handles it and stops the worker.
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, parent_death.__file__, str(os.getpid()), *command],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        # It may work on somebody else's job, and gives it back before it ends.
        process.terminate()
        try:
            process.wait(settings.UP_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
