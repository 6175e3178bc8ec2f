"""Execution of a transform: it is claimed by a lease, monitored and ended once."""

import functools
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext

from vanceweb.catalogue.jconfig import parse_jconfig
from vanceweb.catalogue.steps import Step, collect_guide_uids
from vanceweb.catalogue.work_names import build_file_word
from vanceweb.engine.completion import TransformMovedOn, end_transform
from vanceweb.engine.models import Transform, Upload
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import Outcome, ProcessingError, process_file
from vanceweb.engine.run_monitor import RunMonitor, RunStopped, RunWatcher, replace_worker
from vanceweb.lib.file_names import build_result_name
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost, ProcessStopping, claim_first
from vanceweb.lib.request_ids import use_work_id
from vanceweb.lib.storage_faults import RETRY_SECONDS, StorageFault, find_fault
from vanceweb.lib.stored_files import open_stored

logger = logging.getLogger(__name__)

WORK_PREFIX = "engine-"
# A job that has killed three workers would kill the fourth as well.
MAX_ATTEMPTS = 3


class StorageUnusable(Exception):
    """The disk is full or read-only, which says nothing about the job."""

    def __init__(self, fault: StorageFault) -> None:
        super().__init__(str(fault.waiting))
        self.fault = fault


def execute_next_transform(*, replace: Callable[[], None] = replace_worker) -> bool:
    """Execute the due transform whose turn it is. Return False if none is due.

    All errors end the job as failed, with a plain sentence. There are two exceptions. A row whose lease was lost
    belongs to another worker and isn't changed. If the process has to stop, or the disk is full, the job goes back to
    the queue. `replace`
    ends a process that can't be stopped otherwise.
    """
    lease = claim_first(
        Transform.objects.order_by_turn(),
        states=Transform.UNFINISHED,
        duration=timedelta(seconds=settings.LEASE_SECONDS),
        undo={"state": Transform.State.QUEUED, "started_at": None},
        state=Transform.State.RUNNING,
        # Written with the claim, so that the next worker knows whose turn this was, at the time of the last attempt.
        started_at=Now(),
    )
    if lease is None:
        return False
    transform = Transform.objects.select_related("upload").get(pk=lease.pk)
    with use_work_id("transform", transform.trans_id):
        _execute_claimed(transform, lease, replace)
    return True


def _execute_claimed(transform: Transform, lease: Lease[Transform], replace: Callable[[], None]) -> None:
    held = Transform.objects.filter(pk=lease.pk, lease_token=lease.token)
    try:
        with Heartbeat(lease, every=settings.LEASE_HEARTBEAT_SECONDS) as heartbeat:
            monitor = RunMonitor(lease, lost=heartbeat.lost.is_set)
            with RunWatcher(monitor, give_up=functools.partial(_give_back_or_end, held, lease), replace=replace):
                outcome = _execute(transform, monitor)
        end_transform(held, state=Transform.State.FINISHED, **_build_result_fields(transform, outcome))
    except (RunStopped, ProcessStopping) as reason:
        _give_back_or_end(held, lease, reason)
    except StorageUnusable as stop:
        _requeue_later(lease, stop.fault)
    except (LeaseLost, TransformMovedOn):
        logger.info("transform %s was taken over or ended by another process", transform)
        _get_storage().delete(transform.get_result_path(transform.attempts))


def _give_back_or_end(held: QuerySet[Transform], lease: Lease[Transform], reason: Exception) -> None:
    """End the row of a run that doesn't stop, or put it back into the queue."""
    if isinstance(reason, ProcessStopping):
        with suppress(LeaseLost):
            lease.give_back()
    elif isinstance(reason, RunStopped):
        with suppress(TransformMovedOn):
            end_transform(held, state=reason.state, message=reason.message)


def _requeue_later(lease: Lease[Transform], fault: StorageFault) -> None:
    """Put the job back into the queue until there may be room for its files. The attempt isn't counted."""
    logger.warning("A transform has to wait: %s", fault.waiting)
    with suppress(LeaseLost):
        lease.release(
            **lease.undo,
            attempts=F("attempts") - 1,
            message=str(fault.waiting),
            not_before=timezone.now() + timedelta(seconds=RETRY_SECONDS),
        )


