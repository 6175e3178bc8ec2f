"""The fields of a job that follow from its service's report on its progress."""

from datetime import datetime, timedelta
from typing import Any

from vanceweb.client import JobProgress, Status
from vanceweb.jobs.models import Job

WORKED = (Status.PROCESS, Status.FINISH)


def build_progress_fields(job: Job, progress: JobProgress, *, now: datetime) -> dict[str, Any]:
    """Return the fields to store, whether they have changed or not. Fields that the service didn't report are left."""
    known = {
        "percent": progress.percent,
        "backend": progress.backend,
        "engine_version": progress.version,
        "note": progress.message if progress.status is Status.FINISH else None,
    }
    fields: dict[str, Any] = {key: value for key, value in known.items() if value is not None}
    if progress.status in WORKED:
        fields |= build_work_fields(job, ended=progress.status is Status.FINISH, seconds=progress.seconds, now=now)
    return fields | {"setbacks": 0, "error": "", "error_code": None}


def build_work_fields(job: Job, *, ended: bool, seconds: float | None = None, now: datetime) -> dict[str, Any]:
    """Return when the work began and, if it has `ended`, how long it took.

    `seconds` is the service's own figure. Without it the work began when it was first seen: the time before isn't work.
    """
    sent_at = job.transform_sent_at or now
    if seconds is not None:
        # No service has worked for longer than it has had the job.
        seconds = min(seconds, max(0.0, (now - sent_at).total_seconds()))
        began = job.work_started_at or now - timedelta(seconds=seconds)
        return {"work_started_at": began, "work_seconds": seconds} if ended else {"work_started_at": began}
    if not ended:
        return {"work_started_at": job.work_started_at or now}
    if job.work_started_at is None:
        return {}
    return {"work_seconds": max(0.0, (now - job.work_started_at).total_seconds())}
