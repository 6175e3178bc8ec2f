"""Deleting: the question tells all that goes and stays, the message what went, and people return to their list."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.conftest import as_actor
from tests.factories import make_hosted_connection, make_job, make_private, make_upload
from vanceweb.gallery.models import Asset
from vanceweb.jobs.deletion import plan_deletion
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import delete_job
from vanceweb.teams.models import User
from vanceweb.teams.return_lists import COOKIE

RESULT_GOES = 'The result of <strong class="break">holiday.png</strong> and its job are deleted for good.'
JOB_GOES = 'The job on <strong class="break">holiday.png</strong> is deleted for good.'
SOURCE_GOES = "The picture that was sent is deleted too."


def read(client: Client, address: str) -> str:
    return " ".join(client.get(address, follow=True).content.decode().split())


def use_source_again(job: Job, user: User, times: int = 1) -> None:
    for _ in range(times):
        make_job(user, source=job.source)


def use_result(job: Job, user: User) -> None:
    make_job(user, source=job.result)
    make_job(user, source=job.result, state=Job.State.QUEUED)


def keep_sample(job: Job, user: User) -> None:
    Asset.objects.filter(pk=job.source_id).update(kind=Asset.Kind.SAMPLE)


CASES: dict[str, tuple[dict[str, object], Callable[[Job, User], object], list[str], str]] = {
    "a result with its upload": (
        {},
        lambda job, user: None,
        [RESULT_GOES, SOURCE_GOES, "not given back, and stays in the history."],
        "The result of holiday.png and the picture that was sent are deleted.",
    ),
    "an upload that one job needs": (
        {},
        use_source_again,
        [RESULT_GOES, "The picture that was sent stays: another job uses it."],
        "The result of holiday.png is deleted.",
    ),
    "an upload that two jobs need": (
        {},
        lambda job, user: use_source_again(job, user, 2),
        [RESULT_GOES, "The picture that was sent stays: 2 other jobs use it."],
        "The result of holiday.png is deleted.",
    ),
    "a sample": ({}, keep_sample, [RESULT_GOES, "The sample stays."], "The result of holiday.png is deleted."),
    "a result that other jobs use": (
        {},
        use_result,
        [RESULT_GOES, "One job that used it stays, without it.", "One job that hasn&#x27;t sent it yet fails."],
        "The result of holiday.png and the picture that was sent are deleted.",
    ),
    "a failed job": (
        {"state": Job.State.FAILED},
        lambda job, user: None,
        [JOB_GOES, SOURCE_GOES, "It cost nothing."],
        "The job on holiday.png and the picture that was sent are deleted.",
    ),
    "a failed download": (
        {"state": Job.State.FAILED, "resume_state": Job.State.DOWNLOADING},
        lambda job, user: None,
        [JOB_GOES, "Credits that the service has charged are not given back"],
        "The job on holiday.png and the picture that was sent are deleted.",
    ),
    "a cancelled job without its picture": (
        {"state": Job.State.CANCELLED, "source": None},
        lambda job, user: None,
        [JOB_GOES, "It cost nothing."],
        "The job on holiday.png is deleted.",
    ),
}


@pytest.mark.parametrize(("fields", "prepare", "sentences", "message"), CASES.values(), ids=CASES.keys())
def test_line_17_the_question_and_the_message_say_what_goes(
    visitor: Client,
    alice: User,
    fields: dict[str, object],
    prepare: Callable[[Job, User], object],
    sentences: list[str],
    message: str,
) -> None:
    job = make_job(alice, **fields)
    prepare(job, alice)
    pages = [read(visitor, f"/jobs/{job.uuid}/delete/"), read(visitor, f"/jobs/{job.uuid}/")]
    for sentence in sentences:
        assert [sentence.replace("&#x27;", "'") in page.replace("&#x27;", "'") for page in pages] == [True, True]
    stays = Asset.objects.filter(pk=job.source_id).exists() and SOURCE_GOES not in pages[0]
    response = visitor.post(f"/jobs/{job.uuid}/delete/", follow=True)
    assert f">{message}<" in response.content.decode().replace("\n", "")
    assert Asset.objects.filter(pk=job.source_id).exists() is stays
    assert not Asset.objects.filter(pk=job.result_id).exists()


def test_line_17_the_plan_is_what_the_deletion_does(alice: User, bob: User) -> None:
    made_by_bob = make_job(bob)
    assert made_by_bob.result is not None
    make_private(made_by_bob.result, bob)
    plan = plan_deletion(made_by_bob, as_actor(alice))
    assert (plan.deleted_result, plan.keeps_result, plan.deleted_source) == (None, True, made_by_bob.source)
    assert delete_job(actor=as_actor(alice), job=made_by_bob) == plan
    assert delete_job(actor=as_actor(alice), job=made_by_bob) is None


def test_line_17_private_jobs_of_others_are_not_counted(alice: User, bob: User) -> None:
    job = make_job(alice)
    for _ in range(2):
        make_private(make_job(bob, source=job.source), bob)
    assert plan_deletion(job, as_actor(alice)).source_stays == "The picture that was sent stays: another job uses it."


def test_line_17_what_belongs_to_somebody_else_stays_and_that_is_said(alice: User, bob: User, client: Client) -> None:
    job = make_job(bob, source=make_upload(alice))
    client.force_login(bob)
    page = read(client, f"/jobs/{job.uuid}/delete/")
    assert "The picture that was sent stays: it is somebody else&#x27;s." in page
    client.post(f"/jobs/{job.uuid}/delete/")
    assert Asset.objects.filter(pk=job.source_id).exists()


@pytest.mark.parametrize(
    ("state", "sentence"),
    [(Job.State.QUEUED, "still running. Cancel it first"), (Job.State.HELD, "The job is held. Cancel it first")],
)
def test_line_17_a_job_that_has_not_ended_is_not_asked_about(
    visitor: Client, alice: User, state: str, sentence: str
) -> None:
    job = make_job(alice, state=state)
    response = visitor.get(f"/jobs/{job.uuid}/delete/", follow=True)
    assert response.redirect_chain == [(f"/jobs/{job.uuid}/", 302)]
    assert sentence in response.content.decode()


def test_line_17_the_heading_of_the_question_is_in_its_card(visitor: Client, alice: User) -> None:
    page = read(visitor, f"/jobs/{make_job(alice).uuid}/delete/")
    assert '<div class="card card-alone"> <h1> Delete this result? </h1>' in page


LISTS = ["/t/studio/jobs/", "/t/studio/gallery/", "/t/studio/", "/t/studio/usage/history/"]


@pytest.mark.parametrize("address", LISTS)
def test_line_17_people_return_to_the_list_they_came_from(visitor: Client, alice: User, address: str) -> None:
    job = make_job(alice)
    visitor.get(address)
    visitor.get(f"/jobs/{job.uuid}/")
    assert visitor.post(f"/jobs/{job.uuid}/delete/")["Location"] == address


def test_line_17_and_to_its_page(visitor: Client, alice: User, settings: object) -> None:
    settings.JOBS_PAGE_ROWS = 1  # type: ignore[attr-defined]
    first, *_rest, last = [make_job(alice) for _ in range(3)]
    older = visitor.get("/t/studio/jobs/").content.decode().split('href="?after=')[1].split('"')[0]
    visitor.get(f"/t/studio/jobs/?after={older}")
    response = visitor.post(f"/jobs/{last.uuid}/delete/")
    assert response["Location"] == f"/t/studio/jobs/?after={older}"
    assert visitor.get(response["Location"]).status_code == 200
    Job.objects.exclude(pk=first.pk).delete()
    Job.objects.all().delete()
    emptied = visitor.get(response["Location"])
    assert emptied["Location"] == "/t/studio/jobs/", "a page whose last row is gone isn't an empty list"


def test_line_17_the_page_that_the_job_was_opened_from_counts(visitor: Client, alice: User) -> None:
    """Another tab may have shown another list since; parts that a page fetches by itself never count."""
    job = make_job(alice)
    visitor.get("/t/studio/jobs/")
    visitor.get("/t/studio/usage/history/")
    visitor.get("/t/studio/gallery/", headers={"HX-Request": "true"})
    visitor.get(f"/jobs/{job.uuid}/", headers={"Referer": "http://testserver/t/studio/jobs/"})
    visitor.get(f"/jobs/{job.uuid}/", headers={"Referer": f"http://testserver/jobs/{job.uuid}/"})
    assert visitor.post(f"/jobs/{job.uuid}/delete/")["Location"] == "/t/studio/jobs/"


@pytest.mark.parametrize("state", [Job.State.DONE, Job.State.FAILED])
def test_line_17_without_a_list_they_go_where_the_thing_was_shown(visitor: Client, alice: User, state: str) -> None:
    job = make_job(alice, state=state)
    expected = "/t/studio/gallery/" if state == Job.State.DONE else "/t/studio/jobs/"
    assert visitor.post(f"/jobs/{job.uuid}/delete/")["Location"] == expected


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/t/studio/jobs/", "//evil.example/t/studio/jobs/", "/\\evil.example/t/studio/jobs/",
        "javascript:alert(1)", "/t/elsewhere/jobs/", "/logout/", "/jobs/", "/nowhere/", "/t/studio/jobs/\r\nX: y",
        "http:/t/studio/jobs/", "http://[x/t/studio/jobs/", "", "x" * 5000,
    ],
)  # fmt: skip
def test_line_17_nothing_but_a_list_of_the_team_is_returned_to(visitor: Client, alice: User, address: str) -> None:
    job = make_job(alice)
    visitor.get(f"/jobs/{job.uuid}/", headers={"Referer": address.replace("\r\n", "")})
    visitor.cookies[COOKIE] = address
    assert visitor.post(f"/jobs/{job.uuid}/delete/")["Location"] == "/t/studio/gallery/"


def test_line_17_a_picture_is_deleted_alike(visitor: Client, alice: User) -> None:
    job = make_job(alice)
    assert job.result is not None
    make_job(alice, source=job.result)
    make_job(alice, source=job.result, state=Job.State.QUEUED)
    visitor.get("/t/studio/jobs/")
    page = read(visitor, f"/gallery/{job.result.uuid}/delete/").replace("&#x27;", "'")
    assert "The job that made it stays in the list of jobs, and its credits are not given back." in page
    assert "One job that used it stays, without it. One job that hasn't sent it yet fails." in page
    assert '<a class="button" href="/t/studio/jobs/">Keep it</a>' in page
    response = visitor.post(f"/gallery/{job.result.uuid}/delete/", follow=True)
    assert response.redirect_chain == [("/t/studio/jobs/", 302)]
    assert f"{job.result.name} is deleted." in response.content.decode()
    upload = make_upload(alice)
    page = read(visitor, f"/gallery/{upload.uuid}/delete/")
    assert "The job that made it" not in page
    assert "that used it" not in page


@pytest.mark.parametrize(
    ("unfinished", "sentence"),
    [(0, ""), (1, "The job that hasn't ended on it fails."), (2, "The 2 jobs that haven't ended on it fail.")],
)
def test_line_17_removing_a_connection_says_which_jobs_end(
    visitor: Client, alice: User, unfinished: int, sentence: str
) -> None:
    connection = make_hosted_connection(alice)
    make_job(alice, connection=connection)
    for _ in range(unfinished):
        make_job(alice, connection=connection, state=Job.State.QUEUED)
    page = read(visitor, f"/connections/{connection.uuid}/remove/").replace("&#x27;", "'")
    assert ("ended on it" in page, sentence in page) == (unfinished > 0, True)
    assert "Nobody in the team can use the connection any more." not in page
    response = visitor.post(f"/connections/{connection.uuid}/remove/", follow=True)
    assert response.redirect_chain == [("/t/studio/connections/", 302)]
    assert "Studio plan is removed, and its token deleted." in response.content.decode()


def test_line_17_the_engines_connection_is_not_asked_about(visitor: Client, alice: User, bundled: object) -> None:
    response = visitor.get(f"/connections/{bundled.uuid}/remove/", follow=True)  # type: ignore[attr-defined]
    assert response.redirect_chain == [("/t/studio/connections/", 302)]
    assert "The connection to the bundled engine stays" in response.content.decode()
