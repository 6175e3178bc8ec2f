"""From the bytes of a JSON answer to values, or to the error that the service meant."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

from vanceweb.client.answers import Balance, HistoryPage, HistoryRow, Progress, Status, Transformed, Uploaded
from vanceweb.client.errors import AnswerNotUnderstood, refusal

SUCCESS = 200
# A sentence for a person; more than this is a dump.
_LONGEST_MESSAGE = 500
_ID = re.compile(r"[0-9a-f]{32}")
_WHOLE = re.compile(r"[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?")


class Fields:
    """The members of a JSON object, each taken as the type that the contract gives it. Whatever is missing or
    has another type raises `AnswerNotUnderstood` naming the member and what was due, never its value."""

    def __init__(self, values: Mapping[str, object], *, request: str, place: str) -> None:
        self._values = values
        self._request = request
        self._place = place

    def _wrong(self, key: str, due: str) -> AnswerNotUnderstood:
        state = "is missing" if self._values.get(key) is None else "is something else"
        return AnswerNotUnderstood(
            f"The service's answer was not understood: {self._place}{key} should be {due} and {state}.",
            self._request,
        )

    def has(self, key: str) -> bool:
        """Whether the member is there and not null."""
        return self._values.get(key) is not None

    def text(self, key: str) -> str:
        """A string, which may be empty."""
        value = self._values.get(key)
        if not isinstance(value, str):
            raise self._wrong(key, "a text")
        return value

    def identifier(self, key: str) -> str:
        """32 lower-case hex characters."""
        value = self._values.get(key)
        if not isinstance(value, str) or not _ID.fullmatch(value):
            raise self._wrong(key, "an id of 32 hex characters")
        return value

    def whole(self, key: str, *, least: int = 0) -> int:
        """A whole number, given as a number or as a string of digits (the API does both)."""
        value = self._values.get(key)
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._wrong(key, f"a whole number of at least {least}")
        return value

    def decimal(self, key: str) -> Decimal:
        """A number, given as such or as a string; exact either way."""
        value = self._values.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal) or not _NUMBER.fullmatch(str(value)):
            raise self._wrong(key, "a number")
        return Decimal(value)

    def percent(self, key: str) -> float:
        """A number from 0 to 100."""
        number = float(self.decimal(key))
        if not 0 <= number <= 100:
            raise self._wrong(key, "0 to 100")
        return number

    def moment(self, key: str) -> datetime:
        """A naive date and time, ``2021-12-14 04:36:18``."""
        with suppress(ValueError):
            return datetime.strptime(self.text(key), "%Y-%m-%d %H:%M:%S")
        raise self._wrong(key, "a date and time like 2021-12-14 04:36:18")

    def status(self, key: str) -> Status:
        """One of the contract's states."""
        value = self.text(key)
        if value not in set(Status):
            raise self._wrong(key, f"one of {', '.join(Status)}")
        return Status(value)

    def objects(self, key: str) -> tuple[Fields, ...]:
        """A list of objects."""
        value = self._values.get(key)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._wrong(key, "a list of objects")
        return tuple(
            Fields(item, request=self._request, place=f"{self._place}{key}[{number}].")
            for number, item in enumerate(value)
        )


def parse_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in `body`, numbers with a point as Decimal; None when it is anything else."""
    try:
        value = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def plain_message(msg: object) -> str:
    """`msg` of an error as one line: a text, or the texts of ``{"field": ["message", …]}`` joined."""
    texts: list[str] = []
    if isinstance(msg, str):
        texts = [msg]
    elif isinstance(msg, dict):
        for value in msg.values():
            texts += [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
    line = " ".join(" ".join(texts).split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"


def data_of(answer: Mapping[str, object], http_status: int, *, request: str, hide: Callable[[str], str]) -> Fields:
    """The `data` of a successful answer. Raises the error of its code for any other; `hide` takes the token out
    of what the service says. The HTTP status alone decides nothing, but a success under an error status is none."""
    envelope = Fields(answer, request=request, place="")
    code = envelope.whole("code")
    if code != SUCCESS:
        raise refusal(code, hide(plain_message(answer.get("msg"))), request)
    if not 200 <= http_status < 300:
        raise AnswerNotUnderstood(
            f"The service's answer was not understood: it says success under HTTP status {http_status}.", request
        )
    data = answer.get("data")
    if not isinstance(data, dict):
        raise AnswerNotUnderstood("The service's answer was not understood: data should be an object.", request)
    return Fields(data, request=request, place="data.")


def read_upload(data: Fields) -> Uploaded:
    """`/upload`."""
    return Uploaded(
        uid=data.identifier("uid"),
        name=data.text("name"),
        thumbnail=data.text("thumbnail"),
        width=data.whole("w", least=1),
        height=data.whole("h", least=1),
        filesize=data.whole("filesize", least=1),
    )


def read_transform(data: Fields) -> Transformed:
    """`/transform`."""
    return Transformed(trans_id=data.identifier("trans_id"), status=data.status("status"))


def read_progress(data: Fields) -> Progress:
    """`/progress`, with what the bundled engine adds."""
    status = data.status("status")
    return Progress(
        status=status,
        filesize=data.whole("filesize") if data.has("filesize") else None,
        percent=data.percent("percent") if data.has("percent") else None,
        backend=data.text("backend") if data.has("backend") else None,
        message=plain_message(data.text("msg")) if data.has("msg") else None,
    )


def read_balance(data: Fields) -> Balance:
    """`/point`."""
    return Balance(granted=data.decimal("max_num"), used=data.decimal("used_num"))


def read_history(data: Fields) -> HistoryPage:
    """`/points/record`."""
    rows = tuple(
        HistoryRow(
            point_type=row.text("point_type"),
            job=row.text("job"),
            info=row.text("info"),
            points=row.decimal("point"),
            balance=row.decimal("balance"),
            created_at=row.moment("created_at"),
        )
        for row in data.objects("datas")
    )
    return HistoryPage(
        rows=rows,
        page=data.whole("current_page", least=1),
        last_page=data.whole("last_page"),
        per_page=data.whole("per_page", least=1),
        total=data.whole("total"),
    )


def read_cancel(data: Fields) -> Status:
    """`/cancel`, an extension of the bundled engine: the state the job is left in."""
    return data.status("status")
