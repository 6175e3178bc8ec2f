"""The phases of a job. Each takes it from one state to the next.

A worker can die at any instruction, and another one then repeats the phase. Each phase therefore records steps that
can't be undone before it takes them, and can be repeated without harm: an upload is free, and a download is charged
once per transform.

If the response to a transform is lost, the site can't know whether the transform started. It is sent again, at most
MAX_TRANSFORMS times per job. Services charge for downloads, not for transforms, so a lost transform costs no
credits.

Each phase returns whether the job has to wait: it was released then.
"""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from vanceweb.budgets.reservations import settle_reservation
from vanceweb.catalogue.jconfig import build_jconfig
from vanceweb.catalogue.steps import collect_guide_uids, replace_guide_uids
from vanceweb.catalogue.work_names import build_file_word
from vanceweb.client import JobFailed, NotFound, RequestRefused, ServiceUnreachable, StartedJob, Status, VanceError
from vanceweb.gallery.blob_files import delete_files_on_error, delete_leftover_files
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import prepare_result, save_asset
from vanceweb.gallery.sizes import RESULT_MAX_BYTES
from vanceweb.gallery.thumbnails import ThumbnailsPending, ensure_thumbnails
from vanceweb.jobs.claims import JobRun
from vanceweb.jobs.dropped_pictures import add_dropped_pictures
from vanceweb.jobs.failures import Failure, JobCannotContinue
from vanceweb.jobs.guides import GUIDE_GONE, GuideUnavailable, find_guides
from vanceweb.jobs.hook_urls import create_hook_url
from vanceweb.jobs.models import Job
from vanceweb.jobs.progress import WORKED, build_progress_fields, build_work_fields
from vanceweb.jobs.run_times import record_run_time
from vanceweb.lib.file_names import build_result_name
from vanceweb.lib.leases import LeaseLost
from vanceweb.teams.access import filter_usable
from vanceweb.vault.clients import build_client
from vanceweb.vault.services import report_charge

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Transforms sent for one job when responses get lost. Credits are charged at the download, so another transform costs
# only the service's time.
MAX_TRANSFORMS = 3
# Another worker needs at most a second for most pictures.
THUMBNAILS_PAUSE_SECONDS = 1.0
SOURCE_GONE = _("The original picture was deleted before it could be sent.")
SOURCE_PRIVATE = _("The original picture was made private before it could be sent.")
LOST_TRANSFORMS = _("The service was asked several times to start, and its response was lost each time.")


@dataclass(frozen=True)
class Missing:
    """A picture whose file was deleted: the sentence that ends the job, and the kind of its failure."""

    sentence: "StrOrPromise"
    kind: str


SOURCE_MISSING = Missing(SOURCE_GONE, Job.FailureKind.PICTURE)
GUIDE_MISSING = Missing(GUIDE_GONE, Job.FailureKind.SETTINGS)


def begin(run: JobRun) -> bool:
    """Check that the picture is complete (queued → uploading)."""
    source = _get_source(run)
    try:
        ensure_thumbnails(source.blob)
    except ThumbnailsPending:
        run.pause(THUMBNAILS_PAUSE_SECONDS)
        return True
    if source.problem:
        raise JobCannotContinue(Failure(None, source.problem, kind=Job.FailureKind.PICTURE))
    if run.job.cancel_requested:
        # The job was retried before the service was asked to cancel the previous transform.
        with suppress(VanceError):
            run.client.cancel(run.job.trans_id)
    run.move_to(Job.State.UPLOADING, trans_id="", cancel_requested=False)
    return False


def upload(run: JobRun) -> bool:
    """Send the picture and the guides, each once, and store their uids (uploading → processing)."""
    if not run.job.uid:
        run.write(uid=_send_picture(run, _get_source(run), gone=SOURCE_MISSING))
    _upload_guides(run)
    run.move_to(Job.State.PROCESSING)
    return False


