"""One `up` on a data folder at a time: a second one would double the workers and take the set-up link away."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another process holds the data folder; the sentence names it."""


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Holds the folder while the block runs. The kernel lets go of it with the process. Raises AlreadyRunning."""
    with (folder / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise AlreadyRunning(
                f"vanceweb is running on {folder} already (process {file.read().strip()}); "
                "end that one first, or choose another folder with DATA_DIR=…"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
