"""The list of jobs, the page of a job, its progress, and the actions on it."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh, reswap, retarget

from vanceweb.jobs.conditions import JobRefused, check_deletable
from vanceweb.jobs.deletion import plan_deletion
from vanceweb.jobs.list_rows import build_rows, find_changed_rows
from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import hide_private_pictures
from vanceweb.jobs.queries import add_places
from vanceweb.jobs.services import cancel_job, delete_job, retry_job
from vanceweb.lib.pagination import build_first_page_address, get_page_after
from vanceweb.teams.access import (
    Actor,
    filter_visible,
    get_visible_or_404,
    require_editable,
    team_page,
)
from vanceweb.teams.person_filter import read_person_filter
from vanceweb.teams.return_lists import find_list, remember_list, remember_referring_list


@require_safe
@team_page
def jobs(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the team's jobs or one person's, newest first. The page refreshes itself while any of them is active."""
    visible = filter_visible(Job.objects.with_pictures(), actor)
    person = read_person_filter(request.GET.get("person", ""), actor, visible)
    after = request.GET.get("after")
    rows, next_key = get_page_after(person.narrow(visible), after=after, limit=settings.JOBS_PAGE_ROWS)
    if not rows and "X-Rows" in request.headers:
        # All rows of the page were deleted.
        return HttpResponseClientRefresh()
    if after and not rows:
        return redirect(build_first_page_address(request))
    hide_private_pictures(actor, rows)
    add_places(rows)
    is_active = any(job.is_active for job in rows)
    context: dict[str, Any] = {
        "jobs": rows,
        "rows": build_rows(rows),
        "next": next_key,
        "has_active_jobs": is_active,
        "person_filter": person,
    }
    if "X-Rows" not in request.headers:
        return remember_list(request, render(request, "jobs/list.html", context))
    changed = find_changed_rows(context["rows"], request.headers["X-Rows"])
    if changed is None or not is_active:
        return render(request, "jobs/list.html#list", context)
    if not changed:
        return HttpResponse(status=204)
    return render(request, "jobs/list.html#rows", {"rows": changed, "is_partial": True})


@require_safe
def job(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show a job: its progress while it is active, then its result or error."""
    job, actor = _get_shown_job(request, uuid)
    return remember_referring_list(request, render(request, "jobs/detail.html", _plan(job, actor)), actor)


@login_not_required
@require_safe
def job_progress(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Render the progress fragment for polling. Once the job has ended, render the whole job, which stops polling."""
    job, actor = _get_shown_job(request, uuid)
    if job.is_active:
        hide_private_pictures(actor, [job])
        return render(request, "jobs/detail.html#progress", {"job": job})
    response = render(request, "jobs/detail.html#job", _plan(job, actor))
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
    """Say what goes and what stays, then delete that and return to the list that the person came from."""
    job, actor = _get_editable_job(request, uuid)
    try:
        if request.method != "POST":
            check_deletable(job)
            return remember_referring_list(request, render(request, "jobs/delete.html", _plan(job, actor)), actor)
        deleted = delete_job(actor=actor, job=job)
    except JobRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("job", uuid=job.uuid)
    if deleted is not None:
        messages.success(request, deleted.done_sentence)
    # A job without a result was only in the list of jobs.
    default = "gallery" if deleted is not None and deleted.deleted_result is not None else "jobs"
    return redirect(find_list(request, actor, default=default))


def _plan(job: Job, actor: Actor) -> dict[str, Any]:
    """Return the job and, for whoever may delete it, what goes with it: the content of its pages."""
    plan = plan_deletion(job, actor) if job.has_ended and actor.can_edit(job) else None
    # After that: a picture that is somebody else's isn't shown, but stays.
    hide_private_pictures(actor, [job])
    return {"job": job, "plan": plan}


def _get_shown_job(request: HttpRequest, uuid: UUID) -> tuple[Job, Actor]:
    """Return the job and the actor for its page. Raise Http404 if the person may not see it."""
    job, actor = get_visible_or_404(request, Job.objects.with_pictures().with_connection(), uuid=uuid)
    add_places([job])
    return job, actor


def _get_editable_job(request: HttpRequest, uuid: UUID) -> tuple[Job, Actor]:
    """Return the job and the actor. Raise Http404 if they may not see it, PermissionDenied if not change it."""
    job, actor = get_visible_or_404(request, Job.objects.with_pictures(), uuid=uuid)
    require_editable(actor, job)
    return job, actor
