import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.lib.models import Work
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost, claim, filter_due

MINUTE = timedelta(minutes=1)
PAST = timedelta(seconds=-1)


def claim_work(work: Work, duration: timedelta = MINUTE) -> Lease[Work] | None:
    return claim(Work.objects.all(), pk=work.pk, states=["queued", "running"], state="running", duration=duration)


def claimed(work: Work, duration: timedelta = MINUTE) -> Lease[Work]:
    lease = claim_work(work, duration)
    assert lease is not None
    return lease


@pytest.mark.django_db
def test_a_claimed_row_is_held_and_counted() -> None:
    work = Work.objects.create()
    lease = claimed(work)
    work.refresh_from_db()
    assert (work.state, work.attempts, work.lease_token) == ("running", 1, lease.token)
    assert claim_work(work) is None


@pytest.mark.django_db
def test_an_expired_lease_can_be_claimed_by_the_next_and_the_first_finds_out() -> None:
    work = Work.objects.create()
    first = claimed(work, PAST)
    second = claimed(work)
    with pytest.raises(LeaseLost):
        first.write(note="late")
    second.write(note="in time")
    work.refresh_from_db()
    assert (work.note, work.attempts) == ("in time", 2)


@pytest.mark.django_db
def test_a_row_whose_time_has_not_come_or_whose_state_moved_on_is_not_claimed() -> None:
    assert claim_work(Work.objects.create(not_before=timezone.now() + MINUTE)) is None
    assert claim_work(Work.objects.create(state="done")) is None


@pytest.mark.django_db
def test_releasing_writes_and_frees_in_one_step() -> None:
    work = Work.objects.create()
    lease = claimed(work)
    lease.release(state="queued", note="again")
    work.refresh_from_db()
    assert (work.lease_token, work.lease_until, work.note) == (None, None, "again")
    with pytest.raises(LeaseLost):
        lease.extend()
    assert claim_work(work) is not None


@pytest.mark.django_db
def test_due_lists_free_and_expired_rows_only() -> None:
    free, held, expired = (Work.objects.create() for _ in range(3))
    claimed(held)
    claimed(expired, PAST)
    Work.objects.create(state="done")
    assert set(filter_due(Work.objects.all(), ["queued", "running"])) == {free, expired}


@pytest.mark.django_db(transaction=True)
def test_of_many_claims_at_once_exactly_one_wins() -> None:
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
def test_the_heartbeat_extends_while_the_work_goes_on() -> None:
    work = Work.objects.create()
    lease = claimed(work)
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
def test_the_heartbeat_says_when_the_lease_is_lost() -> None:
    work = Work.objects.create()
    with Heartbeat(claimed(work), every=0.02) as heartbeat:
        Work.objects.update(lease_token=None)
        assert heartbeat.lost.wait(10)
