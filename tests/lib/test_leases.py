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

from tests.lib.models import Work
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost, claim, filter_due

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
