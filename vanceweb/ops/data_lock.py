"""A lock on the data folder: a second `up` would double the workers and invalidate the set-up link."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class AlreadyRunning(Exception):
    """Another process has locked the data folder; the message names it."""


@contextmanager
def lock_data_folder(folder: Path) -> Iterator[None]:
    """Lock the folder while the block runs. Raise AlreadyRunning when another process has locked it.

    The kernel releases the lock when the process ends.
    """
    with (folder / "up.lock").open("a+b", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise AlreadyRunning(
                f"vanceweb is already running on {folder} (process {file.read().decode().strip()}); "
                "stop that process first, or choose another folder with DATA_DIR=…"
            ) from error
        with suppress(OSError):  # the disk may be full; the number is only told to others
            file.truncate(0)
            file.write(f"{os.getpid()}\n".encode())
        yield
