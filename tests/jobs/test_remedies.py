"""The main button of a job that failed or was cancelled: what helps, and never what must fail again."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.conftest import as_actor, get_bundled
from tests.factories import make_hosted_connection, make_job, make_private, make_upload
from tests.jobs.conftest import JobDriver
from vanceweb.catalogue.steps import Step
from vanceweb.client import InvalidResponse, JobFailed, ServiceUnreachable, VanceError, build_refusal
from vanceweb.gallery.models import Blob
from vanceweb.jobs.failures import to_failure
from vanceweb.jobs.models import Job
from vanceweb.jobs.remedies import REMEDIES, Remedies, Remedy, find_remedies
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

KINDS = Job.FailureKind
OK, FAILED = Connection.CheckState.OK, Connection.CheckState.FAILED
NEW_FEATURE = "/t/studio/features/enlarge3/"


def load(job: Job) -> Job:
    """Return the job as its page loads it."""
    return Job.objects.with_pictures().with_connection().get(pk=job.pk)


def fail(user: User, kind: str = KINDS.OUTAGE, **fields: Any) -> Job:
    return load(make_job(user, state=Job.State.FAILED, failure_kind=kind, **fields))


def describe(remedies: Remedies) -> tuple[Remedy | None, str, bool]:
    main = remedies.main
    return (main and main.remedy, main.address if main else "", remedies.offers_retry)


def refuse(code: int, message: str = "No.", request: str = "POST /transform") -> VanceError:
    return build_refusal(code, message, request)


LASTING = ServiceUnreachable("The name x.invalid is not known.", "POST /upload", False, is_lasting=True)
ERRORS: dict[str, tuple[VanceError, str]] = {
    "out of order": (ServiceUnreachable("It is down.", "POST /upload"), KINDS.OUTAGE),
    "unknown name": (LASTING, KINDS.ADDRESS),
    "no API": (InvalidResponse("A web page.", "POST /upload"), KINDS.ADDRESS),
    "10001 of the picture": (refuse(10001, request="POST /upload"), KINDS.PICTURE),
    "10012 of the picture": (refuse(10012, request="POST /upload"), KINDS.PICTURE),
    "10001 of the settings": (refuse(10001), KINDS.SETTINGS),
    "10012 of the result": (refuse(10012), KINDS.SETTINGS),
    "10013": (refuse(10013), KINDS.SETTINGS),
    "10010": (refuse(10010), KINDS.OUTAGE),
    "10011": (refuse(10011), KINDS.OUTAGE),
    "10014 with a reason": (refuse(10014, "The result would be too large."), KINDS.SETTINGS),
    "10014 without one": (refuse(10014, ""), KINDS.OUTAGE),
    "10014 as documented": (JobFailed(10014, "Job failed and exited for an unexpected reason", "x"), KINDS.OUTAGE),
    "30001": (refuse(30001), KINDS.TOKEN),
    "30004": (refuse(30004), KINDS.CREDITS),
    "undocumented": (refuse(20202), KINDS.OUTAGE),
}


@pytest.mark.parametrize(("error", "kind"), ERRORS.values(), ids=ERRORS.keys())
def test_line_16_each_error_of_a_service_has_its_kind(alice: User, error: VanceError, kind: str) -> None:
    assert to_failure(error, make_job(alice, state=Job.State.UPLOADING)).kind == kind


def test_each_kind_has_a_remedy_and_only_outages_are_tried_again_first() -> None:
    assert set(REMEDIES) == set(KINDS)
    assert [kind for kind, remedy in REMEDIES.items() if remedy is Remedy.TRY_AGAIN] == [KINDS.OUTAGE]


@pytest.mark.parametrize(
    ("kind", "remedy", "query"),
    [
        (KINDS.PICTURE, Remedy.OTHER_PICTURE, "&without=picture"),
        (KINDS.SETTINGS, Remedy.CHANGE_SETTINGS, ""),
        (KINDS.CREDITS, Remedy.OTHER_CONNECTION, "&without=connection"),
    ],
)
def test_line_16_the_form_that_helps_is_the_main_button(alice: User, kind: str, remedy: Remedy, query: str) -> None:
    make_hosted_connection(alice, check_state=OK)
    job = fail(alice, kind, credits=Decimal(5000))
    address = f"{NEW_FEATURE}?from={job.uuid}{query}"
    assert describe(find_remedies(job, as_actor(alice))) == (remedy, address, True)


def test_line_16_what_may_pass_is_tried_again_first(alice: User) -> None:
    actor = as_actor(alice)
    for job in (fail(alice), load(make_job(alice, state=Job.State.CANCELLED))):
        assert describe(find_remedies(job, actor)) == (Remedy.TRY_AGAIN, "", False)
    assert find_remedies(make_job(alice), actor) == Remedies()
    assert find_remedies(make_job(alice, state=Job.State.QUEUED), actor) == Remedies()


def test_line_16_a_refused_token_is_replaced_first_and_tried_again_once_it_works(alice: User) -> None:
    plan = make_hosted_connection(alice, check_state=OK)
    job = fail(alice, KINDS.TOKEN, connection=plan)
    edit = f"/connections/{plan.uuid}/edit/"
    assert describe(find_remedies(job, as_actor(alice))) == (Remedy.CHANGE_CONNECTION, edit, True)
    Connection.objects.filter(pk=plan.pk).update(check_state=FAILED)
    assert describe(find_remedies(load(job), as_actor(alice))) == (Remedy.CHANGE_CONNECTION, edit, False)
    later = timezone.now() + timedelta(minutes=1)
    Connection.objects.filter(pk=plan.pk).update(check_state=OK, checked_at=later)
    assert describe(find_remedies(load(job), as_actor(alice))) == (Remedy.TRY_AGAIN, "", False)


def test_line_16_a_wrong_address_leads_to_the_connections_card(alice: User) -> None:
    plan = make_hosted_connection(alice, check_state=OK)
    job = fail(alice, KINDS.ADDRESS, connection=plan)
    card = f"/t/studio/connections/#connection-{plan.uuid}"
    assert describe(find_remedies(job, as_actor(alice))) == (Remedy.CHANGE_CONNECTION, card, True)


def test_line_16_added_credits_make_trying_again_the_remedy(alice: User) -> None:
    plan = make_hosted_connection(alice, check_state=OK, granted=Decimal(10), used=Decimal(10))
    job = fail(alice, KINDS.CREDITS, connection=plan, resume_state=Job.State.DOWNLOADING)
    assert find_remedies(job, as_actor(alice)).offers_retry
    assert describe(find_remedies(job, as_actor(alice)))[0] is Remedy.OTHER_CONNECTION
    Connection.objects.filter(pk=plan.pk).update(granted=Decimal(20))
    assert describe(find_remedies(load(job), as_actor(alice)))[0] is Remedy.TRY_AGAIN


def test_line_16_without_another_connection_one_is_added(alice: User) -> None:
    job = fail(alice, KINDS.CREDITS, credits=Decimal(5000))
    main = find_remedies(job, as_actor(alice)).main
    assert main is not None
    assert (str(main.label), main.address) == ("Add a connection", "/t/studio/connections/#add")


@pytest.mark.parametrize("kind", KINDS)
def test_line_16_a_picture_that_is_gone_or_damaged_is_replaced_first(alice: User, kind: str) -> None:
    for job in (fail(alice, kind), fail(alice, kind, source=None)):
        if job.source is not None:
            Blob.objects.filter(pk=job.source.blob_id).update(problem="The file is damaged.")
        main, address, offers_retry = describe(find_remedies(load(job), as_actor(alice)))
        assert (main, offers_retry) == (Remedy.OTHER_PICTURE, False)
        assert address == f"{NEW_FEATURE}?from={job.uuid}&without=picture"


def test_line_16_a_connection_that_is_gone_or_somebody_elses_is_replaced_first(alice: User, bob: User) -> None:
    gone = fail(alice, connection=None, connection_name="Old plan")
    private = fail(alice, connection=make_hosted_connection(bob))
    for job in (gone, private):
        expected = (Remedy.OTHER_CONNECTION, f"{NEW_FEATURE}?from={job.uuid}&without=connection", False)
        assert describe(find_remedies(job, as_actor(alice))) == expected


def test_line_16_a_broken_connection_is_mended_by_whoever_may(alice: User, bob: User) -> None:
    plan = make_hosted_connection(alice, check_state=FAILED)
    plan.private_to = None
    plan.save()
    jobs = {alice: fail(alice, connection=plan), bob: fail(bob, connection=plan)}
    expected = {alice: Remedy.CHANGE_CONNECTION, bob: Remedy.OTHER_CONNECTION}
    for person, job in jobs.items():
        assert describe(find_remedies(job, as_actor(person)))[::2] == (expected[person], False)


def test_line_16_a_job_of_several_steps_leads_to_the_studio_with_its_picture(alice: User) -> None:
    steps = (Step("denoise", {"auto_params": True}), Step("enlarge3", {"scale": 2}))
    job = fail(alice, KINDS.SETTINGS, steps=steps)
    assert job.source is not None
    address = f"/t/studio/?source={job.source.uuid}"
    assert describe(find_remedies(job, as_actor(alice))) == (Remedy.CHANGE_SETTINGS, address, True)
    refused = fail(alice, KINDS.PICTURE, steps=steps)
    assert describe(find_remedies(refused, as_actor(alice)))[1] == "/t/studio/"


def test_line_16_nobody_is_offered_what_they_may_not_do(alice: User, bob: User, viewer: User) -> None:
    assert find_remedies(fail(alice), as_actor(bob)) == Remedies()
    assert describe(find_remedies(fail(alice, KINDS.SETTINGS), as_actor(bob)))[::2] == (Remedy.CHANGE_SETTINGS, False)
    assert find_remedies(fail(alice, KINDS.SETTINGS), as_actor(viewer)) == Remedies()


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(30001, Remedy.CHANGE_CONNECTION), (10001, Remedy.CHANGE_SETTINGS), (None, Remedy.TRY_AGAIN)],
)
def test_jobs_that_failed_before_there_were_kinds_have_a_remedy(alice: User, code: int | None, remedy: Remedy) -> None:
    job = fail(alice, "", error_code=code, error="No.")
    assert describe(find_remedies(job, as_actor(alice)))[0] is remedy


def read_buttons(client: Client, job: Job) -> list[str]:
    """Return the texts of the main button and of the buttons that only retry."""
    page = " ".join(client.get(f"/jobs/{job.uuid}/").content.decode().split())
    return re.findall(r'(button-primary|class="button")[^>]*id="(retry-job|job-remedy)"', page) or [page]


def test_line_16_the_page_has_one_main_button(visitor: Client, alice: User) -> None:
    assert read_buttons(visitor, fail(alice)) == [("button-primary", "retry-job")]
    assert read_buttons(visitor, fail(alice, KINDS.SETTINGS)) == [
        ("button-primary", "job-remedy"),
        ('class="button"', "retry-job"),
    ]
    page = visitor.get(f"/jobs/{fail(alice, KINDS.SETTINGS).uuid}/").content.decode()
    assert page.count("Change the settings") == 1
    assert "Run again with changes</a>" not in page


def test_line_16_the_form_keeps_all_but_what_is_to_be_changed(visitor: Client, alice: User) -> None:
    other = make_hosted_connection(alice, name="Other plan", check_state=OK)
    job = make_job(alice, state=Job.State.FAILED, steps=[Step("enlarge3", {"scale": 4})])
    assert job.source is not None

    def read(query: str) -> tuple[bool, str, bool]:
        page = " ".join(visitor.get(f"{NEW_FEATURE}?from={job.uuid}{query}").content.decode().split())
        chosen = re.search(r'<option value="([^"]+)"[^>]* selected', page)
        assert chosen is not None
        has_scale = re.search(r'name="scale" value="4"[^>]*checked', page) is not None
        return f'name="source" value="{job.source.uuid}"' in page, chosen[1], has_scale

    bundled = str(get_bundled(alice).uuid)
    assert read("") == (True, bundled, True)
    assert read("&without=picture") == (False, bundled, True)
    assert read("&without=connection") == (True, str(other.uuid), True)


def test_line_16_a_damaged_picture_fails_with_the_kind_of_a_picture(driver: JobDriver) -> None:
    job = driver.submit()
    Blob.objects.update(problem="The file is damaged.", thumbnails_at=timezone.now())
    driver.run_turn(job)
    assert (job.state, job.failure_kind) == (Job.State.FAILED, KINDS.PICTURE)


def test_line_16_a_private_picture_of_somebody_else_is_replaced(visitor: Client, alice: User, bob: User) -> None:
    job = make_job(alice, state=Job.State.FAILED, source=make_upload(bob))
    assert job.source is not None
    make_private(job.source, bob)
    page = visitor.get(f"/jobs/{job.uuid}/").content.decode()
    assert "Choose another picture" in page
    assert "retry-job" not in page
