"""Actions on jobs that have no credits: held for a budget, or failed for want of them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from vanceweb.jobs.budget_overrides import override_budget
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.shortage_remedies import retry_short_job
from vanceweb.teams.access import Action, get_visible_or_404, require, require_editable


@require_POST
def job_exceed_budget(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Let a held job exceed its budget, for owners."""
    job, actor = get_visible_or_404(request, Job.objects.with_pictures(), uuid=uuid)
    try:
        override_budget(actor=actor, job=job)
    except JobRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("job", uuid=job.uuid)


@require_POST
def job_when_short(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Have a job that failed for want of credits wait for them, or run elsewhere, as `when_short` says."""
    job, actor = get_visible_or_404(request, Job.objects.with_pictures(), uuid=uuid)
    require(actor, Action.SPEND)
    require_editable(actor, job)
    try:
        retry_short_job(actor=actor, job=job, when_short=request.POST.get("when_short", ""))
    except JobRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("job", uuid=job.uuid)
