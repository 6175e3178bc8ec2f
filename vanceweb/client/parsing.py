"""Conversion of a JSON response's bytes into values or into the error it reports.

Every value is cleaned, bounded (`bounds.py`) and freed of the token here, once, where it is read. Whatever leaves this
module can be stored and shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from vanceweb.client import bounds
from vanceweb.client.cleaning import clean_text, shorten
from vanceweb.client.errors import InvalidResponse, build_refusal
from vanceweb.client.redaction import Secret
from vanceweb.client.responses import Balance, HistoryPage, HistoryRow, JobProgress, StartedJob, Status, UploadedImage

SUCCESS = 200
_ID = re.compile(r"[0-9a-f]{32}")
_WHOLE = re.compile(r"[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?")


class ResponseData:
    """The members of a JSON object, read as the types of the API's contract. A member that is missing, of another type
    or out of bounds raises `InvalidResponse`, which names the member and what is expected but never the value. Texts
    are cleaned and shortened, and don't contain the `token`."""

    def __init__(self, values: Mapping[str, object], *, request: str, place: str, token: Secret) -> None:
        self._values = values
        self._request = request
        self._place = place
        self._token = token

    def _build_error(self, key: str, expected: str) -> InvalidResponse:
        state = "is missing" if self._values.get(key) is None else "is something else"
        return InvalidResponse(
            f"The service's answer was not understood: {self._place}{key} should be {expected} but {state}.",
            self._request,
        )

    def has(self, key: str) -> bool:
        """Return whether the member exists and isn't null."""
        return self._values.get(key) is not None

    def get_text(self, key: str, longest: int = bounds.LONGEST_TEXT) -> str:
        """Return a string, which may be empty; the rest of a longer one is dropped."""
        value = self._values.get(key)
        if not isinstance(value, str):
            raise self._build_error(key, "a string")
        # The token goes before the rest does, or else a part of it could stay.
        return self._token.hide_in(clean_text(value))[:longest]

    def get_url(self, key: str) -> str:
        """Return a URL, or an empty string for one that is too long: a part of it leads nowhere."""
        url = self.get_text(key, bounds.LONGEST_URL + 1)
        return url if len(url) <= bounds.LONGEST_URL else ""

    def get_message(self, key: str) -> str:
        """Return the sentences for people in a message of any of the API's shapes, or an empty string."""
        line = " ".join(clean_text(_collect_texts(self._values.get(key))).split())
        return shorten(self._token.hide_in(line), bounds.LONGEST_MESSAGE)

    def get_id(self, key: str) -> str:
        """Return an id: 32 lower-case hex characters. Ids are stored and sent around, so the token can't be one."""
        value = self._values.get(key)
        if not isinstance(value, str) or not _ID.fullmatch(value) or self._token.has_overlap(value):
            raise self._build_error(key, "an id of 32 hex characters")
        return value

    def get_int(self, key: str, *, least: int = 0, most: int = bounds.LARGEST_WHOLE) -> int:
        """Return a whole number, given as a number or as a string of digits (the API does both)."""
        value = self._values.get(key)
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self._build_error(key, f"a whole number from {least} to {most}")
        return value

    def get_decimal(self, key: str) -> Decimal:
        """Return an exact number, given as a number or as a string."""
        value = self._values.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal) or not _NUMBER.fullmatch(str(value)):
            raise self._build_error(key, "a number")
        return Decimal(value)

    def get_amount(self, key: str) -> Decimal:
        """Return credits, rounded to the three decimals of the API."""
        amount = self.get_decimal(key).quantize(bounds.AMOUNT_STEP)
        if abs(amount) > bounds.LARGEST_AMOUNT:
            raise self._build_error(key, f"a number of at most {bounds.LARGEST_AMOUNT}")
        return amount

    def get_percent(self, key: str) -> float:
        """Return a number from 0 to 100."""
        return self._get_float(key, 100)

    def get_seconds(self, key: str) -> float:
        """Return the seconds of a job's run."""
        return self._get_float(key, bounds.LONGEST_RUN_SECONDS)

    def _get_float(self, key: str, most: int) -> float:
        number = float(self.get_decimal(key))
        if not 0 <= number <= most:
            raise self._build_error(key, f"a number from 0 to {most}")
        return number

    def get_datetime(self, key: str) -> datetime:
        """Return a naive date and time, such as ``2021-12-14 04:36:18``."""
        with suppress(ValueError):
            moment = datetime.strptime(self.get_text(key), "%Y-%m-%d %H:%M:%S")
            if bounds.EARLIEST_YEAR <= moment.year <= bounds.LATEST_YEAR:
                return moment
        raise self._build_error(key, "a date and time like 2021-12-14 04:36:18")

    def get_status(self, key: str) -> Status:
        """Return one of the contract's states."""
        value = self._values.get(key)
        if not isinstance(value, str) or value not in set(Status):
            raise self._build_error(key, f"one of {', '.join(Status)}")
        return Status(value)

    def get_object(self, key: str) -> ResponseData:
        """Return an object."""
        value = self._values.get(key)
        if not isinstance(value, dict):
            raise self._build_error(key, "an object")
        return self._build_member(value, key)

    def get_objects(self, key: str, most: int = bounds.MOST_ROWS) -> tuple[ResponseData, ...]:
        """Return a list of objects."""
        value = self._values.get(key)
        if not isinstance(value, list) or len(value) > most or not all(isinstance(item, dict) for item in value):
            raise self._build_error(key, f"a list of at most {most} objects")
        return tuple(self._build_member(item, f"{key}[{number}]") for number, item in enumerate(value))

    def _build_member(self, values: Mapping[str, object], key: str) -> ResponseData:
        return ResponseData(values, request=self._request, place=f"{self._place}{key}.", token=self._token)


