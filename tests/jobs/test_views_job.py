"""The page of a job, its progress fragment, and the actions on it; the list of jobs."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.conftest import as_actor
from tests.factories import make_hosted_connection, make_job
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User
from vanceweb.vault.services import remove_connection

HTMX = {"HX-Request": "true"}
ACTIVE = {"state": Job.State.PROCESSING, "trans_id": "a" * 32, "percent": 41.7}


def begin_work(seconds_ago: float = 0) -> dict[str, Any]:
    """Return the fields of a job that its service has worked on for so long."""
    return {**ACTIVE, "work_started_at": timezone.now() - timedelta(seconds=seconds_ago)}


def test_the_page_of_an_active_job_polls_every_second(visitor: Client, alice: User) -> None:
    job = make_job(alice, **begin_work())
    page = visitor.get(f"/jobs/{job.uuid}/").content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert f'hx-get="/jobs/{job.uuid}/progress/"' in page
    assert "Processing" in page
    assert 'id="cancel-job"' in page


def test_the_fragment_shows_phase_percentage_and_time(visitor: Client, alice: User) -> None:
    job = make_job(alice, **begin_work(75), submitted_at=timezone.now() - timedelta(seconds=90))
    response = visitor.get(f"/jobs/{job.uuid}/progress/", headers=HTMX)
    fragment = response.content.decode()
    assert 'data-percent="42"' in fragment
    assert 'value="41.7"' in fragment
    assert 'data-elapsed="75"' in fragment
    assert "1 min 15 s" in fragment
    assert "<html" not in fragment
    assert "<title>42 % · Processing · holiday.png · vanceweb</title>" in fragment
    assert "HX-Retarget" not in response
    assert "no-store" in response["Cache-Control"]


def test_without_a_percentage_the_bar_is_open_ended(visitor: Client, alice: User) -> None:
    job = make_job(alice, state=Job.State.UPLOADING)
    fragment = visitor.get(f"/jobs/{job.uuid}/progress/", headers=HTMX).content.decode()
    assert 'data-percent=""' in fragment
    assert " value=" not in fragment.split("<progress")[1].split(">")[0]


@pytest.mark.parametrize("state", Job.ENDED)
def test_polling_ends_with_the_job(visitor: Client, alice: User, state: str) -> None:
    job = make_job(alice, state=state)
    response = visitor.get(f"/jobs/{job.uuid}/progress/", headers=HTMX)
    fragment = response.content.decode()
    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#job", "outerHTML")
    assert "hx-get" not in fragment
    assert 'id="job"' in fragment


def test_the_title_says_that_it_is_done(visitor: Client, alice: User) -> None:
    job = make_job(alice)
    fragment = visitor.get(f"/jobs/{job.uuid}/progress/", headers=HTMX).content.decode()
    assert "<title>✓ Done · holiday.png · vanceweb</title>" in fragment


def test_a_done_job_shows_before_and_after_and_everything_about_it(visitor: Client, alice: User) -> None:
    job = make_job(alice, backend="span (ncnn)", engine_version="vanceweb 1.2")
    assert job.result is not None
    page = " ".join(visitor.get(f"/jobs/{job.uuid}/").content.decode().split())
    assert '<img-comparison-slider id="result-compare"' in page
    assert "24 × 16" in page
    assert "48 × 32 px" in page
    assert re.search(r"<dt>Enlarge by</dt>\s*<dd>\s*2×\s*</dd>", page)
    assert re.search(r"<dt>Suppress noise</dt>\s*<dd>\s*40%\s*</dd>", page)
    assert "<dt>Made by</dt><dd>span (ncnn)</dd> <dt>Engine</dt><dd>vanceweb 1.2</dd>" in page
    assert "Bundled engine" in page
    assert f'href="/gallery/{job.result.uuid}/file/?download=1"' in page
    assert f'href="/t/studio/features/enlarge3/?from={job.uuid}"' in page
    assert f'href="/t/studio/?source={job.result.uuid}"' in page


def read_place(client: Client, person: User, job: Job) -> str:
    """Return where the job ran, as its page tells the person. The name of the connection is nowhere else on it."""
    client.force_login(person)
    page = client.get(f"/jobs/{job.uuid}/").content.decode()
    shown = re.search(r"<dt>Runs on</dt>\s*<dd>\s*(.*?)\s*</dd>", page)
    assert shown is not None
    assert page.count("Secret plan") == (shown[1] == "Secret plan")
    return shown[1]


def test_a_private_connections_name_is_its_persons_even_after_its_removal(
    client: Client, alice: User, bob: User
) -> None:
    plan = make_hosted_connection(bob, name="Secret plan")
    job = make_job(bob, connection=plan, connection_name=plan.name)
    assert [read_place(client, person, job) for person in (bob, alice)] == ["Secret plan", "A private connection"]
    remove_connection(actor=as_actor(bob), connection=plan)
    assert [read_place(client, person, job) for person in (bob, alice)] == ["Secret plan", "A removed connection"]


def test_a_private_connections_name_is_not_shown_once_its_person_is_deleted(
    client: Client, alice: User, bob: User
) -> None:
    plan = make_hosted_connection(bob, name="Secret plan")
    job = make_job(bob, connection=plan, connection_name=plan.name)
    bob.delete()
    assert read_place(client, alice, job) == "A removed connection"


def test_the_note_of_the_engine_is_on_the_page(visitor: Client, alice: User) -> None:
    job = make_job(alice, backend="x" * 500, note="No face was found <in> the picture.")
    page = visitor.get(f"/jobs/{job.uuid}/").content.decode()
    assert "No face was found &lt;in&gt; the picture." in page
    assert "x" * 500 in page


def test_settings_that_a_switch_turned_off_are_not_shown(visitor: Client, alice: User) -> None:
    params = {"auto_params": True, "remove_noise": 75, "sharpen": 75}
    job = make_job(alice, steps=[Step("denoise", params)])
    page = visitor.get(f"/jobs/{job.uuid}/").content.decode()
    assert "Automatic" in page
    assert "Remove noise" not in page


def test_a_failure_is_shown_as_a_sentence_with_its_code(visitor: Client, alice: User) -> None:
    job = make_job(alice, state=Job.State.FAILED, error="Too few credits are left.", error_code=30004)
    page = visitor.get(f"/jobs/{job.uuid}/").content.decode()
    assert "Too few credits are left." in page
    assert "30004" in page
    assert 'id="retry-job"' in page


def test_a_failure_that_cannot_be_retried_offers_no_retry(visitor: Client, alice: User) -> None:
    job = make_job(alice, state=Job.State.FAILED, source=None)
    page = visitor.get(f"/jobs/{job.uuid}/").content.decode()
    assert 'id="retry-job"' not in page
    response = visitor.post(f"/jobs/{job.uuid}/retry/", follow=True)
    assert "was removed" in response.content.decode()


STOPPED_DOWNLOAD = {"resume_state": Job.State.DOWNLOADING}
UNCERTAIN_COST = "1 credit, if the download was charged"


@pytest.mark.parametrize(
    ("fields", "cost"),
    [
        ({"state": Job.State.DONE}, "1 credit"),
        (ACTIVE, "1 credit when done"),
        ({"state": Job.State.HELD}, "Would cost 1 credit"),
        ({"state": Job.State.FAILED}, "Nothing was charged"),
        ({"state": Job.State.CANCELLED}, "Nothing was charged"),
        ({"state": Job.State.FAILED, **STOPPED_DOWNLOAD, "error_code": 30004}, "Nothing was charged"),
        ({"state": Job.State.FAILED, **STOPPED_DOWNLOAD}, UNCERTAIN_COST),
        ({"state": Job.State.CANCELLED, **STOPPED_DOWNLOAD}, UNCERTAIN_COST),
    ],
)
def test_the_cost_is_what_the_job_costs_in_its_state(
    visitor: Client, alice: User, fields: dict[str, Any], cost: str
) -> None:
    job = make_job(alice, **fields)
    page = visitor.get(f"/jobs/{job.uuid}/").content.decode()
    shown = re.search(r"<dt>Cost</dt>\s*<dd>\s*(.*?)\s*</dd>", page)
    assert shown is not None
    assert shown[1] == cost
    may_be_charged = cost == UNCERTAIN_COST
    assert ("the service may have charged it" in page) == may_be_charged
    assert ("Nothing was charged." in page) == (
        job.state in (Job.State.FAILED, Job.State.CANCELLED) and not may_be_charged
    )


def test_retry_restarts_a_failed_job(visitor: Client, alice: User) -> None:
    job = make_job(alice, state=Job.State.FAILED, error="It broke.")
    response = visitor.post(f"/jobs/{job.uuid}/retry/")
    job.refresh_from_db()
    assert response["Location"] == f"/jobs/{job.uuid}/"
    assert job.is_active


def test_cancel_stops_it(visitor: Client, alice: User) -> None:
    job = make_job(alice, **ACTIVE)
    assert visitor.post(f"/jobs/{job.uuid}/cancel/").status_code == 302
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


@pytest.mark.parametrize("act", ["cancel", "retry"])
def test_actions_require_post(visitor: Client, alice: User, act: str) -> None:
    job = make_job(alice, state=Job.State.FAILED)
    assert visitor.get(f"/jobs/{job.uuid}/{act}/").status_code == 405


def test_deletion_asks_for_confirmation_and_removes_the_result(visitor: Client, alice: User) -> None:
    job = make_job(alice)
    assert "Delete this result?" in visitor.get(f"/jobs/{job.uuid}/delete/").content.decode()
    assert Job.objects.exists()
    response = visitor.post(f"/jobs/{job.uuid}/delete/")
    assert response["Location"] == "/t/studio/gallery/"
    assert not Job.objects.exists()
    assert not Asset.objects.results().exists()


def test_a_running_job_is_not_deleted(visitor: Client, alice: User) -> None:
    job = make_job(alice, **ACTIVE)
    response = visitor.post(f"/jobs/{job.uuid}/delete/", follow=True)
    assert "still running" in response.content.decode()
    assert Job.objects.exists()


@pytest.mark.parametrize("state", Job.State.values)
def test_every_state_has_its_page_even_without_its_picture(visitor: Client, alice: User, state: str) -> None:
    job = make_job(alice, state=state, source=None, result=None, connection=None)
    assert visitor.get(f"/jobs/{job.uuid}/").status_code == 200


def test_an_empty_list_says_so(visitor: Client) -> None:
    assert "No jobs yet" in visitor.get("/t/studio/jobs/").content.decode()


def test_the_list_is_paginated_by_key(visitor: Client, alice: User, settings: Any) -> None:
    settings.JOBS_PAGE_ROWS = 2
    jobs = [make_job(alice) for _ in range(3)]
    first = visitor.get("/t/studio/jobs/")
    second = visitor.get("/t/studio/jobs/", {"after": first.context["next"]})
    assert first.context["jobs"] + second.context["jobs"] == jobs[::-1]
    assert second.context["next"] is None
    assert visitor.get("/t/studio/jobs/?after=nonsense").status_code == 404


def test_the_list_refreshes_only_while_a_job_is_active(visitor: Client, alice: User) -> None:
    job = make_job(alice, **ACTIVE)
    assert 'hx-trigger="poll"' in visitor.get("/t/studio/jobs/").content.decode()
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED)
    assert "hx-trigger" not in visitor.get("/t/studio/jobs/").content.decode()


def test_the_number_of_queries_is_independent_of_the_length_of_the_list(
    visitor: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(4):
        make_job(alice)
    with django_assert_num_queries(6):  # session, user, membership, jobs, people, refused tokens
        visitor.get("/t/studio/jobs/")


def test_a_poll_of_the_list_gets_only_the_rows_that_changed(visitor: Client, alice: User, settings: Any) -> None:
    settings.JOBS_PAGE_ROWS = 50
    others = [make_job(alice) for _ in range(49)]
    active = make_job(alice, **begin_work(7200))
    page = visitor.get("/t/studio/jobs/").content.decode()
    keys = ",".join(re.findall(r'data-key="(\w+)"', page))
    headers = {**HTMX, "X-Rows": keys}
    assert visitor.get("/t/studio/jobs/", headers=headers).status_code == 204

    Job.objects.filter(pk=active.pk).update(percent=80)
    poll = visitor.get("/t/studio/jobs/", headers=headers).content.decode()
    assert re.findall(r'<li id="row-([\w-]+)"', poll) == [str(active.uuid)]
    assert 'hx-swap-oob="true"' in poll
    assert len(poll) < 2000 < len(page) / 10

    others[0].delete()
    assert 'id="jobs-page" hx-swap-oob="true"' in visitor.get("/t/studio/jobs/", headers=headers).content.decode()
    Job.objects.filter(pk=active.pk).update(state=Job.State.FAILED)
    ended = visitor.get("/t/studio/jobs/", headers=headers).content.decode()
    assert "hx-trigger" not in ended
    assert "<html" not in ended

    Job.objects.all().delete()
    assert visitor.get("/t/studio/jobs/", headers=headers)["HX-Refresh"] == "true"


def test_the_seconds_of_an_active_job_are_no_change(visitor: Client, alice: User) -> None:
    job = make_job(alice, **begin_work(30))
    page = visitor.get("/t/studio/jobs/").content.decode()
    headers = {**HTMX, "X-Rows": ",".join(re.findall(r'data-key="(\w+)"', page))}
    Job.objects.filter(pk=job.pk).update(**begin_work(90))
    assert visitor.get("/t/studio/jobs/", headers=headers).status_code == 204
    assert 'data-elapsed="' in page
