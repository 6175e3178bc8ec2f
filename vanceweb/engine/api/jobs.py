"""The endpoints of a job, in the order they are called: upload, transform, progress, download; and cancel, our own."""

import threading
import time
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.http import FileResponse

from vanceweb.engine.answers import progress_data, upload_data
from vanceweb.engine.api.endpoint import GET_OR_POST, POST, Call, endpoint
from vanceweb.engine.errors import Code, EngineError, fields_required, not_found
from vanceweb.engine.ledger import InsufficientCredits, charge_download
from vanceweb.engine.models import Transform, Upload
from vanceweb.engine.services import cancel_transform, store_upload, submit_transform

PURPOSES = ("ai", "compress")
CONTENT_TYPES = {"jpg": "image/jpeg", "png": "image/png"}
# Bytes handed to the server at a time: few calls for a picture of 100 MB.
DOWNLOAD_BLOCK = 256 * 1024
_waiting = threading.BoundedSemaphore(settings.ENGINE_MAX_WAITING)


@endpoint(POST)
def upload(call: Call) -> dict[str, Any]:
    file = call.fields.files.get("file")
    if file is None:
        raise EngineError(Code.ILLEGAL_PARAMETER, fields_required("file"))
    if call.fields.get("job", PURPOSES[0]) not in PURPOSES:
        raise EngineError(Code.ILLEGAL_PARAMETER, {"job": [f"The job field must be {' or '.join(PURPOSES)}."]})
    return upload_data(store_upload(account=call.account, file=file, name=file.name or ""))


@endpoint(POST)
def transform(call: Call) -> dict[str, Any]:
    uid, jconfig = call.fields.required("uid", "jconfig")
    webhook, patience = call.fields.get("webhook"), _patience(call.fields.get("wait"))
    upload = Upload.objects.filter(account=call.account, uid=uid).first()
    if upload is None:
        raise not_found()
    job = submit_transform(account=call.account, upload=upload, jconfig=jconfig, webhook=webhook)
    if webhook:
        return {"trans_id": job.trans_id, "status": "webhook"}
    job = _wait_for_end(job, patience)
    # Not even begun: the API's word for it here is `busy`, where progress says `waiting`.
    status = "busy" if job.state == Transform.State.QUEUED else job.status
    return {"trans_id": job.trans_id, "status": status}


@endpoint(GET_OR_POST)
def progress(call: Call) -> dict[str, Any]:
    return progress_data(_find(call))


@endpoint(POST)
def cancel(call: Call) -> dict[str, Any]:
    return {"status": cancel_transform(transform=_find(call)).status}


@endpoint(GET_OR_POST)
def download(call: Call) -> FileResponse:
    job = _find(call)
    if job.state in (Transform.State.FAILED, Transform.State.CANCELLED):
        raise EngineError(Code.JOB_FAILED, job.message)
    if job.result_attempt is None:
        raise not_found()
    try:
        file = storages["engine"].open(job.file_name(job.result_attempt))
    except FileNotFoundError:
        raise not_found() from None
    try:
        charge_download(transform=job)
    except InsufficientCredits:
        file.close()
        raise EngineError(Code.INSUFFICIENT_CREDITS, "Insufficient credits.") from None
    response = FileResponse(file, as_attachment=True, filename=job.result_name, content_type=CONTENT_TYPES[job.format])
    response.block_size = DOWNLOAD_BLOCK
    response.headers["Cache-Control"] = "no-store"
    return response


def _find(call: Call) -> Transform:
    (trans_id,) = call.fields.required("trans_id")
    job = Transform.objects.filter(account=call.account, trans_id=trans_id).first()
    if job is None:
        raise not_found()
    return job


def _patience(text: str) -> float:
    """Seconds to wait for the result: the setting's, or fewer where the field `wait` asks for fewer."""
    limit: float = settings.ENGINE_PATIENCE
    if not text:
        return limit
    try:
        wanted = float(text)
    except ValueError:
        wanted = -1.0
    if not 0 <= wanted < float("inf"):
        raise EngineError(Code.ILLEGAL_PARAMETER, {"wait": ["The wait field must be a number of seconds, 0 or more."]})
    return min(wanted, limit)


def _wait_for_end(job: Transform, patience: float) -> Transform:
    """Looks at the row until the job has ended or the patience is over; not at all when enough others are waiting."""
    deadline = time.monotonic() + patience
    if not _waiting.acquire(blocking=False):
        return job
    try:
        while job.state in Transform.UNFINISHED and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(settings.ENGINE_POLL_SECONDS, left))
            job.refresh_from_db(fields=["state"])
    finally:
        _waiting.release()
    return job
