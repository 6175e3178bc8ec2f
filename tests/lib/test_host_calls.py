"""Work that is one call to a host of somebody else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.lib.models import Work
from vanceweb.lib.call_slots import CallSlots
from vanceweb.lib.host_calls import attempt_most_overdue, plan_next_attempt
from vanceweb.lib.leases import Lease


def create_work(url: str, *, minutes_ago: int) -> Work:
    return Work.objects.create(note=url, not_before=timezone.now() - timedelta(minutes=minutes_ago))


def attempt(slots: CallSlots, *, choices: int = 10, while_running: bool = False) -> list[str]:
    """Attempt all there is, and return the notes of the rows in order."""
    attempted: list[str] = []

    def call(lease: Lease[Work]) -> None:
        attempted.append(Work.objects.get(pk=lease.pk, state="running", attempts=1).note)
        if while_running:
            attempt_next()
        lease.release(not_before=None, state="done")

    def attempt_next() -> bool:
        return attempt_most_overdue(
            Work.objects.all(), call, slots=slots, choices=choices, url_field="note", states=["queued"], state="running"
        )

    while attempt_next():
        pass
    return attempted


@pytest.mark.django_db
def test_the_most_overdue_comes_first_and_what_is_not_due_never() -> None:
    for url, minutes in (("http://b.test", 1), ("http://a.test", 3), ("http://c.test", -1), ("http://a.test/2", 2)):
        create_work(url, minutes_ago=minutes)
    slots = CallSlots(per_service=1, in_all=1)
    assert attempt(slots) == ["http://a.test", "http://a.test/2", "http://b.test"], "each gives its slot back"


@pytest.mark.django_db
@pytest.mark.parametrize(("choices", "second"), [(10, "http://b.test"), (1, None)])
def test_a_busy_host_is_passed_over_among_the_most_overdue(choices: int, second: str | None) -> None:
    for url, minutes in (("http://a.test", 3), ("http://a.test/2", 2), ("http://b.test", 1)):
        create_work(url, minutes_ago=minutes)
    attempted = attempt(CallSlots(per_service=1, in_all=2), choices=choices, while_running=True)
    assert len(attempted) == 3
    assert (attempted[1] == second) is (second is not None)


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["http://[broken", "nowhere"])
def test_a_url_without_a_host_counts_as_one_of_its_own(url: str) -> None:
    create_work(url, minutes_ago=2)
    create_work(url, minutes_ago=1)
    slots = CallSlots(per_service=1, in_all=2)
    occupied = slots.take(lambda is_free: (url, None) if is_free(url) else None)
    assert occupied is not None
    assert attempt(slots) == []
    slots.give_back(url)
    assert attempt(slots) == [url, url]


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 5), (2, 60), (3, None)])
def test_the_next_attempt_comes_after_the_pause_of_its_number(attempts: int, seconds: int | None) -> None:
    before = timezone.now()
    planned = plan_next_attempt(attempts, (5, 60))
    if seconds is None:
        assert planned is None
    else:
        assert planned is not None
        assert before <= planned - timedelta(seconds=seconds) <= timezone.now()
