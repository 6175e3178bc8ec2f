"""The decoder's socket: a file in a private folder."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The longest path of a UNIX socket, bytes, is 107 on Linux and 103 on others.
MAX_PATH_BYTES = 100
FOLDER_MODE = 0o700
SOCKET_UMASK = 0o177
# Connections that wait for a free child; a client gives up long before so many are done.
QUEUE_LENGTH = 64


def open_listener(path: Path) -> socket.socket:
    """Listen on the socket `path` (mode 0600), in place of a decoder that has ended. Raise OSError."""
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    previous = os.umask(SOCKET_UMASK)
    try:
        with _shorten_path(path) as address:
            listener.bind(address)
    finally:
        os.umask(previous)
    listener.listen(QUEUE_LENGTH)
    listener.setblocking(False)
    return listener


def connect(path: Path) -> socket.socket:
    """Return a connection to the decoder at `path`. Raise BlockingIOError if its queue is full, else OSError."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Otherwise the call would wait without limit for a place in the queue.
        connection.setblocking(False)
        with _shorten_path(path) as address:
            connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _shorten_path(path: Path) -> Iterator[str]:
    """Yield a path of the same file that is short enough for a socket."""
    if len(os.fsencode(path)) <= MAX_PATH_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
