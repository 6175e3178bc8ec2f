"""A refused token holds the jobs of its connection until it is replaced: nothing is lost, nothing charged twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.conftest import as_actor
from tests.factories import make_hosted_connection, make_job, make_private
from tests.jobs.conftest import JobDriver, run_queue
from vanceweb.engine.models import Transform
from vanceweb.jobs.failures import TOKEN_REJECTED
from vanceweb.jobs.models import Job, ServicePoll
from vanceweb.jobs.services import cancel_job, hold_job
from vanceweb.jobs.tasks import poll_services
from vanceweb.jobs.token_holds import hold_jobs_of_rejected_tokens, release_jobs_of_accepted_tokens
from vanceweb.teams.models import User
from vanceweb.vault.connection_check import check_next_connection
from vanceweb.vault.models import Connection
from vanceweb.vault.services import remove_connection, replace_token, request_balances

STATES = Job.State


@pytest.fixture
def rejected(alice: User) -> Connection:
    return make_hosted_connection(
        alice, private_to_id=None, check_state=Connection.CheckState.FAILED, rejected_at=timezone.now()
    )


def accept(connection: Connection) -> None:
    """Store what a check of a token that works stores."""
    Connection.objects.filter(pk=connection.pk).update(
        check_state=Connection.CheckState.OK, last_error="", rejected_at=None, checked_at=timezone.now()
    )


def set_token(connection: Connection, token: str) -> None:
    connection.token = token
    connection.save(update_fields=["token"])


def test_a_job_whose_call_is_refused_is_held_and_continues_once_the_token_is_replaced(driver: JobDriver) -> None:
    job, waiting = driver.run_turn(driver.submit()), driver.submit()
    good = driver.connection.token.open()
    set_token(driver.connection, "no-such-token-at-all")
    driver.run_turn(job)
    assert (job.state, job.resume_state, job.held_reason) == (STATES.HELD, STATES.PROCESSING, str(TOKEN_REJECTED))
    assert release_jobs_of_accepted_tokens() == 0, "the last check that succeeded is older"
    check_next_connection()
    assert hold_jobs_of_rejected_tokens() == 1
    waiting.refresh_from_db()
    assert (waiting.state, waiting.resume_state, waiting.held_reason) == (STATES.HELD, STATES.QUEUED, job.held_reason)
    # Nobody keeps the bundled engine's connection, so an admin replaces its token.
    driver.connection.refresh_from_db()
    replace_token(actor=driver.actor, connection=driver.connection, token=good)
    assert (release_jobs_of_accepted_tokens(), hold_jobs_of_rejected_tokens()) == (0, 0), "until a check succeeds"
    check_next_connection()
    assert release_jobs_of_accepted_tokens() == 2
    for held in (job, waiting):
        held.refresh_from_db()
        driver.run_until(held, STATES.DONE)
        assert (held.held_reason, held.held_for, held.held_at) == ("", "", None)
    assert (Transform.objects.count(), driver.count_charges()) == (2, 2)


def test_a_poll_that_is_refused_holds_the_parked_job(driver: JobDriver) -> None:
    job = driver.run_turn(driver.submit())
    driver.run_until(job, STATES.PROCESSING)
    set_token(driver.connection, "no-such-token-at-all")
    ServicePoll.objects.update(not_before=timezone.now())
    Job.objects.filter(pk=job.pk).update(not_before=None, lease_token=None)
    poll_services.call()
    run_queue("io")
    job.refresh_from_db()
    assert (job.state, job.resume_state) == (STATES.HELD, STATES.PROCESSING)


def test_an_unreachable_service_holds_nothing(alice: User) -> None:
    silent = make_hosted_connection(alice, check_state=Connection.CheckState.FAILED, last_error="It does not answer.")
    job = make_job(alice, state=STATES.QUEUED, connection=silent)
    assert hold_jobs_of_rejected_tokens() == 0
    job.refresh_from_db()
    assert job.state == STATES.QUEUED


def test_only_jobs_that_wait_on_that_connection_are_held(alice: User, rejected: Connection) -> None:
    leased = make_job(alice, state=STATES.QUEUED, connection=rejected, lease_token="0" * 32)
    others = [
        make_job(alice, state=STATES.QUEUED),
        make_job(alice, state=STATES.FAILED, connection=rejected),
        make_job(alice, state=STATES.PROCESSING, connection=rejected),
        leased,
    ]
    waiting = make_job(alice, state=STATES.QUEUED, connection=rejected)
    assert (hold_jobs_of_rejected_tokens(), hold_jobs_of_rejected_tokens()) == (1, 0)
    waiting.refresh_from_db()
    assert waiting.is_held
    for job in others:
        before = job.state
        job.refresh_from_db()
        assert job.state == before


def test_a_job_that_is_held_for_something_else_stays_held(alice: User, rejected: Connection) -> None:
    job = make_job(alice, state=STATES.QUEUED, connection=rejected)
    hold_job(job=job, reason="The budget is used up.")
    accept(rejected)
    assert release_jobs_of_accepted_tokens() == 0
    job.refresh_from_db()
    assert job.held_reason == "The budget is used up."


def test_a_held_job_can_be_cancelled(alice: User, rejected: Connection) -> None:
    job = make_job(alice, state=STATES.QUEUED, connection=rejected)
    hold_jobs_of_rejected_tokens()
    assert cancel_job(job=job)
    assert (job.state, job.held_reason, job.held_for) == (STATES.CANCELLED, "", "")


def test_a_held_job_fails_if_its_connection_is_removed(driver: JobDriver, rejected: Connection) -> None:
    job = make_job(driver.user, state=STATES.QUEUED, connection=rejected)
    hold_jobs_of_rejected_tokens()
    remove_connection(actor=driver.actor, connection=rejected)
    assert release_jobs_of_accepted_tokens() == 1
    driver.run_turn(job)
    assert (job.state, "connection was removed" in job.error) == (STATES.FAILED, True)


def test_a_held_job_whose_connection_was_taken_back_fails_with_a_sentence(
    alice: User, bob: User, rejected: Connection
) -> None:
    job = make_job(bob, state=STATES.QUEUED, connection=rejected)
    hold_jobs_of_rejected_tokens()
    make_private(rejected, alice)
    accept(rejected)
    release_jobs_of_accepted_tokens()
    job.refresh_from_db()
    assert (job.state, "private connection" in job.error) == (STATES.FAILED, True)
    assert (job.held_reason, job.held_for) == ("", "")


def test_a_service_that_refuses_calls_but_no_checks_ends_the_job_after_a_while(
    driver: JobDriver, settings: Any
) -> None:
    settings.JOB_MAX_SETBACKS = 2
    job = driver.submit()
    good = driver.connection.token.open()
    for _ in range(2):
        set_token(driver.connection, "no-such-token-at-all")
        assert driver.run_turn(job).state == STATES.HELD
        set_token(driver.connection, good)
        request_balances(connection_ids=[driver.connection.pk])
        check_next_connection()
        assert release_jobs_of_accepted_tokens() == 1
    set_token(driver.connection, "no-such-token-at-all")
    assert (driver.run_turn(job).state, job.error_code) == (STATES.FAILED, 30001)


def test_a_round_without_refused_tokens_takes_two_queries(alice: User) -> None:
    for _ in range(3):
        make_job(alice, state=STATES.QUEUED)
    with CaptureQueriesContext(database) as queries:
        hold_jobs_of_rejected_tokens()
        release_jobs_of_accepted_tokens()
    assert len(queries) == 2


def test_the_jobs_page_says_what_to_do(client: Client, alice: User, rejected: Connection) -> None:
    job = make_job(alice, state=STATES.QUEUED, connection=rejected)
    hold_jobs_of_rejected_tokens()
    client.force_login(alice)
    page = " ".join(client.get(f"/jobs/{job.uuid}/").content.decode().split())
    assert "Its keeper has to replace it under Connections. Then the job continues by itself." in page


def test_a_check_before_the_hold_releases_nothing(alice: User, rejected: Connection) -> None:
    job = make_job(alice, state=STATES.QUEUED, connection=rejected)
    hold_jobs_of_rejected_tokens()
    accept(rejected)
    Connection.objects.filter(pk=rejected.pk).update(checked_at=timezone.now() - timedelta(hours=1))
    assert release_jobs_of_accepted_tokens() == 0
    accept(rejected)
    assert release_jobs_of_accepted_tokens() == 1
    job.refresh_from_db()
    assert job.state == STATES.QUEUED
    assert as_actor(alice).can_see(job)
