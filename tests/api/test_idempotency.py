"""Requests that are sent twice: one job, and the first answer again."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from tests.api.conftest import Caller, assert_problem, call_as
from tests.factories import make_upload
from vanceweb.api.idempotency import remove_old_answers
from vanceweb.api.models import RepeatableAnswer
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User

SENDERS = 6


@pytest.fixture
def picture(bob: User) -> Asset:
    return make_upload(bob)


def submit(caller: Caller, picture: Asset, key: str = "order-1", scale: int = 2) -> Any:
    steps = [{"module": "enlarge3", "params": {"scale": scale}}]
    return caller.post("/jobs", json={"picture": str(picture.uuid), "steps": steps}, headers={"Idempotency-Key": key})


def test_a_repetition_gets_the_first_answer_byte_for_byte(bobs: Caller, picture: Asset) -> None:
    first = submit(bobs, picture)
    Job.objects.update(state=Job.State.DONE)
    second = submit(bobs, picture)
    assert (second.status_code, second.content) == (first.status_code, first.content) == (202, second.content)
    assert second["Location"] == first["Location"]
    assert second["Content-Type"] == first["Content-Type"]
    assert Job.objects.count() == 1


def test_other_parameters_under_the_same_key_are_refused(bobs: Caller, picture: Asset) -> None:
    submit(bobs, picture)
    problem = assert_problem(submit(bobs, picture, scale=4), 422)
    assert problem["errors"][0]["field"] == "Idempotency-Key"
    assert Job.objects.count() == 1


def test_another_key_and_no_key_are_new_jobs(bobs: Caller, picture: Asset) -> None:
    for key in ("order-1", "order-2", "", ""):
        assert submit(bobs, picture, key).status_code == 202
    assert Job.objects.count() == 4


def test_a_key_is_the_persons_own(bobs: Caller, picture: Asset, alice: User) -> None:
    first, second = submit(bobs, picture), submit(call_as(alice), picture)
    assert first.json()["id"] != second.json()["id"]


def test_a_refused_request_may_be_sent_again(bobs: Caller, picture: Asset) -> None:
    Asset.objects.update(private_to=picture.created_by)
    stranger = Asset.objects.get()
    assert_problem(submit(bobs, stranger, scale=3), 422)
    assert not RepeatableAnswer.objects.exists()
    assert submit(bobs, stranger, scale=2).status_code == 202


def test_a_key_is_free_again_after_a_day(bobs: Caller, picture: Asset) -> None:
    submit(bobs, picture)
    RepeatableAnswer.objects.update(created_at=timezone.now() - timedelta(hours=23))
    remove_old_answers()
    submit(bobs, picture)
    RepeatableAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    submit(bobs, picture)
    assert Job.objects.count() == 2
    RepeatableAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    remove_old_answers()
    assert not RepeatableAnswer.objects.exists()


@pytest.mark.parametrize("key", ["x" * 201, "ü", "a\tb"])
def test_an_unreadable_key_is_refused(key: str, bobs: Caller, picture: Asset) -> None:
    assert_problem(submit(bobs, picture, key), 422)


def test_the_same_request_at_the_same_moment_is_one_job(
    postgresql: None, transactional_db: None, bobs: Caller, picture: Asset
) -> None:
    start, answers = threading.Barrier(SENDERS), []

    def send() -> None:
        start.wait()
        try:
            answers.append(submit(bobs, picture))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}
    assert len(answers) == SENDERS
    assert Job.objects.count() == 1