def parse_object(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in `body`, with fractions as Decimal, or None if it is anything else.

    Bytes that aren't Unicode become U+FFFD: an error in another encoding still has its code. NaN, Infinity, numbers of
    thousands of digits, names that occur twice in an object and too deep nesting aren't taken for JSON.
    """
    try:
        value = json.loads(
            body.decode(json.detect_encoding(body), "replace"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_build_object,
        )
    # ArithmeticError: an exponent that Decimal can't hold.
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _build_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(members)
    if len(values) < len(members):
        raise ValueError("a name occurs twice")
    return values


def _collect_texts(msg: object) -> str:
    """Return the strings of a `msg`: one string, or those of ``{"field": ["message", …]}``, joined with spaces."""
    if isinstance(msg, str):
        return msg
    values = msg.values() if isinstance(msg, dict) else ()
    items = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return " ".join(item for item in items if isinstance(item, str))


def extract_data(body: Mapping[str, object], http_status: int, *, request: str, token: Secret) -> ResponseData:
    """Return the `data` of a successful response, or raise the error for its code.

    The HTTP status alone decides nothing, but success under an error status raises too.
    """
    envelope = ResponseData(body, request=request, place="", token=token)
    code = envelope.get_int("code")
    if code != SUCCESS:
        raise build_refusal(code, envelope.get_message("msg"), request)
    if not 200 <= http_status < 300:
        raise InvalidResponse(
            f"The service's answer was not understood: it reports success under HTTP status {http_status}.", request
        )
    return envelope.get_object("data")


def parse_upload(data: ResponseData) -> UploadedImage:
    """Return the values of an `/upload` response."""
    return UploadedImage(
        uid=data.get_id("uid"),
        name=data.get_text("name", bounds.LONGEST_NAME),
        thumbnail=data.get_url("thumbnail"),
        width=data.get_int("w", least=1, most=bounds.LARGEST_SIDE),
        height=data.get_int("h", least=1, most=bounds.LARGEST_SIDE),
        filesize=data.get_int("filesize", least=1, most=bounds.LARGEST_FILE),
    )


def parse_transform(data: ResponseData) -> StartedJob:
    """Return the values of a `/transform` response."""
    return StartedJob(trans_id=data.get_id("trans_id"), status=data.get_status("status"))


def parse_progress(data: ResponseData) -> JobProgress:
    """Return the values of a `/progress` response, including the bundled engine's extensions."""
    status = data.get_status("status")
    return JobProgress(
        status=status,
        filesize=data.get_int("filesize", most=bounds.LARGEST_FILE) if data.has("filesize") else None,
        percent=data.get_percent("percent") if data.has("percent") else None,
        backend=data.get_text("backend", bounds.LONGEST_BACKENDS) if data.has("backend") else None,
        version=data.get_text("version") if data.has("version") else None,
        message=data.get_message("msg") if data.has("msg") else None,
        seconds=data.get_seconds("seconds") if data.has("seconds") else None,
    )


def parse_balance(data: ResponseData) -> Balance:
    """Return the values of a `/point` response."""
    return Balance(granted=data.get_amount("max_num"), used=data.get_amount("used_num"))


def parse_history(data: ResponseData) -> HistoryPage:
    """Return the values of a `/points/record` response."""
    rows = tuple(
        HistoryRow(
            point_type=row.get_text("point_type"),
            job=row.get_text("job"),
            info=row.get_text("info"),
            points=row.get_amount("point"),
            balance=row.get_amount("balance"),
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
