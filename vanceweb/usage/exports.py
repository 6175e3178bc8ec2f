"""Exports of the history as a workbook: written by the io worker, and deleted after a day."""

import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from vanceweb.lib import leases
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost, ProcessStopping, claim_first, filter_due
from vanceweb.lib.row_faults import release_after_fault, run_for_each
from vanceweb.teams.access import get_actor
from vanceweb.usage.export_models import UsageExport
from vanceweb.usage.history_files import write_workbook
from vanceweb.usage.history_search import read_search

# A file with names of pictures and people shouldn't lie around; whoever needs it later exports again.
KEEP_FOR = timedelta(days=1)
# After a fault of this site, say a full disk.
RETRY_SECONDS = 60
# An export that meets so many faults is given up.
MAX_ATTEMPTS = 5
# Files deleted in one sweep.
BATCH = 100


# One at a time in each process: an export uses the processor, which the worker's other threads need.
_writing = threading.Lock()


def filter_waiting_exports() -> QuerySet[UsageExport]:
    """Return the exports that aren't written yet."""
    return UsageExport.objects.filter(state=UsageExport.State.WAITING)


def write_next_export() -> bool:
    """Write the export that has been due longest, unless this process writes one. Return whether to write another."""
    if not _writing.acquire(blocking=False):
        # The thread that writes goes on with those that wait.
        return False
    try:
        waiting = filter_waiting_exports()
        lease = claim_first(waiting.order_by("not_before", "pk"), duration=timedelta(seconds=settings.LEASE_SECONDS))
        if lease is None:
            return False
        _write_claimed(lease)
        return filter_due(waiting).exists()
    finally:
        _writing.release()


def _write_claimed(lease: Lease[UsageExport]) -> None:
    with suppress(LeaseLost), release_after_fault("The export of a history", lease, seconds=RETRY_SECONDS):
        try:
            with Heartbeat(lease, every=settings.LEASE_HEARTBEAT_SECONDS):
                _write(lease)
        except ProcessStopping:
            lease.give_back()


def _write(lease: Lease[UsageExport]) -> None:
    export = UsageExport.objects.select_related("team", "created_by").get(pk=lease.pk)
    actor = None if export.created_by is None else get_actor(export.created_by, export.team)
    if actor is None or export.attempts > MAX_ATTEMPTS:
        lease.release(state=UsageExport.State.FAILED, not_before=None)
        return
    search = read_search(QueryDict(export.query), actor)
    # Nobody knows how many have a text before they are read.
    lease.write(total_rows=None if search.text else search.find_charges().count())

    def report(rows: int) -> None:
        if leases.stopping.is_set():
            raise ProcessStopping
        lease.write(done_rows=rows)

    report(0)
    with TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        path = Path(folder, "export.xlsx")
        count = write_workbook(path, search.iterate_charges(), zone=actor.team.time_zone, report=report)
        lease.check()
        # What an attempt left that was cut off.
        default_storage.delete(export.path)
        with path.open("rb") as file:
            default_storage.save(export.path, File(file))
        size = path.stat().st_size
    lease.release(
        state=UsageExport.State.DONE,
        total_rows=count,
        done_rows=count,
        size=size,
        expires_at=timezone.now() + KEEP_FOR,
        not_before=None,
    )


def delete_expired_exports() -> int:
    """Delete the files and rows of exports whose time is over. Return their number."""
    expired = UsageExport.objects.filter(expires_at__lte=timezone.now())
    return run_for_each("The removal of an export", expired, _delete_export, limit=BATCH)


def _delete_export(pk: int) -> None:
    export = UsageExport.objects.filter(pk=pk).first()
    if export is not None:
        # The row names the file, so it goes last.
        default_storage.delete(export.path)
        export.delete()
