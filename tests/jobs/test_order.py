"""The order of waiting jobs, and the places in it that people are told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import as_actor, get_bundled
from tests.factories import make_hosted_connection, make_upload
from tests.jobs.conftest import NOTHING_TO_DO
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.jobs.due_jobs import filter_due_waiting
from vanceweb.jobs.forecast import find_places
from vanceweb.jobs.models import Job, LastStart
from vanceweb.jobs.order import AGEING_FACTOR, compute_rank, find_next_job, record_start
from vanceweb.jobs.services import cancel_job, hold_job, release_job, retry_job, submit_job
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def build_job(connection: Connection, person: User | None, **fields: Any) -> Job:
    """Build a waiting job without a picture, which the order doesn't need."""
    given: dict[str, Any] = {"expected_seconds": 10.0, "queue_rank": NOON, "state": Job.State.QUEUED}
    return Job(
        team=connection.team,
        created_by=person,
        connection=connection,
        connection_name=connection.name,
        source_name="holiday.png",
        steps={"version": 1, "steps": []},
        feature="denoise",
        credits=1,
        **given | fields,
    )


def add_job(connection: Connection, person: User | None, **fields: Any) -> Job:
    job = build_job(connection, person, **fields)
    job.save()
    return job


def start_all(connection: Connection) -> list[int]:
    """Start the jobs one after another, as workers do. Return their ids in this order."""
    started: list[int] = []
    while (
        job := find_next_job(filter_due_waiting(Job.objects.filter(connection=connection)), connection.pk)
    ) is not None:
        record_start(connection_id=connection.pk, person=job.created_by_id, at=NOON + timedelta(seconds=len(started)))
        Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)
        started.append(job.pk)
    return started


def list_in_order(jobs: Sequence[Job]) -> list[int]:
    places = find_places(jobs)
    return sorted(places, key=lambda pk: places[pk].position)


@given(seconds=st.floats(0, 86400), other=st.floats(0, 86400), later=st.floats(0, 7 * 86400))
def test_shorter_jobs_go_first_but_nothing_waits_for_ever(seconds: float, other: float, later: float) -> None:
    first, second = compute_rank(NOON, seconds), compute_rank(NOON + timedelta(seconds=later), other)
    if later > AGEING_FACTOR * seconds + 1:
        assert first < second, "nothing submitted after this time overtakes the job"
    if later == 0 and seconds < other - 1:
        assert first < second


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    waiting=st.lists(st.tuples(st.sampled_from(["alice", "bob", None]), st.integers(0, 5)), min_size=1, max_size=12),
    earlier=st.lists(st.tuples(st.sampled_from(["alice", "bob", None]), st.integers(1, 9)), max_size=2),
)
def test_jobs_are_started_in_the_order_of_the_places_that_people_see(
    alice: User,
    bob: User,
    waiting: list[tuple[str | None, int]],
    earlier: list[tuple[str | None, int]],
) -> None:
    people = {"alice": alice, "bob": bob, None: None}
    connection = get_bundled(alice)
    Job.objects.all().delete()
    LastStart.objects.all().delete()
    for name, minutes in earlier:
        person = people[name]
        at = NOON - timedelta(minutes=minutes)
        record_start(connection_id=connection.pk, person=person.pk if person else None, at=at)
    jobs = [add_job(connection, people[name], queue_rank=NOON + timedelta(seconds=rank)) for name, rank in waiting]
    told = list_in_order(jobs)
    assert told == start_all(connection)


def test_people_take_turns_whatever_their_numbers_of_jobs(alice: User, bob: User) -> None:
    connection = get_bundled(alice)
    alices = [add_job(connection, alice, queue_rank=NOON + timedelta(seconds=number)) for number in range(3)]
    bobs = [add_job(connection, bob, queue_rank=NOON + timedelta(minutes=1))]
    started = start_all(connection)
    assert started == [alices[0].pk, bobs[0].pk, alices[1].pk, alices[2].pk]


def test_the_person_whose_last_start_is_the_longest_ago_comes_next(alice: User, bob: User) -> None:
    connection = get_bundled(alice)
    record_start(connection_id=connection.pk, person=alice.pk, at=NOON)
    record_start(connection_id=connection.pk, person=bob.pk, at=NOON - timedelta(minutes=1))
    first, second = add_job(connection, alice), add_job(connection, bob, queue_rank=NOON + timedelta(hours=1))
    assert start_all(connection) == [second.pk, first.pk]


