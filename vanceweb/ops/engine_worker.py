"""A worker for the engine's queue, for as long as a command needs one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from vanceweb.ops import tied


@contextmanager
def engine_worker() -> Iterator[None]:
    """Runs a worker process during the block. Beside the workers of a running site it does no harm: jobs are leased."""
    manage = str(settings.BASE_DIR / "manage.py")
    worker = [sys.executable, manage, "db_worker", "--queue-name", "engine", "--no-startup-delay", "--no-reload"]
    command = [*worker, "--interval", str(settings.WORKER_INTERVAL), "--verbosity", "0"]
    # A session of its own, so that Ctrl-C in the terminal reaches the command alone, which then ends the worker.
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, tied.__file__, str(os.getpid()), *command], stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        # Whatever it is working on is leased: another worker takes it up.
        process.kill()
        process.wait()
