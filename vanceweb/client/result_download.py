"""Checks and storage of the image that `/download` returns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from email.message import Message
from itertools import chain
from typing import BinaryIO, Literal

import requests

from vanceweb.client.bounds import LONGEST_NAME
from vanceweb.client.cleaning import clean_text
from vanceweb.client.errors import InvalidResponse, ServiceUnreachable
from vanceweb.client.responses import DownloadedImage
from vanceweb.client.transport import APICall
from vanceweb.lib.file_names import clean_file_name

_SIGNATURES: dict[bytes, Literal["jpg", "png"]] = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}
_END_MARKERS = {"jpg": b"\xff\xd9", "png": b"IEND\xaeB`\x82"}
HEAD_BYTES = 8
# Digits of a Content-Length: a longer one is none.
LONGEST_LENGTH = 18
EXTENDED_FILE_NAME = "filename*="
PLAIN_FILE_NAME = re.compile(r';\s*filename\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.I)


def detect_format(start: bytes) -> Literal["jpg", "png"] | None:
    """Return the image format of a file with these first bytes (JPEG: SOI and a marker; PNG: its signature)."""
    return next((kind for signature, kind in _SIGNATURES.items() if start.startswith(signature)), None)


def is_json(response: requests.Response, start: bytes) -> bool:
    """Return whether the response is declared as JSON or looks like it."""
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
    """Write `start` and `rest` to `target` and check that the image is complete.

    The format is taken from the bytes, since some servers call every file text/html. Raises `InvalidResponse` if the
    file is neither JPG nor PNG or is longer than `max_bytes`, and `ServiceUnreachable` if the download broke off.
    """
    kind = detect_format(start)
    if kind is None or not 200 <= response.status_code < 300:
        raise InvalidResponse(
            f"The service's answer was not understood: HTTP status {response.status_code} "
            f"with {'an image' if kind else 'a file that is neither JPG nor PNG'}.",
            call.label,
        )
    size, end = 0, b""
    for chunk in chain((start,), rest):
        size += len(chunk)
        if size > max_bytes:
            raise InvalidResponse(f"The result is larger than {max_bytes} bytes.", call.label)
        target.write(chunk)
        end = (end + chunk)[-16:]
    if not _is_complete(response, size, end, _END_MARKERS[kind]):
        raise ServiceUnreachable("The download broke off before the image was complete.", call.label)
    target.flush()
    return DownloadedImage(filesize=size, format=kind, name=_choose_name(response) or f"{fallback_name}.{kind}")


def _is_complete(response: requests.Response, size: int, end: bytes, end_marker: bytes) -> bool:
    """Return whether all of the body came: by its length or last chunk, or else by the format's end marker."""
    length = response.headers.get("Content-Length", "")
    if "Content-Encoding" not in response.headers and length.isdecimal() and len(length) <= LONGEST_LENGTH:
        return size == int(length)
    if "chunked" in response.headers.get("Transfer-Encoding", "").lower():
        return True
    return end.endswith(end_marker)


def _choose_name(response: requests.Response) -> str:
    """Return the file name that the service suggests, cleaned and bounded, or an empty string if it can't be read."""
    try:
        return clean_text(_read_file_name(response))[:LONGEST_NAME]
    except (ValueError, LookupError, TypeError):
        # The standard library's parser of headers fails on some that break their grammar.
        return ""


def _read_file_name(response: requests.Response) -> str:
    """Return the file name in Content-Disposition (RFC 6266: `filename*` before `filename`), or an empty string."""
    value = response.headers.get("Content-Disposition", "")
    header = Message()
    # Beside a `filename*`, an ASCII spelling is for old clients.
    header["Content-Disposition"] = PLAIN_FILE_NAME.sub("", value) if EXTENDED_FILE_NAME in value.lower() else value
    name = header.get_filename() or ""
    with suppress(UnicodeError):
        # Some servers send UTF-8 unencoded, and HTTP headers are read as ISO 8859-1.
        name = name.encode("iso-8859-1").decode()
    return clean_file_name(name, fallback="")
