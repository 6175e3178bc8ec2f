"""Saving the picture that `/download` answers, and making sure that it is one."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from itertools import chain
from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO, Literal

import requests

from vanceweb.client.errors import InvalidResponse, ServiceUnreachable
from vanceweb.client.responses import DownloadedImage
from vanceweb.client.transport import APICall

_MAGIC: dict[bytes, Literal["jpg", "png"]] = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}
_ENDS = {"jpg": b"\xff\xd9", "png": b"IEND\xaeB`\x82"}
HEAD_BYTES = 8


def detect_format(start: bytes) -> Literal["jpg", "png"] | None:
    """What a file that begins like this is (JPEG: SOI and a marker; PNG: its signature)."""
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)


def is_json(response: requests.Response, start: bytes) -> bool:
    """Whether the answer calls itself JSON or looks like it."""
    return "json" in response.headers.get("Content-Type", "").lower() or start.lstrip()[:1] == b"{"


def save_picture(
    response: requests.Response,
    start: bytes,
    rest: Iterator[bytes],
    target: BinaryIO,
    *,
    call: APICall,
    max_bytes: int,
    fallback_name: str,
) -> DownloadedImage:
    """Write `start` and `rest` to `target` and check that it was whole.

    The bytes decide what it is: some servers call every file text/html. Raises `InvalidResponse` when it is
    neither JPG nor PNG or longer than `max_bytes`, `ServiceUnreachable` when it broke off.
    """
    kind = detect_format(start)
    if kind is None or not 200 <= response.status_code < 300:
        raise InvalidResponse(
            f"The service's answer was not understood: HTTP status {response.status_code}, "
            f"and what came is {'a picture' if kind else 'neither JPG nor PNG'}.",
            call.label,
        )
    size, end = 0, b""
    for chunk in chain((start,), rest):
        size += len(chunk)
        if size > max_bytes:
            raise InvalidResponse(f"The result is larger than {max_bytes} bytes.", call.label)
        target.write(chunk)
        end = (end + chunk)[-16:]
    if not _is_complete(response, size, end, _ENDS[kind]):
        raise ServiceUnreachable("The download broke off before the picture was complete.", call.label)
    target.flush()
    return DownloadedImage(filesize=size, format=kind, name=_read_file_name(response) or f"{fallback_name}.{kind}")


def _is_complete(response: requests.Response, size: int, end: bytes, mark: bytes) -> bool:
    """By the announced length or the last chunk; where neither was sent, by the format's own end."""
    length = response.headers.get("Content-Length", "")
    if "Content-Encoding" not in response.headers and length.isdecimal():
        return size == int(length)
    if "chunked" in response.headers.get("Transfer-Encoding", "").lower():
        return True
    return end.endswith(mark)


def strip_folders(name: str) -> str:
    """A file name without folders of any system; empty when nothing that can be shown is left."""
    bare = PureWindowsPath(PurePosixPath(name).name).name
    return bare if bare.isprintable() and bare.strip(". ") else ""


def _read_file_name(response: requests.Response) -> str:
    """The name in Content-Disposition (RFC 6266)."""
    header = Message()
    header["Content-Disposition"] = response.headers.get("Content-Disposition", "")
    return strip_folders(header.get_filename() or "")
