"""Conversion of a JSON response's bytes into values or into the error it reports."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

from vanceweb.client.errors import InvalidResponse, build_refusal
from vanceweb.client.responses import Balance, HistoryPage, HistoryRow, JobProgress, StartedJob, Status, UploadedImage

SUCCESS = 200
# A sentence for people; anything longer is a dump.
_LONGEST_MESSAGE = 500
_ID = re.compile(r"[0-9a-f]{32}")
_WHOLE = re.compile(r"[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?")


class ResponseData:
    """The members of a JSON object, read as the types of the API's contract. A member that is missing or of another
    type raises `InvalidResponse`, which names the member and the expected type but never the value."""

    def __init__(self, values: Mapping[str, object], *, request: str, place: str) -> None:
        self._values = values
        self._request = request
        self._place = place

    def _build_error(self, key: str, expected: str) -> InvalidResponse:
        state = "is missing" if self._values.get(key) is None else "is something else"
        return InvalidResponse(
            f"The service's answer was not understood: {self._place}{key} should be {expected} but {state}.",
            self._request,
        )

    def has(self, key: str) -> bool:
        """Return whether the member exists and isn't null."""
        return self._values.get(key) is not None

    def get_text(self, key: str) -> str:
        """Return a string, which may be empty."""
        value = self._values.get(key)
        if not isinstance(value, str):
            raise self._build_error(key, "a string")
        return value

    def get_id(self, key: str) -> str:
        """Return an id: 32 lower-case hex characters."""
        value = self._values.get(key)
        if not isinstance(value, str) or not _ID.fullmatch(value):
            raise self._build_error(key, "an id of 32 hex characters")
        return value

    def get_int(self, key: str, *, least: int = 0) -> int:
        """Return a whole number, given as a number or as a string of digits (the API does both)."""
        value = self._values.get(key)
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._build_error(key, f"a whole number of at least {least}")
        return value

    def get_decimal(self, key: str) -> Decimal:
        """Return an exact number, given as a number or as a string."""
        value = self._values.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal) or not _NUMBER.fullmatch(str(value)):
            raise self._build_error(key, "a number")
        return Decimal(value)

    def get_percent(self, key: str) -> float:
        """Return a number from 0 to 100."""
        number = float(self.get_decimal(key))
        if not 0 <= number <= 100:
            raise self._build_error(key, "a number from 0 to 100")
        return number

    def get_seconds(self, key: str) -> float:
        """Return a number of seconds, not negative."""
        number = float(self.get_decimal(key))
        if number < 0:
            raise self._build_error(key, "a number of seconds")
        return number

    def get_datetime(self, key: str) -> datetime:
        """Return a naive date and time, such as ``2021-12-14 04:36:18``."""
        with suppress(ValueError):
            return datetime.strptime(self.get_text(key), "%Y-%m-%d %H:%M:%S")
        raise self._build_error(key, "a date and time like 2021-12-14 04:36:18")

    def get_status(self, key: str) -> Status:
        """Return one of the contract's states."""
        value = self.get_text(key)
        if value not in set(Status):
            raise self._build_error(key, f"one of {', '.join(Status)}")
        return Status(value)

    def get_objects(self, key: str) -> tuple[ResponseData, ...]:
        """Return a list of objects."""
        value = self._values.get(key)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._build_error(key, "a list of objects")
        return tuple(
            ResponseData(item, request=self._request, place=f"{self._place}{key}[{number}].")
            for number, item in enumerate(value)
        )


def parse_object(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in `body`, with fractions as Decimal, or None if it is anything else."""
    try:
        value = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def flatten_message(msg: object) -> str:
    """Return an error's `msg` as one line: a string, or the joined strings of ``{"field": ["message", …]}``."""
    texts: list[str] = []
    if isinstance(msg, str):
        texts = [msg]
    elif isinstance(msg, dict):
        for value in msg.values():
            texts += [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
    line = " ".join(" ".join(texts).split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"


def extract_data(
    body: Mapping[str, object], http_status: int, *, request: str, hide: Callable[[str], str]
) -> ResponseData:
    """Return the `data` of a successful response, or raise the error for its code. `hide` removes the token from the
    service's message. The HTTP status alone decides nothing, but success under an error status raises too."""
    envelope = ResponseData(body, request=request, place="")
    code = envelope.get_int("code")
    if code != SUCCESS:
        raise build_refusal(code, hide(flatten_message(body.get("msg"))), request)
    if not 200 <= http_status < 300:
        raise InvalidResponse(
            f"The service's answer was not understood: it reports success under HTTP status {http_status}.", request
        )
    data = body.get("data")
    if not isinstance(data, dict):
        raise InvalidResponse("The service's answer was not understood: data should be an object.", request)
    return ResponseData(data, request=request, place="data.")


def parse_upload(data: ResponseData) -> UploadedImage:
    """Return the values of an `/upload` response."""
    return UploadedImage(
        uid=data.get_id("uid"),
        name=data.get_text("name"),
        thumbnail=data.get_text("thumbnail"),
        width=data.get_int("w", least=1),
        height=data.get_int("h", least=1),
        filesize=data.get_int("filesize", least=1),
    )


def parse_transform(data: ResponseData) -> StartedJob:
    """Return the values of a `/transform` response."""
    return StartedJob(trans_id=data.get_id("trans_id"), status=data.get_status("status"))


def parse_progress(data: ResponseData) -> JobProgress:
    """Return the values of a `/progress` response, including the bundled engine's extensions."""
    status = data.get_status("status")
    return JobProgress(
        status=status,
        filesize=data.get_int("filesize") if data.has("filesize") else None,
        percent=data.get_percent("percent") if data.has("percent") else None,
        backend=data.get_text("backend") if data.has("backend") else None,
        version=data.get_text("version") if data.has("version") else None,
        message=flatten_message(data.get_text("msg")) if data.has("msg") else None,
        seconds=data.get_seconds("seconds") if data.has("seconds") else None,
    )


def parse_balance(data: ResponseData) -> Balance:
    """Return the values of a `/point` response."""
    return Balance(granted=data.get_decimal("max_num"), used=data.get_decimal("used_num"))


def parse_history(data: ResponseData) -> HistoryPage:
    """Return the values of a `/points/record` response."""
    rows = tuple(
        HistoryRow(
            point_type=row.get_text("point_type"),
            job=row.get_text("job"),
            info=row.get_text("info"),
            points=row.get_decimal("point"),
            balance=row.get_decimal("balance"),
            created_at=row.get_datetime("created_at"),
        )
        for row in data.get_objects("datas")
    )
    return HistoryPage(
        rows=rows,
        page=data.get_int("current_page", least=1),
        last_page=data.get_int("last_page"),
        per_page=data.get_int("per_page", least=1),
        total=data.get_int("total"),
    )


def parse_cancel(data: ResponseData) -> Status:
    """Return the job's state after `/cancel`, an extension of the bundled engine."""
    return data.get_status("status")
