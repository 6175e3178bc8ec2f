"""The state of the installation: each part by itself, so that a broken one doesn't hide the others."""

import logging
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Generic, TypeVar

import django
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vanceweb import __version__
from vanceweb.lib.decoder.addresses import connect
from vanceweb.lib.error_records import ErrorRecord
from vanceweb.ops.doctor import machine
from vanceweb.ops.doctor.finding import Finding
from vanceweb.ops.due_work import DueWork, count_due_work
from vanceweb.ops.heartbeats import SILENT_SECONDS, SWEEPER
from vanceweb.ops.missing_weights import list_gap_titles
from vanceweb.ops.models import WorkerHeartbeat
from vanceweb.ops.shared_errors import list_last_errors
from vanceweb.ops.storage_use import Disk, count_pictures, list_disks, measure_database

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Work is this late when something is wrong: no worker, or far too few.
LATE_SECONDS = 300.0
# The libraries that do the engine's work.
ENGINE_PACKAGES = ("onnxruntime", "opencv-contrib-python-headless", "ncnn", "pillow")

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Part(Generic[T]):
    """A part of the state: its value, or None if it could not be read (the log has the reason)."""

    value: T | None

    @property
    def is_unknown(self) -> bool:
        return self.value is None


@dataclass(frozen=True)
class Worker:
    """A worker and its last sign of life; without one, no worker of its kind has been seen."""

    name: str
    kind: str
    host: str = ""
    version: str = ""
    running: int = 0
    started_at: datetime | None = None
    seen_at: datetime | None = None

    @property
    def is_alive(self) -> bool:
        """True if it gave a sign lately."""
        return self.silence is not None and self.silence < timedelta(seconds=SILENT_SECONDS)

    @property
    def silence(self) -> timedelta | None:
        """The time since its last sign; None without one."""
        return None if self.seen_at is None else timezone.now() - self.seen_at


@dataclass(frozen=True)
class StorageUse:
    """The disks, and what database and pictures take, in bytes."""

    disks: list[Disk]
    database: int
    pictures: int
    picture_bytes: int


@dataclass(frozen=True)
class Status:
    """The state of the installation."""

    workers: Part[list[Worker]]
    decoder: bool
    work: Part[list[DueWork]]
    storage: Part[StorageUse]
    findings: Part[list[Finding]]
    gaps: Part[list[str]]
    errors: Part[list[ErrorRecord]]
    versions: Part[list[tuple[str, str]]]
    warnings: "list[StrOrPromise]"


def read_status() -> Status:
    """Return the state of all parts. It raises nothing: a part that fails is unknown."""
    workers, work, errors = _read(list_workers), _read(_count_work), _read(_read_errors)
    gaps, findings = _read(lambda: [str(title) for title in list_gap_titles()]), _read(_find_faults)
    has_decoder = is_decoder_listening()
    return Status(
        workers=workers,
        decoder=has_decoder,
        work=work,
        storage=_read(_measure_storage),
        findings=findings,
        gaps=gaps,
        errors=errors,
        versions=_read(lambda: list(list_versions())),
        warnings=list(_list_warnings(workers, work, has_decoder=has_decoder)),
    )


def list_workers() -> list[Worker]:
    """Return the workers that gave signs of life, and for each kind without any a row that says so."""
    seen = [
        Worker(row.name, row.kind, row.host, row.version, row.running, row.started_at, row.seen_at)
        for row in WorkerHeartbeat.objects.all()
    ]
    expected = [*settings.TASKS["default"]["QUEUES"], SWEEPER]
    missing = [Worker(kind, kind) for kind in expected if kind not in {worker.kind for worker in seen}]
    return [*seen, *missing]


def is_decoder_listening() -> bool:
    """Return whether the decoder accepts pictures."""
    try:
        connect(settings.DECODER_SOCKET).close()
    except BlockingIOError:  # its queue is full
        return True
    except OSError:
        return False
    return True


def list_versions() -> Iterator[tuple[str, str]]:
    """Yield the names and versions of the site and of what it stands on."""
    yield "vanceweb", __version__
    yield "Python", platform.python_version()
    yield "Django", django.get_version()
    yield _get_database_version()
    for package in ENGINE_PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue
    yield platform.system(), platform.release()


def _read(read: Callable[[], T]) -> Part[T]:
    try:
        return Part(read())
    except Exception:
        logger.exception("A part of the status could not be read")
        return Part(None)


def _count_work() -> list[DueWork]:
    return count_due_work(settings.WAKEUPS)


def _measure_storage() -> StorageUse:
    pictures, picture_bytes = count_pictures()
    return StorageUse(list_disks(), measure_database(), pictures, picture_bytes)


def _find_faults() -> list[Finding]:
    """Return what the doctor finds in a moment; its checks of every file are for the command."""
    return [*machine.check_disks(), *machine.check_weights(), *machine.check_tokens()]


def _read_errors() -> list[ErrorRecord]:
    return list_last_errors(limit=settings.STATUS_ERRORS)


def _get_database_version() -> tuple[str, str]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sqlite_version()")
        else:
            cursor.execute("SHOW server_version")
        return connection.display_name, str(cursor.fetchone()[0])


def _list_warnings(
    workers: Part[list[Worker]], work: Part[list[DueWork]], *, has_decoder: bool
) -> "Iterator[StrOrPromise]":
    """Yield what needs somebody's attention, beside the doctor's findings."""
    alive = {worker.kind for worker in workers.value or [] if worker.is_alive}
    kinds = sorted({worker.kind for worker in workers.value or []} - alive)
    for kind in kinds:
        yield gettext("No worker of the kind “%(kind)s” has given a sign of life lately.") % {"kind": kind}
    for worker in workers.value or []:
        if worker.kind in alive and not worker.is_alive:
            names = {"name": worker.name, "host": worker.host}
            yield gettext("The worker %(name)s on %(host)s has given no sign of life lately.") % names
    if not has_decoder:
        yield _("The decoder doesn't answer. Each upload starts a temporary one, which is slower.")
    late = timezone.now() - timedelta(seconds=LATE_SECONDS)
    for due in work.value or []:
        if due.oldest is not None and due.oldest < late:
            yield gettext("%(kind)s: work has been waiting for more than five minutes.") % {"kind": due.title}
