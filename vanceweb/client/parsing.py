"""From the bytes of a JSON answer to values, or to the error that the service meant."""

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
# A sentence for a person; more than this is a dump.
_LONGEST_MESSAGE = 500
_ID = re.compile(r"[0-9a-f]{32}")
_WHOLE = re.compile(r"[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?")


class ResponseData:
    """The members of a JSON object, each taken as the type that the contract gives it. Whatever is missing or
    has another type raises `InvalidResponse` naming the member and what was due, never its value."""

    def __init__(self, values: Mapping[str, object], *, request: str, place: str) -> None:
        self._values = values
        self._request = request
        self._place = place

    def _build_error(self, key: str, due: str) -> InvalidResponse:
        state = "is missing" if self._values.get(key) is None else "is something else"
        return InvalidResponse(
            f"The service's answer was not understood: {self._place}{key} should be {due} and {state}.",
            self._request,
        )

    def has(self, key: str) -> bool:
        """Whether the member is there and not null."""
        return self._values.get(key) is not None

    def get_text(self, key: str) -> str:
        """A string, which may be empty."""
        value = self._values.get(key)
        if not isinstance(value, str):
            raise self._build_error(key, "a text")
        return value

    def get_id(self, key: str) -> str:
        """32 lower-case hex characters."""
        value = self._values.get(key)
        if not isinstance(value, str) or not _ID.fullmatch(value):
            raise self._build_error(key, "an id of 32 hex characters")
        return value

    def get_int(self, key: str, *, least: int = 0) -> int:
        """A whole number, given as a number or as a string of digits (the API does both)."""
        value = self._values.get(key)
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._build_error(key, f"a whole number of at least {least}")
        return value

    def get_decimal(self, key: str) -> Decimal:
        """A number, given as such or as a string; exact either way."""
        value = self._values.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal) or not _NUMBER.fullmatch(str(value)):
            raise self._build_error(key, "a number")
        return Decimal(value)

    def get_percent(self, key: str) -> float:
        """A number from 0 to 100."""
        number = float(self.get_decimal(key))
        if not 0 <= number <= 100:
            raise self._build_error(key, "0 to 100")
        return number

    def get_datetime(self, key: str) -> datetime:
        """A naive date and time, ``2021-12-14 04:36:18``."""
        with suppress(ValueError):
            return datetime.strptime(self.get_text(key), "%Y-%m-%d %H:%M:%S")
        raise self._build_error(key, "a date and time like 2021-12-14 04:36:18")

    def get_status(self, key: str) -> Status:
        """One of the contract's states."""
        value = self.get_text(key)
        if value not in set(Status):
            raise self._build_error(key, f"one of {', '.join(Status)}")
        return Status(value)

    def get_objects(self, key: str) -> tuple[ResponseData, ...]:
        """A list of objects."""
        value = self._values.get(key)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._build_error(key, "a list of objects")
        return tuple(
            ResponseData(item, request=self._request, place=f"{self._place}{key}[{number}].")
            for number, item in enumerate(value)
        )


def parse_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in `body`, numbers with a point as Decimal; None when it is anything else."""
    try:
        value = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def flatten_message(msg: object) -> str:
    """`msg` of an error as one line: a text, or the texts of ``{"field": ["message", …]}`` joined."""
    texts: list[str] = []
    if isinstance(msg, str):
        texts = [msg]
    elif isinstance(msg, dict):
        for value in msg.values():
            texts += [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
    line = " ".join(" ".join(texts).split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"


def extract_data(
    answer: Mapping[str, object], http_status: int, *, request: str, hide: Callable[[str], str]
) -> ResponseData:
    """The `data` of a successful answer. Raises the error of its code for any other; `hide` takes the token out
    of what the service says. The HTTP status alone decides nothing, but a success under an error status is none."""
    envelope = ResponseData(answer, request=request, place="")
    code = envelope.get_int("code")
    if code != SUCCESS:
        raise build_refusal(code, hide(flatten_message(answer.get("msg"))), request)
    if not 200 <= http_status < 300:
        raise InvalidResponse(
            f"The service's answer was not understood: it says success under HTTP status {http_status}.", request
        )
    data = answer.get("data")
    if not isinstance(data, dict):
        raise InvalidResponse("The service's answer was not understood: data should be an object.", request)
    return ResponseData(data, request=request, place="data.")


def parse_upload(data: ResponseData) -> UploadedImage:
    """`/upload`."""
    return UploadedImage(
        uid=data.get_id("uid"),
        name=data.get_text("name"),
        thumbnail=data.get_text("thumbnail"),
        width=data.get_int("w", least=1),
        height=data.get_int("h", least=1),
        filesize=data.get_int("filesize", least=1),
    )


def parse_transform(data: ResponseData) -> StartedJob:
    """`/transform`."""
    return StartedJob(trans_id=data.get_id("trans_id"), status=data.get_status("status"))


def parse_progress(data: ResponseData) -> JobProgress:
    """`/progress`, with what the bundled engine adds."""
    status = data.get_status("status")
    return JobProgress(
        status=status,
        filesize=data.get_int("filesize") if data.has("filesize") else None,
        percent=data.get_percent("percent") if data.has("percent") else None,
        backend=data.get_text("backend") if data.has("backend") else None,
        message=flatten_message(data.get_text("msg")) if data.has("msg") else None,
    )


def parse_balance(data: ResponseData) -> Balance:
    """`/point`."""
    return Balance(granted=data.get_decimal("max_num"), used=data.get_decimal("used_num"))


def parse_history(data: ResponseData) -> HistoryPage:
    """`/points/record`."""
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
    """`/cancel`, an extension of the bundled engine: the state the job is left in."""
    return data.get_status("status")
