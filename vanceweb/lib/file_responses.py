"""Responses with a stored file: whole or in part, unchanged since the last time, or handed over to a proxy."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import Storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from vanceweb.lib.byte_ranges import ByteRange, RangeNotSatisfiable, parse_range
from vanceweb.lib.stored_files import SEND_BLOCK, open_stored

# Types that no browser runs anything from. Whatever else is sent, a browser only saves.
SHOWN_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
# Sent with every stored file, whatever it contains. No browser guesses a type from a stranger's bytes, and even one
# that took them for a page would run nothing, load nothing and be at no origin. Browsers centre a picture by inline
# styles.
FILE_PROTECTIONS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}


def add_file_protections(response: HttpResponseBase) -> None:
    """Set the headers with which a stored file is sent, whatever it contains."""
    for name, value in FILE_PROTECTIONS.items():
        response.headers[name] = value


@runtime_checkable
class SigningStorage(Protocol):
    """A storage behind a service that gives a file to anybody with a signed path."""

    def sign_path(self, name: str, *, content_type: str) -> str: ...


@dataclass(frozen=True)
class SentFile:
    """A file of a storage, and the headers to send with it.

    `etag` is a strong validator with its quotes: it changes when a byte changes. `name` is the file's name for people.
    """

    storage: Storage
    path: str
    etag: str
    content_type: str
    name: str
    cache_control: str
    as_attachment: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for a file of a type that isn't safe to show."""
        if not self.as_attachment and self.content_type not in SHOWN_TYPES:
            raise ValueError(f"A file of the type {self.content_type} must be an attachment.")

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every successful response."""
        return {
            "Content-Type": self.content_type,
            "Content-Disposition": content_disposition_header(self.as_attachment, self.name) or "inline",
            "Cache-Control": self.cache_control,
            "ETag": self.etag,
            **FILE_PROTECTIONS,
        }


def build_file_response(request: HttpRequest, file: SentFile) -> HttpResponseBase:
    """Answer a GET or HEAD request for the file, which the caller has permitted. Raise FileNotFoundError.

    If the settings name a proxy, it sends the bytes. Otherwise they are streamed from here, a single range (RFC 9110)
    on its own.
    """
    answer = get_conditional_response(request, etag=file.etag, response=HttpResponse(headers=file.headers))
    if answer is not None and answer.status_code != 200:
        # A browser may take over the headers into the copy that it has.
        add_file_protections(answer)
        return answer
    size = file.storage.size(file.path)
    if request.method == "HEAD":
        return HttpResponse(headers={**file.headers, "Accept-Ranges": "bytes", "Content-Length": str(size)})
    has_changed = request.headers.get("If-Range", file.etag) != file.etag
    # The proxy can't compare our ETag with that of the storage: it gets no request for parts of something else.
    if settings.X_ACCEL_LOCATION and not has_changed:
        return HttpResponse(headers={**file.headers, "X-Accel-Redirect": _build_proxy_path(file)})
    try:
        part = None if has_changed else parse_range(request.headers.get("Range", ""), size)
    except RangeNotSatisfiable:
        return HttpResponse(
            status=416,
            headers={
                "Content-Range": f"bytes */{size}",
                "Accept-Ranges": "bytes",
                "Cache-Control": "no-store",
                **FILE_PROTECTIONS,
            },
        )
    return _stream_file(file, size, part)


def _stream_file(file: SentFile, size: int, part: ByteRange | None) -> FileResponse:
    response = FileResponse(
        open_stored(file.storage, file.path, part),
        status=206 if part else 200,
        as_attachment=file.as_attachment,
        filename=file.name,
        headers=_build_stream_headers(file, size, part),
    )
    response.block_size = SEND_BLOCK
    return response


def _build_stream_headers(file: SentFile, size: int, part: ByteRange | None) -> dict[str, Any]:
    headers = {**file.headers, "Accept-Ranges": "bytes", "Content-Length": str(part.count if part else size)}
    if part:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    return headers


def _build_proxy_path(file: SentFile) -> str:
    if isinstance(file.storage, SigningStorage):
        path = file.storage.sign_path(file.path, content_type=file.content_type).removeprefix("/")
    else:
        path = quote(file.path)
    return f"{settings.X_ACCEL_LOCATION}{path}"