def test_the_wait_counts_the_work_before_and_what_is_left_of_running_jobs(alice: User, settings: Any) -> None:
    settings.BUNDLED_JOBS_AT_ONCE = 2
    connection = get_bundled(alice)
    began = timezone.now() - timedelta(seconds=30)
    add_job(connection, alice, state="processing", work_started_at=began, percent=25.0, expected_seconds=40)
    handed_over = add_job(connection, alice, state="processing", expected_seconds=50)
    waiting = [add_job(connection, alice, queue_rank=NOON + timedelta(seconds=one)) for one in range(2)]
    places = find_places([handed_over, *waiting])
    assert [places[job.pk].position for job in (handed_over, *waiting)] == [1, 2, 3]
    # A quarter took 30 s, so 90 s are left.
    assert [places[job.pk].seconds for job in (handed_over, *waiting)] == pytest.approx([90, 140, 150], abs=5)


def test_more_workers_start_more_jobs_at_once(alice: User, settings: Any) -> None:
    settings.BUNDLED_JOBS_AT_ONCE = 3
    jobs = [add_job(get_bundled(alice), alice) for _ in range(4)]
    assert sorted(place.seconds for place in find_places(jobs).values()) == [0, 0, 10, 10]


def test_jobs_at_a_service_on_the_network_occupy_its_places(alice: User, settings: Any) -> None:
    settings.HOSTED_JOBS_AT_ONCE = 2
    connection = make_hosted_connection(alice)
    begun = [add_job(connection, alice, state=state) for state in ("uploading", "processing")]
    waiting = add_job(connection, alice)
    places = find_places([*begun, waiting])
    assert list(places) == [waiting.pk]
    assert (places[waiting.pk].position, places[waiting.pk].seconds) == (1, 10)


def test_teams_share_the_workers_of_the_engine_but_no_other_queue(alice: User, charlie: User) -> None:
    mine = [add_job(get_bundled(alice), alice) for _ in range(2)]
    theirs = add_job(get_bundled(charlie), charlie)
    elsewhere = add_job(make_hosted_connection(alice), alice)
    places = find_places([*mine, theirs, elsewhere])
    assert sorted(places[job.pk].position for job in (*mine, theirs)) == [1, 2, 3]
    assert places[theirs.pk].position == 2
    assert places[elsewhere.pk].position == 1


def test_jobs_that_do_not_wait_have_no_place(alice: User) -> None:
    connection = get_bundled(alice)
    states = ["downloading", "done", "failed", "cancelled", "held"]
    jobs = [add_job(connection, alice, state=state) for state in states]
    jobs.append(add_job(connection, alice, state="processing", work_started_at=NOON))
    orphan = add_job(connection, alice)
    Job.objects.filter(pk=orphan.pk).update(connection=None)
    orphan.refresh_from_db()
    assert find_places([*jobs, orphan]) == {}


def test_places_take_as_many_queries_for_a_thousand_jobs_as_for_one(
    alice: User, django_assert_num_queries: Any
) -> None:
    connection = get_bundled(alice)
    with django_assert_num_queries(0):
        assert find_places([]) == {}
    one = add_job(connection, alice)
    with django_assert_num_queries(3):
        find_places([one])
    Job.objects.bulk_create([build_job(connection, alice) for _ in range(1000)])
    jobs = list(Job.objects.all())
    with django_assert_num_queries(3):
        assert len(find_places(jobs)) == 1001


def test_a_submission_gets_its_expected_work_and_its_rank(alice: User) -> None:
    source = make_upload(alice, width=1000, height=1000)
    job = submit_job(
        actor=as_actor(alice),
        connection=get_bundled(alice),
        source=source,
        steps=[Step("denoise", NOTHING_TO_DO)],
        output=Output(),
    )
    assert job.expected_seconds > 0
    assert job.queue_rank == compute_rank(job.submitted_at, job.expected_seconds)
    Job.objects.filter(pk=job.pk).update(expected_seconds=0, queue_rank=NOON)
    hold_job(job=job, reason="The budget is used up.")
    release_job(job=job)
    assert job.queue_rank == compute_rank(job.submitted_at, job.expected_seconds)
    cancel_job(job=job)
    before = job.queue_rank
    retry_job(actor=as_actor(alice), job=job)
    assert job.queue_rank == compute_rank(job.submitted_at, job.expected_seconds)
    assert job.queue_rank > before
