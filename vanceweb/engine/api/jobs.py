"""The endpoints of jobs: upload, transform, progress and download, and cancel, which is this engine's own."""

import threading
import time
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.http import FileResponse

from vanceweb.engine.api.endpoint import GET_OR_POST, POST, Call, endpoint
from vanceweb.engine.errors import Code, EngineError, describe_missing_fields, make_not_found_error
from vanceweb.engine.ledger import InsufficientCredits, charge_download
from vanceweb.engine.models import Transform, Upload
from vanceweb.engine.payloads import build_progress_data, build_upload_data
from vanceweb.engine.services import cancel_transform, store_upload, submit_transform
from vanceweb.lib.file_responses import add_file_protections
from vanceweb.lib.stored_files import SEND_BLOCK, open_stored

CONTENT_TYPES = {"jpg": "image/jpeg", "png": "image/png"}
# Seconds between a waiting /transform's queries: much less than the fastest job, much more than a query takes.
POLL_SECONDS = 0.1
_waiting_requests = threading.BoundedSemaphore(settings.ENGINE_MAX_WAITING)


@endpoint(POST)
def upload(call: Call) -> dict[str, Any]:
    file = call.fields.files.get("file")
    if file is None:
        raise EngineError(Code.ILLEGAL_PARAMETER, describe_missing_fields("file"))
    # The field `job` isn't read: clients send a feature's name as well as the documented `ai` and `compress`, and an
    # upload is the same for all.
    return build_upload_data(store_upload(account=call.account, file=file, name=file.name or ""))


@endpoint(POST)
def transform(call: Call) -> dict[str, Any]:
    uid, jconfig = call.fields.require("uid", "jconfig")
    webhook, wait_seconds = call.fields.get("webhook"), _read_wait_seconds(call.fields.get("wait"))
    queue_key = call.fields.get("queue_key")
    upload = Upload.objects.filter(account=call.account, uid=uid).first()
    if upload is None:
        raise make_not_found_error()
    job = submit_transform(account=call.account, upload=upload, jconfig=jconfig, webhook=webhook, queue_key=queue_key)
    if webhook:
        return {"trans_id": job.trans_id, "status": "webhook"}
    job = _wait_for_end(job, wait_seconds)
    # For a job that hasn't started, this endpoint says `busy` where progress says `waiting`.
    status = "busy" if job.state == Transform.State.QUEUED else job.status
    return {"trans_id": job.trans_id, "status": status}


@endpoint(GET_OR_POST)
def progress(call: Call) -> dict[str, Any]:
    return build_progress_data(_find_transform(call))


@endpoint(POST)
def cancel(call: Call) -> dict[str, Any]:
    return {"status": cancel_transform(transform=_find_transform(call)).status}


@endpoint(GET_OR_POST)
def download(call: Call) -> FileResponse:
    job = _find_transform(call)
    if job.state in (Transform.State.FAILED, Transform.State.CANCELLED):
        raise EngineError(Code.JOB_FAILED, job.message)
    if job.result_attempt is None:
        raise make_not_found_error()
    storage, path = storages["engine"], job.get_result_path(job.result_attempt)
    try:
        size, file = storage.size(path), open_stored(storage, path)
    except FileNotFoundError:
        raise make_not_found_error() from None
    try:
        charge_download(transform=job)
    except InsufficientCredits:
        file.close()
        raise EngineError(Code.INSUFFICIENT_CREDITS, "Insufficient credits.") from None
    response = FileResponse(file, as_attachment=True, filename=job.result_name, content_type=CONTENT_TYPES[job.format])
    response.block_size = SEND_BLOCK
    add_file_protections(response)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Length"] = str(size)
    return response


def _find_transform(call: Call) -> Transform:
    (trans_id,) = call.fields.require("trans_id")
    job = Transform.objects.filter(account=call.account, trans_id=trans_id).first()
    if job is None:
        raise make_not_found_error()
    return job


def _read_wait_seconds(text: str) -> float:
    """Return the seconds to wait for the result: the setting, or the field `wait` if that is less."""
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


def _wait_for_end(job: Transform, max_seconds: float) -> Transform:
    """Wait until the job has ended, at most `max_seconds`. Don't wait if too many other requests are waiting."""
    deadline = time.monotonic() + max_seconds
    if not _waiting_requests.acquire(blocking=False):
        return job
    try:
        while job.state in Transform.UNFINISHED and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(POLL_SECONDS, left))
            job.refresh_from_db(fields=["state"])
    finally:
        _waiting_requests.release()
    return job
