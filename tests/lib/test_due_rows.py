"""Taking the most overdue row, and requests that make rows due."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.lib.models import Work
from vanceweb.lib.due_rows import request_rows, schedule_next
from vanceweb.lib.leases import claim_first

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


class Queue:
    """A queue that counts its messages."""

    messages = 0

    def enqueue(self) -> None:
        self.messages += 1


def create_work(note: str, *, minutes_ago: int | None) -> Work:
    now = timezone.now()
    due_at = None if minutes_ago is None else now - minutes_ago * MINUTE
    return Work.objects.create(note=note, not_before=due_at, woken_at=now)


def test_the_most_overdue_row_is_claimed_first_and_parked_rows_never() -> None:
    later, first = create_work("later", minutes_ago=1), create_work("first", minutes_ago=2)
    create_work("parked", minutes_ago=None)
    create_work("not yet", minutes_ago=-1)
    claimed = [claim_first(Work.objects.all().order_by("not_before"), duration=MINUTE) for _ in range(3)]
    assert [lease and lease.pk for lease in claimed] == [first.pk, later.pk, None]


def test_a_request_sends_one_message_for_a_row_that_has_none() -> None:
    queue, rows = Queue(), Work.objects.all()
    create_work("parked", minutes_ago=None)
    create_work("not yet", minutes_ago=-1)
    create_work("due", minutes_ago=1)
    due_since = Work.objects.get(note="due").not_before
    assert [request_rows(rows, queue.enqueue), request_rows(rows, queue.enqueue)] == [2, 0]
    assert queue.messages == 2
    assert Work.objects.get(note="due").not_before == due_since, "it keeps its place"


@pytest.mark.parametrize("is_requested", [False, True])
def test_a_row_that_is_requested_during_the_work_is_due_after_it(is_requested: bool) -> None:
    work = create_work("work", minutes_ago=1)
    lease = claim_first(Work.objects.all().order_by("not_before"), duration=MINUTE)
    assert lease is not None
    next_time = timezone.now() + MINUTE
    if is_requested:
        assert request_rows(Work.objects.all(), Queue().enqueue) == 1
    lease.release(not_before=schedule_next(work, next_time))
    work.refresh_from_db()
    assert (work.not_before == next_time) is not is_requested
    assert (claim_first(Work.objects.all().order_by("not_before"), duration=MINUTE) is not None) is is_requested


def test_a_row_can_be_parked_after_the_work() -> None:
    work = create_work("work", minutes_ago=1)
    lease = claim_first(Work.objects.all().order_by("not_before"), duration=MINUTE)
    assert lease is not None
    lease.release(not_before=schedule_next(work, None))
    work.refresh_from_db()
    assert work.not_before is None
