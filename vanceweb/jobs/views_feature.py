"""The page of a feature: a form for the picture and the settings."""

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import get_feature_by_slug
from vanceweb.catalogue.forms import FeatureForm, build_form_class, build_initial
from vanceweb.catalogue.jconfig import JConfigError
from vanceweb.gallery.models import Asset
from vanceweb.gallery.samples import SAMPLES
from vanceweb.gallery.services import SampleMissing, store_sample, store_upload
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.forms import SubmissionForm
from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import hide_private_pictures
from vanceweb.jobs.result_limits import find_impossible_size, measure_choice
from vanceweb.jobs.services import delete_upload_on_error, submit_job
from vanceweb.jobs.shortages import WhenShort
from vanceweb.jobs.views_conversion import add_converted
from vanceweb.lib.conversion import find_foreign_format
from vanceweb.lib.decoding import DecoderUnavailable
from vanceweb.lib.engine_gaps import read_gaps
from vanceweb.lib.foreign_formats import ForeignFormat
from vanceweb.lib.images import ImageRefused
from vanceweb.teams.access import Action, Actor, filter_visible, require, team_page
from vanceweb.vault.queries import choose_other


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def feature(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """Show the form. A valid submission creates a job; an invalid one returns the form with status 422.

    The query sets initial values: `from` (a job's id) its picture, settings and connection, but `without=picture` or
    `without=connection` leaves that out; `source` (an asset's id) or `sample` (a slug) the picture.
    """
    info = _get_feature_or_404(slug)
    if request.method == "POST":
        require(actor, Action.MAKE)
        submission = SubmissionForm(request.POST, request.FILES, actor=actor, credits=info.credits)
        form = build_form_class(info)(request.POST)
        job = _submit(actor, submission, form)
        if job is not None:
            return _redirect(request, reverse("job", args=[job.uuid]))
    else:
        chosen, initial = _read_initial_values(request, info, actor)
        submission = SubmissionForm(initial=chosen, actor=actor, credits=info.credits)
        form = build_form_class(info)(initial=initial)
    context = {
        "feature": info,
        "submission": submission,
        "form": form,
        "source": submission.chosen_source,
        "chosen_connection": submission.chosen_connection,
        "samples": SAMPLES,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "max_pixels": settings.UPLOAD_MAX_PIXELS,
        "max_convert_bytes": settings.CONVERT_MAX_BYTES,
        "is_gap": info.module in read_gaps(),
        "is_short": submission.is_short(submission.chosen_connection),
    }
    return render(request, "jobs/feature.html", context, status=422 if request.method == "POST" else 200)


def _submit(actor: Actor, submission: SubmissionForm, form: FeatureForm) -> Job | None:
    """Create the job. If the submission isn't valid, add the errors to the forms and return None."""
    valid = [submission.is_valid(), form.is_valid()]
    if not all(valid):
        return None
    connection, steps, output = submission.cleaned_data["connection"], [form.build_step()], form.build_output()
    try:
        if (format := _find_foreign_format(submission)) is not None:
            add_converted(actor, submission, format)
            return None
        impossible = find_impossible_size(connection, measure_choice(submission.cleaned_data), steps, output)
        if impossible is not None:
            form.add_error("scale" if "scale" in form.fields else None, impossible)
            return None
        source = _get_picture(actor, submission.cleaned_data)
    except (ImageRefused, DecoderUnavailable, SampleMissing) as refusal:
        submission.add_error("picture", str(refusal))
        return None
    try:
        with delete_upload_on_error(source):
            return submit_job(
                actor=actor,
                connection=connection,
                source=source,
                steps=steps,
                output=output,
                when_short=submission.cleaned_data["when_short"] or WhenShort.START,
            )
    except (JobRefused, JConfigError) as refusal:
        form.add_error(None, str(refusal))
        return None


def _find_foreign_format(submission: SubmissionForm) -> ForeignFormat | None:
    picture = submission.cleaned_data["picture"]
    return find_foreign_format(picture) if picture else None


def _get_picture(actor: Actor, cleaned: dict[str, Any]) -> Asset:
    if cleaned["picture"]:
        return store_upload(actor=actor, file=cleaned["picture"], name=cleaned["picture"].name)
    if cleaned["source"]:
        return cast(Asset, cleaned["source"])
    return store_sample(actor=actor, sample=cleaned["sample"])


def _read_initial_values(request: HttpRequest, info: Feature, actor: Actor) -> tuple[dict[str, Any], dict[str, object]]:
    """Return the initial values of both forms, read from the query."""
    chosen: dict[str, Any] = {
        "source": _parse_uuid_or_404(request.GET["source"]) if "source" in request.GET else None,
        "sample": request.GET.get("sample"),
    }
    if "from" not in request.GET:
        return chosen, {}
    visible = filter_visible(Job.objects.with_pictures().with_connection(), actor)
    job = get_object_or_404(visible, uuid=_parse_uuid_or_404(request.GET["from"]))
    hide_private_pictures(actor, [job])
    without = request.GET.get("without")
    if chosen["source"] is None and job.source and without != "picture":
        chosen["source"] = job.source.uuid
    connection = choose_other(actor, job.connection) if without == "connection" else job.connection
    chosen["connection"] = connection.uuid if connection else None
    # A form has the settings of one step.
    if job.is_workflow or job.feature != info.slug:
        return chosen, {}
    return chosen, build_initial(job.parsed_steps[0], job.output_settings)


def _get_feature_or_404(slug: str) -> Feature:
    try:
        return get_feature_by_slug(slug)
    except LookupError:
        raise Http404(_("This feature does not exist.")) from None


def _parse_uuid_or_404(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404(_("This picture or job does not exist.")) from None


def _redirect(request: HttpRequest, url: str) -> HttpResponse:
    """Redirect the browser, for both full page requests and htmx requests."""
    return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else redirect(url)
