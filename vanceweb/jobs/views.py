"""The list of jobs, the page of a job, its progress, and the actions on it."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
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
    """List the user's jobs, newest first. The page refreshes itself while any of them is active."""
    rows, next_key = get_page_after(
        filter_owned(Job.objects.with_pictures(), request.user),
        after=request.GET.get("after"),
        limit=settings.JOBS_PAGE_ROWS,
    )
    context = {"jobs": rows, "next": next_key, "has_active_jobs": any(job.is_active for job in rows)}
    return render(request, "jobs/list.html", context)


@require_safe
@never_cache
def job(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show a job: its progress while it is active, then its result or error."""
    return render(request, "jobs/detail.html", {"job": _get_job_or_404(request.user, uuid)})


@login_not_required
@require_safe
@never_cache
def job_progress(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Render the progress fragment for polling. Once the job has ended, render the whole job, which stops polling."""
    job = _get_job_or_404(request.user, uuid)
    if job.is_active:
        return render(request, "jobs/detail.html#progress", {"job": job})
    response = render(request, "jobs/detail.html#job", {"job": job})
    return reswap(retarget(response, "#job"), "outerHTML")


@require_POST
def job_cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Cancel an active job. A job that has ended meanwhile stays unchanged."""
    job = _get_job_or_404(request.user, uuid)
    cancel_job(job=job)
    return redirect("job", uuid=job.uuid)


@require_POST
def job_retry(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Retry a failed or cancelled job."""
    job = _get_job_or_404(request.user, uuid)
    try:
        retry_job(job=job)
    except JobRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("job", uuid=job.uuid)


@require_http_methods(["GET", "HEAD", "POST"])
def job_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ask for confirmation, then delete the job with its result. An upload is deleted with its last job."""
    job = _get_job_or_404(request.user, uuid)
    if request.method != "POST":
        return render(request, "jobs/delete.html", {"job": job})
    name = job.source_name
    try:
        delete_job(job=job)
    except JobRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("job", uuid=job.uuid)
    messages.success(request, _("The result of %(name)s was deleted.") % {"name": name})
    return redirect("gallery")


def _get_job_or_404(user: Person, uuid: UUID) -> Job:
    return get_owned_or_404(Job.objects.with_pictures(), user, uuid=uuid)