def _execute(transform: Transform, monitor: RunMonitor) -> Outcome:
    """Process the picture and store the result. Raise RunStopped, StorageUnusable, ProcessStopping or LeaseLost."""
    if transform.attempts > MAX_ATTEMPTS:
        raise RunStopped(
            Transform.State.FAILED, gettext("The engine was interrupted several times while running this job.")
        )
    if transform.upload is None:
        raise RunStopped(Transform.State.FAILED, gettext("The uploaded picture was removed before the job started."))
    monitor(0.0)
    try:
        return _process(transform, transform.upload, monitor)
    except (RunStopped, ProcessStopping, LeaseLost):
        raise
    except Exception as error:
        if fault := find_fault(error):
            raise StorageUnusable(fault) from error
        if isinstance(error, ProcessingError):
            raise RunStopped(Transform.State.FAILED, error.message.localise(gettext)) from error
        logger.exception("transform %s failed", transform)
        raise RunStopped(
            Transform.State.FAILED, gettext("The job failed and exited for an unexpected reason.")
        ) from error


def _process(transform: Transform, upload: Upload, monitor: RunMonitor) -> Outcome:
    steps, output = parse_jconfig(transform.jconfig)
    _remove_leftovers()
    with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        _copy_upload(upload, source)
        guides = _copy_guides(steps, upload, source)
        networks = _get_networks(settings.MODELS_DIR, settings.ENGINE_MODEL_THREADS, settings.ENGINE_LARGE_MODELS)
        outcome = process_file(
            source,
            target,
            steps,
            output,
            networks=networks,
            report=monitor,
            interruption=monitor.interruption,
            guides=guides,
            operations=import_string(settings.ENGINE_OPERATIONS),
        )
        monitor(1.0)
        with target.open("rb") as result:
            name = transform.get_result_path(transform.attempts)
            # A worker that died after storing the file and before updating the row may have left a file of this name.
            _get_storage().delete(name)
            _get_storage().save(name, File(result))
    return outcome


def _copy_upload(upload: Upload, path: Path) -> None:
    with closing(open_stored(_get_storage(), upload.file_name)) as stored, path.open("wb") as copy:
        shutil.copyfileobj(stored, copy)


def _copy_guides(steps: Sequence[Step], upload: Upload, source: Path) -> dict[str, Path]:
    """Return the files of the steps' guide pictures by uid, copied beside `source`. Removed uploads are missing."""
    files = {upload.uid: source}
    for guide in Upload.objects.filter(account=upload.account, uid__in=collect_guide_uids(steps)).exclude(pk=upload.pk):
        files[guide.uid] = source.with_name(guide.uid)
        _copy_upload(guide, files[guide.uid])
    return files


def _build_result_fields(transform: Transform, outcome: Outcome) -> dict[str, object]:
    return {
        "percent": 100,
        "result_attempt": transform.attempts,
        "result_name": _build_result_name(transform, outcome.format),
        "format": outcome.format,
        "width": outcome.width,
        "height": outcome.height,
        "filesize": outcome.filesize,
        "backend": outcome.backend,
        "message": " ".join(note.localise(gettext) for note in outcome.notes),
    }


def _build_result_name(transform: Transform, extension: str) -> str:
    steps, _output = parse_jconfig(transform.jconfig)
    original = transform.upload.name if transform.upload else ""
    return build_result_name(original, build_file_word(steps), extension)


def _remove_leftovers() -> None:
    """Remove the work folders of killed workers: those older than the longest run."""
    oldest = time.time() - settings.ENGINE_MAX_RUN_SECONDS
    for folder in Path(settings.FILE_UPLOAD_TEMP_DIR).glob(f"{WORK_PREFIX}*"):
        try:
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
        except FileNotFoundError:
            continue


def _get_storage() -> Storage:
    return storages["engine"]


@functools.lru_cache(maxsize=1)
def _get_networks(directory: Path, threads: int, large_at_once: int) -> NetworkRegistry:
    """Return the worker process's registry, which loads each network once."""
    return NetworkRegistry(directory, threads, large_at_once)
