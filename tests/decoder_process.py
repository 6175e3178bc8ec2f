"""The decoder as `manage.py up` runs it, for a test or for all tests of a process."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from vanceweb.lib.decoder.addresses import connect
from vanceweb.lib.decoding import CHECKOUT
from vanceweb.ops.processes import build_decoder

# Generous: other tests may be using both processors.
START_SECONDS = 60


@contextmanager
def run_decoder() -> Iterator["subprocess.Popen[bytes]"]:
    """Run a decoder on the socket of the settings during the block. Nothing listens there yet.

    One in the place of another leaves no socket behind, and each later picture would start a process of its own.
    """
    assert not is_listening(settings.DECODER_SOCKET), "use the fixture `decoder`, or a socket of the test's own"
    process = subprocess.Popen(build_decoder(), cwd=CHECKOUT)
    try:
        wait_for_decoder(settings.DECODER_SOCKET)
        yield process
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def is_listening(path: Path) -> bool:
    """Return whether a decoder accepts connections on the socket `path`."""
    with suppress(OSError), connect(path):
        return True
    return False


def wait_for_decoder(path: Path) -> None:
    """Return once a decoder listens on the socket `path`, and the child that this started has ended."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), connect(path) as connection:
            connection.settimeout(START_SECONDS)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1024):
                pass
            return
        time.sleep(0.02)
    raise AssertionError("the decoder didn't start")
