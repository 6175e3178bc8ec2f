"""The messages between the decoder and its clients, over a UNIX stream socket. Each connection carries one request.

The client sends a JSON object with the picture's file descriptor. The decoder sends one byte once a child works on it,
then a JSON object followed by the bytes of the files it names, and closes the connection.
"""

import json
import os
import socket
import time
from dataclasses import dataclass, field
from typing import Any

STARTED = b"+"
LENGTH_BYTES = 4
# A request has a few names and numbers, an answer a few facts.
MAX_MESSAGE_BYTES = 16 * 1024
# Two thumbnails have less than a megabyte.
MAX_FILES_BYTES = 32 * 1024 * 1024
BLOCK_BYTES = 64 * 1024

# Outcomes of a request.
OK = "ok"
DAMAGED = "damaged"
TOO_LONG = "time"
TOO_LARGE = "memory"
INTERRUPTED = "interrupted"


class ProtocolError(Exception):
    """The other side closed the connection early or sent something else than the protocol says."""


@dataclass(frozen=True)
class Answer:
    """The outcome of a request, with facts about the picture and files by name."""

    outcome: str
    facts: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


def send_request(connection: socket.socket, request: dict[str, Any], descriptor: int) -> None:
    """Send the request with a file descriptor. Raise OSError."""
    message = _encode(request)
    sent = socket.send_fds(connection, [message], [descriptor])
    # Sending nothing would fail if the decoder has already answered and gone.
    if rest := message[sent:]:
        connection.sendall(rest)


def receive_request(connection: socket.socket) -> tuple[dict[str, Any], int]:
    """Return the request and the descriptor, which the caller closes. Raise ProtocolError or OSError."""
    content, descriptors, _flags, _address = socket.recv_fds(connection, BLOCK_BYTES, 1)
    if len(descriptors) != 1:
        raise ProtocolError("a request comes with one file descriptor")
    try:
        while len(content) < LENGTH_BYTES or len(content) < LENGTH_BYTES + _read_length(content):
            content += _receive(connection)
        return _parse(content[LENGTH_BYTES : LENGTH_BYTES + _read_length(content)]), descriptors[0]
    except BaseException:
        os.close(descriptors[0])
        raise


def encode_answer(answer: Answer) -> bytes:
    """Return the message of an answer."""
    sizes = {name: len(content) for name, content in answer.files.items()}
    head = _encode({"outcome": answer.outcome, "facts": answer.facts, "sizes": sizes})
    return head + b"".join(answer.files.values())


def receive_start(connection: socket.socket, seconds: float) -> None:
    """Wait until a child works on the request. Raise ProtocolError or OSError (TimeoutError after `seconds`)."""
    connection.settimeout(seconds)
    if connection.recv(len(STARTED)) != STARTED:
        raise ProtocolError("the decoder didn't accept the request")


def receive_answer(connection: socket.socket, seconds: float) -> Answer:
    """Read the answer until the end of the stream. Raise ProtocolError or OSError (TimeoutError after `seconds`)."""
    deadline = time.monotonic() + seconds
    content = bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        block = connection.recv(BLOCK_BYTES)
        if not block:
            return _parse_answer(bytes(content))
        content += block
        if len(content) > MAX_MESSAGE_BYTES + MAX_FILES_BYTES:
            raise ProtocolError("the answer is too long")


def _parse_answer(content: bytes) -> Answer:
    end = LENGTH_BYTES + _read_length(content)
    if len(content) < end:
        raise ProtocolError("the answer is incomplete")
    head = _parse(content[LENGTH_BYTES:end])
    files = {}
    for name, size in head.get("sizes", {}).items():
        files[name] = content[end : end + size]
        end += size
    if end != len(content):
        raise ProtocolError("the answer is incomplete")
    return Answer(head.get("outcome", ""), head.get("facts", {}), files)


def _encode(message: dict[str, Any]) -> bytes:
    content = json.dumps(message).encode()
    return len(content).to_bytes(LENGTH_BYTES, "big") + content


def _read_length(content: bytes) -> int:
    """Return the length of a message, bytes. Raise ProtocolError if it is missing or no message is so long."""
    length = int.from_bytes(content[:LENGTH_BYTES], "big")
    if len(content) < LENGTH_BYTES or length > MAX_MESSAGE_BYTES:
        raise ProtocolError("not a message of the decoder")
    return length


def _parse(content: bytes) -> dict[str, Any]:
    try:
        message = json.loads(content)
    except ValueError:
        raise ProtocolError("not a message of the decoder") from None
    if not isinstance(message, dict):
        raise ProtocolError("not a message of the decoder")
    return message


def _receive(connection: socket.socket) -> bytes:
    content = connection.recv(BLOCK_BYTES)
    if not content:
        raise ProtocolError("the connection was closed early")
    return content
