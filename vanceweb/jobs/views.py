"""The list of jobs, the page of a job, its progress, and the actions on it."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap, retarget

from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import hide_private_pictures, make_job_private, share_job
from vanceweb.jobs.queries import add_places
from vanceweb.jobs.services import JobRefused, cancel_job, delete_job, retry_job
from vanceweb.lib.pagination import get_page_after
from vanceweb.teams.access import (
    Actor,
    filter_visible,
    get_visible_or_404,
    require_editable,
    require_own,
    team_page,
)


@require_safe
@team_page
def jobs(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the team's jobs, newest first. The page refreshes itself while any of them is active."""
    rows, next_key = get_page_after(
        filter_visible(Job.objects.with_pictures(), actor),
        after=request.GET.get("after"),
        limit=settings.JOBS_PAGE_ROWS,
    )
    hide_private_pictures(actor, rows)
    add_places(rows)
    context = {"jobs": rows, "next": next_key, "has_active_jobs": any(job.is_active for job in rows)}
    return render(request, "jobs/list.html", context)


@require_safe
def job(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show a job: its progress while it is active, then its result or error."""
    return render(request, "jobs/detail.html", {"job": _get_shown_job(request, uuid)})


@login_not_required
@require_safe
def job_progress(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Render the progress fragment for polling. Once the job has ended, render the whole job, which stops polling."""
    job = _get_shown_job(request, uuid)
    if job.is_active:
        return render(request, "jobs/detail.html#progress", {"job": job})
    response = render(request, "jobs/detail.html#job", {"job": job})
    return reswap(retarget(response, "#job"), "outerHTML")


@require_POST
def job_cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Cancel an active job. A job that has ended meanwhile stays unchanged."""
    job, _actor = _get_editable_job(request, uuid)
    cancel_job(job=job)
    return redirect("job", uuid=job.uuid)


@require_POST
def job_retry(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Retry a failed or cancelled job."""
    job, actor = _get_editable_job(request, uuid)
    try:
        retry_job(actor=actor, job=job)
    except JobRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("job", uuid=job.uuid)


@require_http_methods(["GET", "HEAD", "POST"])
def job_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ask for confirmation, then delete the job with its result. An upload is deleted with its last job."""
    job, actor = _get_editable_job(request, uuid)
    if request.method != "POST":
        hide_private_pictures(actor, [job])
        return render(request, "jobs/delete.html", {"job": job})
    name = job.source_name
    try:
        delete_job(actor=actor, job=job)
    except JobRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("job", uuid=job.uuid)
    messages.success(request, _("The result of %(name)s was deleted.") % {"name": name})
    return redirect("gallery", team=actor.team.slug)


@require_POST
def job_privacy(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Make the person's own job private (`private=1`), or share it with the team."""
    job, actor = get_visible_or_404(request, Job.objects.all(), uuid=uuid)
    require_own(actor, job)
    try:
        if request.POST.get("private"):
            make_job_private(actor=actor, job=job)
            messages.success(request, _("The job and its result are private now: only you see them."))
        else:
            share_job(actor=actor, job=job)
            messages.success(request, _("The team sees the job and its pictures now."))
    except JobRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("job", uuid=job.uuid)


def _get_shown_job(request: HttpRequest, uuid: UUID) -> Job:
    """Return the job as its page shows it. Raise Http404 if the person may not see it."""
    job, actor = get_visible_or_404(request, Job.objects.with_pictures().with_connection(), uuid=uuid)
    hide_private_pictures(actor, [job])
    add_places([job])
    return job


def _get_editable_job(request: HttpRequest, uuid: UUID) -> tuple[Job, Actor]:
    """Return the job and the actor. Raise Http404 if they may not see it, PermissionDenied if not change it."""
    job, actor = get_visible_or_404(request, Job.objects.with_pictures(), uuid=uuid)
    require_editable(actor, job)
    return job, actor