def process(run: JobRun) -> bool:
    """Start the transform, then check its progress in each turn (processing → downloading)."""
    return _check_progress(run) if run.job.trans_id else _start_transform(run)


def download(run: JobRun) -> bool:
    """Download the result, store it with its thumbnails and end the job (downloading → done)."""
    with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as target:
        file = cast(BinaryIO, target)
        downloaded = run.client.download(run.job.trans_id, file, max_bytes=RESULT_MAX_BYTES)
        asset = prepare_result(
            ownership=run.job.ownership,
            file=file,
            name=build_result_name(run.job.source_name, build_file_word(run.job.parsed_steps), downloaded.format),
            uuid=run.job.result_uuid,
            origin=run.job.origin,
        )
        note = add_dropped_pictures(run.job, file)
    written = asset.blob
    with delete_files_on_error(written):
        _complete_job(run, asset, note)
    delete_leftover_files(written)
    return False


PHASES: Mapping[str, Callable[[JobRun], bool]] = {
    Job.State.QUEUED: begin,
    Job.State.UPLOADING: upload,
    Job.State.PROCESSING: process,
    Job.State.DOWNLOADING: download,
}


def _upload_guides(run: JobRun) -> None:
    """Send the guides that aren't sent yet. The upload of the source also serves where the source is a guide."""
    job = run.job
    missing = collect_guide_uids(job.parsed_steps) - job.guide_uids.keys()
    try:
        pictures = find_guides(missing, job.ownership)
    except GuideUnavailable as error:
        raise JobCannotContinue(Failure(None, str(error), kind=Job.FailureKind.SETTINGS)) from None
    has_private = any(picture.is_private for picture in pictures.values())
    if has_private and Job.objects.filter(pk=job.pk, private_to=None).exists():
        raise JobCannotContinue(Failure(None, str(GUIDE_GONE), kind=Job.FailureKind.SETTINGS))
    for reference, picture in sorted(pictures.items()):
        uid = job.uid if picture.pk == job.source_id else _send_picture(run, picture, gone=GUIDE_MISSING)
        run.write(guide_uids={**job.guide_uids, reference: uid})


def _send_picture(run: JobRun, picture: Asset, *, gone: Missing) -> str:
    """Upload the picture and return its uid. If its file was deleted, end the job with that sentence."""
    compresses = all(feature.purpose == "compress" for feature in run.job.step_features)
    purpose: Literal["ai", "compress"] = "compress" if compresses else "ai"
    try:
        with picture.file.open("rb") as file:
            return run.client.upload(cast(BinaryIO, file), name=run.job.build_upload_name(picture), purpose=purpose).uid
    except FileNotFoundError:
        raise JobCannotContinue(Failure(None, str(gone.sentence), kind=gone.kind)) from None


def _start_transform(run: JobRun) -> bool:
    job = run.job
    if job.transforms_sent >= MAX_TRANSFORMS:
        raise JobCannotContinue(Failure(None, str(LOST_TRANSFORMS)))
    sent_before = job.transforms_sent
    webhook, digest = (
        (None, "") if run.connection.is_bundled or not settings.PUBLIC_URL_REACHABLE else create_hook_url()
    )
    run.write(
        transform_sent_at=timezone.now(),
        transforms_sent=sent_before + 1,
        hook_digest=digest,
        work_started_at=None,
        work_seconds=None,
    )
    try:
        answer = _send_transform(run, webhook)
    except ServiceUnreachable as error:
        if not error.may_have_arrived:
            run.write(transform_sent_at=None, transforms_sent=sent_before)
        raise
    except NotFound as error:
        # Uploads expire after a day and belong to one token. Uploading again costs nothing.
        run.write(uid="", guide_uids={}, state=Job.State.UPLOADING, transform_sent_at=None)
        run.back_off(Failure(error.code, error.message))
        return True
    except RequestRefused:
        run.write(transform_sent_at=None)
        raise
    work: dict[str, Any] = {}
    if answer.status in WORKED:
        # The service has worked since it got the job.
        job.work_started_at = job.transform_sent_at
        work = {"work_started_at": job.transform_sent_at}
        work |= build_work_fields(job, ended=answer.status is Status.FINISH, now=timezone.now())
    return _handle_status(run, answer.status, message=None, **work)


