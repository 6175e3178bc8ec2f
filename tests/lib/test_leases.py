import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.backends.signals import connection_created
from django.utils import timezone
from pytest_django import Settings

from tests.lib.models import Work
from vanceweb.lib.leases import (
    Heartbeat,
    Lease,
    LeaseLost,
    claim,
    claim_first,
    filter_due,
    release_running_leases,
)

MINUTE = timedelta(minutes=1)
PAST = timedelta(seconds=-1)


def claim_work(work: Work, duration: timedelta = MINUTE) -> Lease[Work] | None:
    return claim(Work.objects.all(), pk=work.pk, states=["queued", "running"], state="running", duration=duration)


def claim_or_fail(work: Work, duration: timedelta = MINUTE) -> Lease[Work]:
    lease = claim_work(work, duration)
    assert lease is not None
    return lease


@pytest.mark.django_db
def test_claiming_a_row_holds_it_and_counts_the_attempt() -> None:
    work = Work.objects.create()
    lease = claim_or_fail(work)
    work.refresh_from_db()
    assert (work.state, work.attempts, work.lease_token) == ("running", 1, lease.token)
    assert claim_work(work) is None


@pytest.mark.django_db
def test_an_expired_row_can_be_claimed_again_and_the_first_holder_notices() -> None:
    work = Work.objects.create()
    first = claim_or_fail(work, PAST)
    second = claim_or_fail(work)
    with pytest.raises(LeaseLost):
        first.write(note="late")
    second.write(note="in time")
    work.refresh_from_db()
    assert (work.note, work.attempts) == ("in time", 2)


@pytest.mark.django_db
def test_a_row_that_is_not_due_or_has_another_state_is_not_claimed() -> None:
    assert claim_work(Work.objects.create(not_before=timezone.now() + MINUTE)) is None
    assert claim_work(Work.objects.create(state="done")) is None


@pytest.mark.django_db
def test_releasing_updates_and_frees_the_row() -> None:
    work = Work.objects.create()
    lease = claim_or_fail(work)
    lease.release(state="queued", note="again")
    work.refresh_from_db()
    assert (work.lease_token, work.lease_until, work.note) == (None, None, "again")
    with pytest.raises(LeaseLost):
        lease.extend()
    assert claim_work(work) is not None


@pytest.mark.django_db
def test_only_free_and_expired_rows_are_due() -> None:
    free, held, expired = (Work.objects.create() for _ in range(3))
    claim_or_fail(held)
    claim_or_fail(expired, PAST)
    Work.objects.create(state="done")
    assert set(filter_due(Work.objects.all(), ["queued", "running"])) == {free, expired}


@pytest.mark.django_db(transaction=True)
def test_exactly_one_of_many_concurrent_claims_wins() -> None:
    work = Work.objects.create()
    barrier = threading.Barrier(8)
    leases: list[Lease[Work] | None] = []

    def race() -> None:
        barrier.wait()
        leases.append(claim_work(work))
        connection.close()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(lease is not None for lease in leases) == 1
    work.refresh_from_db()
    assert work.attempts == 1


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_extends_the_lease_during_the_work() -> None:
    work = Work.objects.create()
    lease = claim_or_fail(work)
    work.refresh_from_db()
    before = work.lease_until
    assert before is not None
    with Heartbeat(lease, every=0.02) as heartbeat:
        deadline = time.monotonic() + 10
        while work.lease_until == before and time.monotonic() < deadline:
            time.sleep(0.02)
            work.refresh_from_db()
    assert work.lease_until is not None
    assert work.lease_until > before
    assert not heartbeat.lost.is_set()


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_reports_a_lost_lease() -> None:
    work = Work.objects.create()
    with Heartbeat(claim_or_fail(work), every=0.02) as heartbeat:
        Work.objects.update(lease_token=None)
        assert heartbeat.lost.wait(10)


@pytest.mark.django_db(transaction=True)
def test_a_loss_is_noticed_long_before_the_next_extension_and_told_once(settings: Settings) -> None:
    settings.LEASE_LOOK_SECONDS = 0.02
    work, told = Work.objects.create(), queue.SimpleQueue[str]()
    with Heartbeat(claim_or_fail(work), every=600, on_lost=lambda: told.put("lost")) as heartbeat:
        Work.objects.update(lease_token=None)
        assert told.get(timeout=10) == "lost"
        assert heartbeat.lost.is_set()
    assert told.empty()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_told_while_the_lease_lasts(settings: Settings) -> None:
    settings.LEASE_LOOK_SECONDS = 0.01
    told: list[str] = []
    with Heartbeat(claim_or_fail(Work.objects.create()), every=600, on_lost=lambda: told.append("lost")):
        time.sleep(0.2)
    assert told == []


