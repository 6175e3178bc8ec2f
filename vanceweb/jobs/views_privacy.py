"""Making jobs and pictures private, and sharing them again."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vanceweb.gallery.models import Asset
from vanceweb.gallery.privacy import PictureRefused
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.picture_privacy import hide_picture, show_picture
from vanceweb.jobs.privacy import make_job_private, share_job
from vanceweb.teams.access import get_visible_or_404, require_own
from vanceweb.teams.return_lists import find_list


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


@require_POST
def picture_privacy(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Make the person's own picture private (`private=1`), or share it. Return to the job `job` or to the last list."""
    picture, actor = get_visible_or_404(request, Asset.objects.all(), uuid=uuid)
    require_own(actor, picture)
    try:
        if request.POST.get("private"):
            hide_picture(actor=actor, picture=picture)
            messages.success(request, _("%(name)s is private now: only you see it.") % {"name": picture.name})
        else:
            show_picture(actor=actor, picture=picture)
            messages.success(request, _("The team sees %(name)s now.") % {"name": picture.name})
    except (PictureRefused, JobRefused) as refusal:
        messages.error(request, str(refusal))
    return redirect(_find_job_page(request) or find_list(request, actor, default="gallery"))


def _find_job_page(request: HttpRequest) -> str:
    """Return the address of the job from whose page the form was sent; empty for other pages."""
    try:
        uuid = UUID(request.POST.get("job", ""))
    except ValueError:
        return ""
    return reverse("job", args=[uuid])
