"""The child that decodes one picture under limits and answers the client."""

import io
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO, cast

from vanceweb.lib.decoder.conversion import convert_picture
from vanceweb.lib.decoder.conversion_limits import CONVERTED, ConversionLimits
from vanceweb.lib.decoder.limits import DecoderLimits, confine_process, grant_for_pixels, refuse_processes
from vanceweb.lib.decoder.protocol import (
    DAMAGED,
    OK,
    STARTED,
    TOO_LARGE,
    Answer,
    ProtocolError,
    encode_answer,
    receive_request,
)
from vanceweb.lib.decoder.rendering import Damaged, GrantMemory, decode_picture, render_thumbnails

# A client sends its request right after the connection; its answer fits into the socket's buffer, or nearly.
EXCHANGE_SECONDS = 10.0
READ_BUFFER_BYTES = 64 * 1024
# Formats, by Pillow's names, whose library always works in a thread of its own (libde265).
THREADED_FORMATS = frozenset({"HEIF"})


def serve_request(connection: socket.socket, limits: DecoderLimits) -> None:
    """Read the request, work on it under `limits` and send the answer. Raise ProtocolError or OSError."""
    confine_process(limits)
    connection.settimeout(EXCHANGE_SECONDS)
    connection.sendall(STARTED)
    request, descriptor = receive_request(connection)
    if not _is_threaded(request):
        refuse_processes()
    grant = partial(grant_for_pixels, limits=limits)
    connection.sendall(encode_answer(_run_action(request, descriptor, grant)))


def _is_threaded(request: dict[str, Any]) -> bool:
    """Return whether the decoder of the format starts a thread, which counts as a process."""
    options = request.get("options")
    return isinstance(options, dict) and options.get("format") in THREADED_FORMATS


def _run_action(request: dict[str, Any], descriptor: int, grant: GrantMemory) -> Answer:
    try:
        action, options = ACTIONS[request["action"]], dict(request["options"])
    except (KeyError, TypeError, ValueError):
        raise ProtocolError("an unknown request") from None
    try:
        with DescriptorReader(descriptor) as raw:
            return action(cast(BinaryIO, io.BufferedReader(raw, READ_BUFFER_BYTES)), options | {"grant": grant})
    except Damaged:
        return Answer(DAMAGED)
    except MemoryError:
        return Answer(TOO_LARGE)


def _check(file: BinaryIO, options: dict[str, Any]) -> Answer:
    return Answer(OK, facts=decode_picture(file, **options))


def _render(file: BinaryIO, options: dict[str, Any]) -> Answer:
    return Answer(OK, files=render_thumbnails(file, **options))


def _convert(file: BinaryIO, options: dict[str, Any]) -> Answer:
    facts, content = convert_picture(
        file, format=options["format"], limits=ConversionLimits(**options["limits"]), grant=options["grant"]
    )
    return Answer(OK, facts=facts, files={CONVERTED: content} if content else {})


ACTIONS: dict[str, Callable[[BinaryIO, dict[str, Any]], Answer]] = {
    "check": _check,
    "render": _render,
    "convert": _convert,
}


class DescriptorReader(io.RawIOBase):
    """Reads a descriptor at a position of its own: the client, which shares the descriptor's, keeps its position."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origins = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: os.fstat(self._descriptor).st_size}
        self._position = max(0, origins[whence] + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        content = os.pread(self._descriptor, len(buffer), self._position)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()
