"""The API's responses as frozen dataclasses. Sizes are in bytes and px, amounts in credits (Decimal)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal


class Status(StrEnum):
    """The state of a job, in the API's spelling."""

    FINISH = "finish"
    WAITING = "waiting"
    PROCESS = "process"
    BUSY = "busy"
    FATAL = "fatal"
    WEBHOOK = "webhook"

    @property
    def has_ended(self) -> bool:
        """True if the job's state is final."""
        return self in (Status.FINISH, Status.FATAL)


@dataclass(frozen=True)
class UploadedImage:
    """An uploaded image. `thumbnail` is a URL or empty; width and height are the service's figures, in px."""

    uid: str
    name: str
    thumbnail: str
    width: int
    height: int
    filesize: int


@dataclass(frozen=True)
class StartedJob:
    """A job that the service has accepted."""

    trans_id: str
    status: Status


@dataclass(frozen=True)
class JobProgress:
    """The progress of a job. `filesize` (the result's size in bytes) is set once it has finished. The bundled engine
    adds `percent` (0 to 100), `backend` (the one that ran the job), `version` (the engine's name and version),
    `message` (the reason for a failure, or a note on the result) and `seconds`: for how long it has worked on the job.
    """

    status: Status
    filesize: int | None = None
    percent: float | None = None
    backend: str | None = None
    version: str | None = None
    message: str | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class DownloadedImage:
    """A completely downloaded result. `format` comes from its bytes; `name` is the suggested file name."""

    filesize: int
    format: Literal["jpg", "png"]
    name: str


@dataclass(frozen=True)
class Balance:
    """Credits granted and used. Both may jump on the hosted service's billing day."""

    granted: Decimal
    used: Decimal

    @property
    def left(self) -> Decimal:
        """The credits that can still be spent."""
        return self.granted - self.used


@dataclass(frozen=True)
class HistoryRow:
    """One charge. Rows have no id, and two may be equal. `created_at` is naive: the API gives no time zone."""

    point_type: str
    job: str
    info: str
    points: Decimal
    balance: Decimal
    created_at: datetime


@dataclass(frozen=True)
class HistoryPage:
    """One page of the history, newest first. Pages count from 1."""

    rows: tuple[HistoryRow, ...]
    page: int
    last_page: int
    per_page: int
    total: int
