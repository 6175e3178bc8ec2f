"""Decoding of a request's fields in any of the three supported encodings."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from vanceweb.engine.api.upload_handler import CappedUploadHandler
from vanceweb.engine.errors import Code, EngineError, describe_missing_fields
from vanceweb.lib.images import format_megabytes

FIELD_NAME = re.compile(r"[\w.\[\]-]{1,40}", re.ASCII)
UNNAMED = "body"


@dataclass(frozen=True)
class Fields:
    """The fields and files of a request. An empty field counts as missing."""

    values: dict[str, str]
    files: dict[str, "UploadedFile[Any]"] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        return self.values.get(name) or default

    def require(self, *names: str) -> tuple[str, ...]:
        """Return the values of these fields. Raise EngineError naming all that are missing."""
        missing = [name for name in names if not self.values.get(name)]
        if missing:
            raise EngineError(Code.ILLEGAL_PARAMETER, describe_missing_fields(*missing))
        return tuple(self.values[name] for name in names)


def decode(request: HttpRequest) -> Fields:
    """Return the fields of the query and the body; the body takes precedence. Raise EngineError if they are invalid."""
    files: dict[str, UploadedFile[Any]] = {}
    try:
        values = _read_query(request.GET)
        if request.content_type == "multipart/form-data":
            files = _read_files(request)
        body = _read_json(request.body) if request.content_type == "application/json" else _read_query(request.POST)
    except RequestDataTooBig:
        raise EngineError(Code.LIMIT_EXCEEDED, "The request's fields are too large.") from None
    except (BadRequest, MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        raise EngineError(Code.ILLEGAL_PARAMETER, "The request's body can't be read.") from None
    values |= body
    for name, value in values.items():
        _check_text(name, value)
    return Fields(values, files)


def _read_files(request: HttpRequest) -> dict[str, "UploadedFile[Any]"]:
    limit = settings.UPLOAD_MAX_BYTES
    too_large = EngineError(
        Code.LIMIT_EXCEEDED, f"The file is larger than {format_megabytes(limit)}, which is the limit."
    )
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.ENGINE_UPLOAD_DRAIN_BYTES:
        raise too_large
    handler = CappedUploadHandler(request, limit=limit)
    request.upload_handlers = [handler]
    files = {name: file for name, file in request.FILES.items() if isinstance(file, UploadedFile)}
    if handler.exceeded:
        raise too_large
    return files


def _read_query(data: QueryDict) -> dict[str, str]:
    return {name: str(value) for name, value in data.items()}


def _read_json(body: bytes) -> dict[str, str]:
    try:
        data = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise EngineError(Code.ILLEGAL_PARAMETER, "The request's body is not valid JSON.") from None
    if not isinstance(data, dict):
        raise EngineError(Code.ILLEGAL_PARAMETER, "The request's body must be a JSON object.")
    return {name: _as_text(value) for name, value in data.items() if value is not None}


def _as_text(value: Any) -> str:
    """Convert a JSON value to the text that a form would send; objects (a jconfig) become JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _check_text(name: str, value: str) -> None:
    """Raise EngineError for text that databases reject: NUL characters and lone surrogates."""
    try:
        (name + value).encode()
    except UnicodeEncodeError:
        raise EngineError(Code.ILLEGAL_PARAMETER, "The request contains text that is not valid Unicode.") from None
    if "\x00" in value:
        # A body in another encoding than it says is one long name, with the token in it.
        shown = name if FIELD_NAME.fullmatch(name) else UNNAMED
        raise EngineError(Code.ILLEGAL_PARAMETER, {shown: ["The field must not contain NUL characters."]})