@pytest.mark.django_db
def test_a_row_that_is_given_back_is_as_before_the_claim_and_due_at_once() -> None:
    work = Work.objects.create()
    lease = claim(Work.objects.all(), pk=work.pk, duration=MINUTE, undo={"state": "queued"}, state="running")
    assert lease is not None
    lease.give_back()
    work.refresh_from_db()
    assert (work.state, work.attempts, work.lease_token, work.lease_until) == ("queued", 0, None, None)
    assert work.not_before is not None
    assert work.woken_at is not None
    assert work.woken_at < work.not_before
    assert claim_work(work) is not None


@pytest.mark.django_db(transaction=True)
def test_a_process_that_stops_releases_the_rows_it_works_on_and_no_others() -> None:
    held, done, polled = (Work.objects.create() for _ in range(3))
    poll = claim(Work.objects.all(), pk=polled.pk, duration=MINUTE, is_attempt=False)
    assert poll is not None
    with Heartbeat(claim_or_fail(done), every=60):
        pass
    with Heartbeat(claim_or_fail(held), every=60), Heartbeat(poll, every=60):
        assert release_running_leases() == 2
    for row in (held, done, polled):
        row.refresh_from_db()
    assert [row.lease_token is None for row in (held, done, polled)] == [True, False, True]
    assert [row.attempts for row in (held, done, polled)] == [0, 1, 0]


@pytest.mark.django_db
def test_the_first_due_row_of_the_order_is_claimed() -> None:
    older, newer = Work.objects.create(), Work.objects.create()
    order = Work.objects.order_by("-pk")
    leases = [claim_first(order, states=["queued"], duration=MINUTE, state="running") for _ in range(3)]
    assert [lease and lease.pk for lease in leases] == [newer.pk, older.pk, None]


@pytest.mark.django_db
def test_only_a_row_that_meets_the_conditions_is_claimed() -> None:
    Work.objects.create(note="other")
    mine = Work.objects.create(note="mine")
    rows = Work.objects.filter(note="mine").order_by("pk")
    leases = [claim_first(rows, states=["queued"], duration=MINUTE, state="running") for _ in range(2)]
    assert [lease and lease.pk for lease in leases] == [mine.pk, None]


@pytest.mark.django_db(transaction=True)
def test_workers_that_choose_the_same_row_choose_again() -> None:
    for _ in range(6):
        Work.objects.create()
    barrier = threading.Barrier(6)
    taken: list[int | None] = []

    def race() -> None:
        barrier.wait()
        lease = claim_first(Work.objects.order_by("pk"), states=["queued"], duration=MINUTE, state="running")
        taken.append(lease and lease.pk)
        connection.close()

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(taken) == set(Work.objects.values_list("pk", flat=True))


@contextmanager
def break_new_connections(times: int) -> Iterator[list[str]]:
    """Break that many connections of other threads before their first statement. Yield a list with the threads."""
    opened: list[str] = []

    def break_connection(connection: Any, **kwargs: Any) -> None:
        opened.append(threading.current_thread().name)
        if len(opened) <= times:
            connection.connection.close()

    connection_created.connect(break_connection)
    try:
        yield opened
    finally:
        connection_created.disconnect(break_connection)


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_survives_broken_connections(caplog: pytest.LogCaptureFixture) -> None:
    work = Work.objects.create()
    lease = claim_or_fail(work)
    work.refresh_from_db()
    before = work.lease_until
    assert before is not None
    with break_new_connections(2) as opened, Heartbeat(lease, every=0.02) as heartbeat:
        deadline = time.monotonic() + 10
        while work.lease_until == before and time.monotonic() < deadline:
            time.sleep(0.02)
            work.refresh_from_db()
    assert opened == [f"lease-{work.pk}"] * 3
    assert caplog.text.count("will be tried again") == 2
    assert work.lease_until is not None
    assert work.lease_until > before
    assert not heartbeat.lost.is_set()


@pytest.mark.django_db
def test_a_poll_is_not_counted_as_an_attempt() -> None:
    work = Work.objects.create()
    claimed = claim(
        Work.objects.all(), pk=work.pk, states=["queued"], state="running", duration=MINUTE, is_attempt=False
    )
    assert claimed is not None
    work.refresh_from_db()
    assert (work.attempts, work.lease_token) == (0, claimed.token)
