"""The calls about jobs."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import HeaderEx, P, Query, Router, Status

from vanceweb.api.authentication import ApiRequest
from vanceweb.api.idempotency import JSON_UTF8, answer_once, check_key
from vanceweb.api.job_requests import read_submission
from vanceweb.api.json_bodies import JSON_TYPE, read_json
from vanceweb.api.lists import ListQuery, get_jobs_page
from vanceweb.api.problems import Problem
from vanceweb.api.representations import describe_job, to_json_text
from vanceweb.api.schemas import JobIn, JobOut, JobPage
from vanceweb.catalogue.jconfig import JConfigError
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import hide_private_pictures
from vanceweb.jobs.queries import add_places
from vanceweb.jobs.services import cancel_job, retry_job, submit_job
from vanceweb.teams.access import Action, Actor, filter_visible, require, require_editable

router = Router(tags=["Jobs"])
JOB_BODY = {
    "requestBody": {
        "required": True,
        "content": {JSON_TYPE: {"schema": {"$ref": "#/components/schemas/JobIn"}}},
    }
}


@router.post("/jobs", response={202: JobOut}, summary="Submit a job", openapi_extra=JOB_BODY)
def add_job(
    request: ApiRequest,
    key: HeaderEx[
        str, P(alias="Idempotency-Key", max_length=200, description="A job with the same key isn't submitted again.")
    ] = "",
) -> HttpResponse:
    """Have the steps done on a picture. Ask for the job by its id until it has ended, or let a webhook tell you."""
    actor = request.auth
    require(actor, Action.SPEND)
    key, body = check_key(key), read_json(request, JobIn)

    def submit() -> HttpResponse:
        submission = read_submission(actor, body)
        try:
            job = submit_job(
                actor=actor,
                connection=submission.connection,
                source=submission.source,
                steps=submission.steps,
                output=submission.output,
                when_short=body.when_short,
            )
        except (JobRefused, JConfigError) as refusal:
            raise Problem(409, str(refusal)) from None
        answer = _describe(actor, job)
        location = reverse("site-api:get_job", args=[job.uuid])
        headers = {"Location": location}
        return HttpResponse(to_json_text(answer), status=202, content_type=JSON_UTF8, headers=headers)

    return answer_once(actor, key, body.model_dump(mode="json"), submit)


@router.get("/jobs", response=JobPage, summary="List jobs")
def list_jobs(request: ApiRequest, query: Query[ListQuery]) -> JobPage:
    """List the team's jobs and the person's private ones, the newest first."""
    require(request.auth, Action.SEE)
    jobs, following = get_jobs_page(request.auth, query)
    return JobPage(items=[describe_job(job) for job in jobs], next=following)


@router.get("/jobs/{uuid:job_id}", response=JobOut, summary="A job")
def get_job(request: ApiRequest, job_id: UUID) -> JobOut:
    """Tell a job's state, its progress and, at the end, its result or its error."""
    require(request.auth, Action.SEE)
    return _describe(request.auth, _get_job(request.auth, job_id))


@router.post("/jobs/{uuid:job_id}/cancel", response=JobOut, summary="Cancel a job")
def cancel(request: ApiRequest, job_id: UUID) -> JobOut:
    """End a job at once, in any phase. One that has ended is refused (409)."""
    job = _get_job(request.auth, job_id)
    require_editable(request.auth, job)
    if not cancel_job(job=job):
        raise Problem(409, _("The job has ended already."))
    return _describe(request.auth, _get_job(request.auth, job_id))


@router.post("/jobs/{uuid:job_id}/retry", response={202: JobOut}, summary="Retry a job")
def retry(request: ApiRequest, job_id: UUID) -> Status[JobOut]:
    """Start a failed or cancelled job again, from where it stopped if that is possible."""
    job = _get_job(request.auth, job_id)
    require_editable(request.auth, job)
    try:
        retry_job(actor=request.auth, job=job)
    except JobRefused as refusal:
        raise Problem(409, str(refusal)) from None
    return Status(202, _describe(request.auth, _get_job(request.auth, job_id)))


def _get_job(actor: Actor, job_id: UUID) -> Job:
    jobs = Job.objects.with_pictures().select_related("result__created_by")
    return get_object_or_404(filter_visible(jobs, actor), uuid=job_id)


def _describe(actor: Actor, job: Job) -> JobOut:
    hide_private_pictures(actor, [job])
    add_places([job])
    return describe_job(job)
