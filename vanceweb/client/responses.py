"""What the API answers, as frozen values. Sizes are bytes and pixels, money is credits (Decimal)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal


class Status(StrEnum):
    """State of a job, spelled as the API spells it."""

    FINISH = "finish"
    WAITING = "waiting"
    PROCESS = "process"
    BUSY = "busy"
    FATAL = "fatal"
    WEBHOOK = "webhook"

    @property
    def has_ended(self) -> bool:
        """Whether the job will not change any more."""
        return self in (Status.FINISH, Status.FATAL)


@dataclass(frozen=True)
class UploadedImage:
    """An uploaded picture. `thumbnail` is a URL or empty; width and height are px as the service sees them."""

    uid: str
    name: str
    thumbnail: str
    width: int
    height: int
    filesize: int


@dataclass(frozen=True)
class StartedJob:
    """A job that was accepted."""

    trans_id: str
    status: Status


@dataclass(frozen=True)
class JobProgress:
    """Where a job is. `filesize` (bytes of the result) comes when it has finished. The bundled engine adds
    `percent` (0 to 100), `backend` (what computed it) and `message`: why it failed, or what there is to say about
    a result."""

    status: Status
    filesize: int | None = None
    percent: float | None = None
    backend: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class DownloadedImage:
    """A result that was written whole. `format` is what the bytes are, `name` is the file name to keep it by."""

    filesize: int
    format: Literal["jpg", "png"]
    name: str


@dataclass(frozen=True)
class Balance:
    """Credits granted and used. Both may jump at the hosted service's billing day."""

    granted: Decimal
    used: Decimal

    @property
    def left(self) -> Decimal:
        """Credits that can still be spent."""
        return self.granted - self.used


@dataclass(frozen=True)
class HistoryRow:
    """One charge. Rows carry no id, and two may be equal. `created_at` is naive: the API names no zone."""

    point_type: str
    job: str
    info: str
    points: Decimal
    balance: Decimal
    created_at: datetime


@dataclass(frozen=True)
class HistoryPage:
    """A page of the history, newest first. Pages count from 1."""

    rows: tuple[HistoryRow, ...]
    page: int
    last_page: int
    per_page: int
    total: int
