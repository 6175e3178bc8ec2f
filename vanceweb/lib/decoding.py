"""The client of the decoder: untrusted pictures are never decoded in the calling process.

Where no decoder runs (a command in the shell), a temporary one decodes the one picture, with the same limits.
"""

import logging
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

import vanceweb
from vanceweb.lib.decoder.addresses import connect
from vanceweb.lib.decoder.limits import MEGABYTE, DecoderLimits
from vanceweb.lib.decoder.protocol import (
    DAMAGED,
    OK,
    TOO_LARGE,
    TOO_LONG,
    Answer,
    ProtocolError,
    receive_answer,
    receive_start,
    send_request,
)
from vanceweb.lib.image_refusals import ImageRefused, ImageTooCostly, NotAnImage

# Between two attempts to get a place in a full queue.
QUEUE_PAUSE_SECONDS = 0.05
# The decoder's own time limit comes first; this is for its answer.
ANSWER_SECONDS = 10.0
# Temporary decoders of one process at a time.
MAX_TEMPORARY = 2
CHECKOUT = Path(vanceweb.__path__[0]).parent

REFUSALS: dict[str, tuple[type[ImageRefused], Promise]] = {
    DAMAGED: (NotAnImage, _("The image is damaged or incomplete.")),
    TOO_LONG: (ImageTooCostly, _("The picture takes too long to decode.")),
    TOO_LARGE: (ImageTooCostly, _("The picture takes too much memory to decode.")),
}
BUSY = _("Too many pictures are being checked at the moment. Try again in a minute.")
BROKEN_OFF = _("The check of the picture was interrupted. Try again in a minute.")
logger = logging.getLogger(__name__)
_temporary_places = threading.BoundedSemaphore(MAX_TEMPORARY)


class DecoderUnavailable(Exception):
    """The picture couldn't be decoded now; nothing is known about it. The message is a sentence for the user."""


class DecodingInterrupted(DecoderUnavailable):
    """The decoder ended, or ran out of wall-clock time, while it worked on the picture, perhaps because of it."""


def check_pixels(file: BinaryIO, *, formats: Collection[str]) -> dict[str, Any]:
    """Decode the picture, and return its `format`, `mode`, and `width` and `height` as stored, px.

    Leave `file` at its start. Raise NotAnImage if it is damaged, ImageTooCostly or DecoderUnavailable.
    """
    return request_decoding(file, "check", {"formats": list(formats)}).facts


def render_thumbnails(
    file: BinaryIO, *, sides: Mapping[str, int], formats: Collection[str], quality: int
) -> dict[str, bytes]:
    """Return WebP files by name: the picture, upright, in 8-bit sRGB, fitted into a square of each side in px.

    Leave `file` at its start. Raise NotAnImage if it is damaged, ImageTooCostly or DecoderUnavailable.
    """
    options = {"sides": dict(sides), "formats": list(formats), "quality": quality}
    return request_decoding(file, "render", options).files


def build_decoder_command(*arguments: str) -> list[str]:
    """Return the command line of a decoder with the limits of the settings. It needs the checkout in its path."""
    limits = {
        "--seconds": settings.DECODER_SECONDS,
        "--megabytes": settings.DECODER_MEMORY_MB,
        "--wall-factor": settings.DECODER_WALL_FACTOR,
    }
    pairs = [str(part) for pair in limits.items() for part in pair]
    return [sys.executable, "-m", "vanceweb.lib.decoder", *pairs, *arguments]


def request_decoding(file: BinaryIO, action: str, options: dict[str, Any]) -> Answer:
    """Return the answer about the picture; leave `file` at its start. Raise ImageRefused or DecoderUnavailable."""
    request = {"action": action, "options": options}
    with _open_descriptor(file) as descriptor, ExitStack() as stack:
        connection = _start_request(stack, request, descriptor)
        try:
            answer = receive_answer(connection, _compute_wall_seconds() + ANSWER_SECONDS)
        except (OSError, ProtocolError):
            raise DecodingInterrupted(str(BROKEN_OFF)) from None
    file.seek(0)
    if answer.outcome in REFUSALS:
        error, sentence = REFUSALS[answer.outcome]
        raise error(str(sentence))
    if answer.outcome != OK:
        raise DecodingInterrupted(str(BROKEN_OFF))
    return answer


def _start_request(stack: ExitStack, request: dict[str, Any], descriptor: int) -> socket.socket:
    """Send the request until a child works on it, and return the connection, which `stack` closes.

    A decoder that ends, or can't start a child, drops the requests that wait. Raise DecoderUnavailable.
    """
    deadline = time.monotonic() + settings.DECODER_QUEUE_SECONDS
    while True:
        connection = stack.enter_context(_open_connection())
        try:
            send_request(connection, request, descriptor)
            receive_start(connection, max(QUEUE_PAUSE_SECONDS, deadline - time.monotonic()))
        except (OSError, ProtocolError) as error:
            stack.close()
            if time.monotonic() > deadline:
                raise DecoderUnavailable(str(BUSY)) from None
            logger.warning("The decoder dropped a request, which is sent again: %r", error)
            time.sleep(QUEUE_PAUSE_SECONDS)
        else:
            return connection


def _compute_wall_seconds() -> float:
    memory = settings.DECODER_MEMORY_MB * MEGABYTE
    return DecoderLimits(settings.DECODER_SECONDS, memory, settings.DECODER_WALL_FACTOR).wall_seconds


@contextmanager
def _open_descriptor(file: BinaryIO) -> Iterator[int]:
    """Yield a file descriptor with the file's content: its own, or that of a temporary copy."""
    try:
        descriptor = file.fileno()
    except (OSError, AttributeError):
        descriptor = None
    if descriptor is not None:
        # What was written last may still be in this process.
        file.flush()
        yield descriptor
        return
    with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy)
        copy.flush()
        yield copy.fileno()


@contextmanager
def _open_connection() -> Iterator[socket.socket]:
    """Yield a connection to the decoder of this machine, or to a temporary one. Raise DecoderUnavailable."""
    deadline = time.monotonic() + settings.DECODER_QUEUE_SECONDS
    while True:
        try:
            connection = connect(settings.DECODER_SOCKET)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise DecoderUnavailable(str(BUSY)) from None
            time.sleep(QUEUE_PAUSE_SECONDS)
        except (FileNotFoundError, ConnectionRefusedError):
            break
        else:
            with connection:
                yield connection
            return
    with _start_temporary_decoder() as connection:
        yield connection


@contextmanager
def _start_temporary_decoder() -> Iterator[socket.socket]:
    """Yield a connection to a decoder that ends with it. Raise DecoderUnavailable."""
    if not _temporary_places.acquire(timeout=settings.DECODER_QUEUE_SECONDS):
        raise DecoderUnavailable(str(BUSY))
    try:
        ours, theirs = socket.socketpair()
        with theirs:
            process = _start_process(theirs.fileno())
        try:
            with ours:
                yield ours
        finally:
            process.wait()
    finally:
        _temporary_places.release()


def _start_process(connection: int) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(  # noqa: S603 - our own program
            build_decoder_command("--connection", str(connection)),
            stdin=subprocess.DEVNULL,
            cwd=CHECKOUT,
            pass_fds=(connection,),
            # Ctrl-C in the shell reaches the command only, which then closes the connection.
            start_new_session=True,
        )
    except OSError:
        raise DecoderUnavailable(str(BUSY)) from None