def _send_transform(run: JobRun, webhook: str | None) -> StartedJob:
    """Send the transform and store its id. If the job was cancelled meanwhile, cancel it, then raise LeaseLost."""
    steps = replace_guide_uids(run.job.parsed_steps, run.job.guide_uids)
    jconfig = build_jconfig(steps, run.job.output_settings, uid=run.job.uid)
    is_bundled = run.connection.is_bundled
    answer = run.client.transform(
        run.job.uid,
        jconfig,
        webhook=webhook,
        # The bundled engine is asked to respond at once, so that the site can show progress. Others have no `wait`.
        wait=0 if is_bundled else None,
        queue_key=_build_queue_key(run.job) if is_bundled else None,
    )
    try:
        run.write(trans_id=answer.trans_id)
    except LeaseLost:
        # This run's own client may have been aborted together with the job.
        with suppress(VanceError), build_client(run.connection) as client:
            client.cancel(answer.trans_id)
        raise
    return answer


def _build_queue_key(job: Job) -> str:
    """Return a name for the job's person that tells nothing about them, for the turns at the engine."""
    return salted_hmac("vanceweb.jobs.queue_key", str(job.created_by_id), algorithm="sha256").hexdigest()


def _check_progress(run: JobRun) -> bool:
    progress = run.client.get_progress(run.job.trans_id)
    run.write(**build_progress_fields(run.job, progress, now=timezone.now()))
    return _handle_status(run, progress.status, progress.message)


def _handle_status(run: JobRun, status: Status, message: str | None, **fields: Any) -> bool:
    if status is Status.FATAL:
        raise JobFailed(10014, message or "", "POST /progress")
    if status is Status.FINISH:
        run.move_to(Job.State.DOWNLOADING, downloaded_at=timezone.now(), **fields)
        return False
    if fields:
        run.write(**fields)
    run.park()
    return True


def _complete_job(run: JobRun, asset: Asset, note: str) -> None:
    with transaction.atomic():
        # The lease comes first: of two workers, only the one that holds the job may save the picture.
        run.lease.extend()
        # The job may have been made private or shared, or its person deleted, while its result was downloaded.
        owners = Job.objects.values_list("created_by_id", "private_to_id")
        asset.created_by_id, asset.private_to_id = owners.get(pk=run.job.pk)
        save_asset(asset)
        run.lease.release(
            state=Job.State.DONE,
            result=asset,
            note=note,
            percent=None,
            setbacks=0,
            error="",
            error_code=None,
            resume_state="",
            finished_at=timezone.now(),
            not_before=None,
        )
        settle_reservation(job_uuid=run.job.uuid)
        record_run_time(job=run.job, connection=run.connection)
        report_charge(connection_id=run.connection.pk)
    run.job.state = Job.State.DONE


def _get_source(run: JobRun) -> Asset:
    """Read the source anew: it may have been deleted or made private since the job was submitted or claimed."""
    sources = Asset.objects.filter(jobs_from=run.job.pk)
    # The result is seen by those who see the job. So a private picture needs a private job.
    as_private = Q(private_to=None) | Q(private_to=F("jobs_from__private_to"))
    usable = filter_usable(Asset.objects.filter(as_private, jobs_from=run.job.pk), run.job.ownership).first()
    if usable is None:
        sentence = str(SOURCE_PRIVATE if sources.exists() else SOURCE_GONE)
        raise JobCannotContinue(Failure(None, sentence, kind=Job.FailureKind.PICTURE))
    return usable
