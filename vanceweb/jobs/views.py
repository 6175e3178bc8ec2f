"""Jobs: the list, the page of one, its progress while it moves, and what can be done to it."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap, retarget

from vanceweb.jobs.models import Job
from vanceweb.jobs.services import JobRefused, cancel_job, delete_job, retry_job
from vanceweb.lib.pagination import get_page_after
from vanceweb.teams.access import Person, filter_owned, get_owned_or_404


@require_safe
@never_cache
def jobs(request: HttpRequest) -> HttpResponse:
    """The user's jobs, newest first, by key; watched by the page while any of them moves."""
    rows, following = get_page_after(
        filter_owned(Job.objects.with_pictures(), request.user),
        after=request.GET.get("after"),
        limit=settings.JOBS_PAGE_ROWS,
    )
    context = {"jobs": rows, "next": following, "moving": any(job.is_moving for job in rows)}
    return render(request, "jobs/list.html", context)


@require_safe
@never_cache
def job(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The page of one job: its progress while it moves, then the result or what went wrong."""
    return render(request, "jobs/detail.html", {"job": _get_job_or_404(request.user, uuid)})


@login_not_required
@require_safe
@never_cache
def job_progress(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What the job's page asks for each second; once the job has ended, the whole of it, which asks no more."""
    job = _get_job_or_404(request.user, uuid)
    if job.is_moving:
        return render(request, "jobs/detail.html#progress", {"job": job})
    response = render(request, "jobs/detail.html#job", {"job": job})
    return reswap(retarget(response, "#job"), "outerHTML")


@require_POST
def job_cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Stops a job that moves; one that has ended meanwhile stays as it is."""
    job = _get_job_or_404(request.user, uuid)
    cancel_job(job=job)
    return redirect("job", uuid=job.uuid)


@require_POST
def job_retry(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Sets a failed or cancelled job going again."""
    job = _get_job_or_404(request.user, uuid)
    try:
        retry_job(job=job)
    except JobRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("job", uuid=job.uuid)


@require_http_methods(["GET", "HEAD", "POST"])
def job_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Asks, then removes the job with its result. A sent picture goes with its last job."""
    job = _get_job_or_404(request.user, uuid)
    if request.method != "POST":
        return render(request, "jobs/delete.html", {"job": job})
    name = job.source_name
    try:
        delete_job(job=job)
    except JobRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("job", uuid=job.uuid)
    messages.success(request, f"The result of {name} is deleted.")
    return redirect("gallery")


def _get_job_or_404(user: Person, uuid: UUID) -> Job:
    return get_owned_or_404(Job.objects.with_pictures(), user, uuid=uuid)
