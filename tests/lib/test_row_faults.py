"""Line 23: no row can stop a sweep or a loop of the workers for the others."""

import logging
from datetime import timedelta

import pytest
from django.db import DataError
from django.utils import timezone

from tests.factories import make_hosted_connection
from vanceweb.lib import row_faults
from vanceweb.lib.leases import LeaseLost, claim
from vanceweb.lib.repeated_failures import RepeatedFailures
from vanceweb.lib.row_faults import release_after_fault, run_for_each
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def connections(alice: User) -> list[Connection]:
    return [make_hosted_connection(alice, name=f"Plan {number}") for number in range(5)]


def test_a_row_that_fails_stops_no_other(connections: list[Connection], caplog: pytest.LogCaptureFixture) -> None:
    rows = Connection.objects.filter(pk__in=[row.pk for row in connections])
    worked: list[int] = []

    def work(pk: int) -> None:
        if pk == connections[0].pk:
            raise ValueError("odd row")
        worked.append(pk)

    name = "Trying things out"
    assert run_for_each(name, rows, work, limit=3) == 3
    assert worked == [row.pk for row in connections[1:4]], "the failure takes nobody's turn"
    assert run_for_each(name, rows, work, limit=10) == 4
    assert [record.getMessage() for record in caplog.records].count(
        f"{name} of row {connections[0].pk} failed; it is retried in every round"
    ) == 1, "logged once a minute"


def test_a_row_whose_work_fails_unexpectedly_is_due_again_later(
    connections: list[Connection], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    row = connections[0]
    lease = claim(Connection.objects.all(), pk=row.pk, duration=timedelta(seconds=60))
    assert lease is not None
    with release_after_fault("An odd check", lease, seconds=120, last_error="Odd."):
        raise DataError("numeric field overflow")
    row.refresh_from_db()
    assert (row.lease_token, row.lease_until, row.last_error) == (None, None, "Odd.")
    assert row.not_before is not None
    assert row.not_before > timezone.now() + timedelta(seconds=100)
    assert "An odd check of row" in caplog.text


def test_a_lost_lease_is_left_to_its_new_holder(connections: list[Connection]) -> None:
    lease = claim(Connection.objects.all(), pk=connections[0].pk, duration=timedelta(seconds=60))
    assert lease is not None
    before = Connection.objects.values_list("lease_token", "not_before").get(pk=lease.pk)
    with pytest.raises(LeaseLost), release_after_fault("An odd check", lease, seconds=120):
        raise LeaseLost
    assert Connection.objects.values_list("lease_token", "not_before").get(pk=lease.pk) == before


def test_more_rows_fail_than_a_sweep_takes(connections: list[Connection]) -> None:
    rows = Connection.objects.filter(pk__in=[row.pk for row in connections])
    broken = {row.pk for row in connections[:4]}
    worked: list[int] = []

    def work(pk: int) -> None:
        if pk in broken:
            raise ValueError
        worked.append(pk)

    assert run_for_each("A sweep of two", rows, work, limit=2) == 1
    assert worked == [connections[4].pk]
    assert row_faults.MOST_FAILURES >= 1000


def test_each_kind_of_failure_is_logged_from_time_to_time(caplog: pytest.LogCaptureFixture) -> None:
    failures = RepeatedFailures()
    for name in ("one", "one", "another"):
        failures.log_exception(name)
    assert len(caplog.records) == 2
