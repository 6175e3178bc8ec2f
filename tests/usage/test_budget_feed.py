"""The history corrects what budgets count: the charges of jobs, and those from elsewhere."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.conftest import as_actor
from tests.factories import make_hosted_connection, make_upload
from tests.usage.charges import MORNING, make_downloaded_job, make_row
from vanceweb.budgets.models import Budget, ForeignCredits, Reservation
from vanceweb.budgets.reservations import Expense, reserve, settle_reservation
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User
from vanceweb.usage.corrections import correct_match
from vanceweb.usage.reconciliation import reconcile_history
from vanceweb.vault.models import Connection


@pytest.fixture
def plan(alice: User) -> Connection:
    return make_hosted_connection(alice, private_to_id=None, check_state="ok")


def make_settled_job(alice: User, plan: Connection, *, second: float = 0) -> Job:
    """Create a job that counts one credit on budgets until the history says more."""
    job = make_downloaded_job(alice, plan, make_upload(alice), second=second)
    Budget.objects.create(team=plan.team, credits=Decimal(100), period=Budget.Period.TOTAL)
    expense = Expense(job_uuid=job.uuid, team_id=plan.team_id, person_id=alice.pk, connection=plan, credits=Decimal(1))
    assert reserve(expenses=[expense]) is None
    settle_reservation(job_uuid=job.uuid)
    return job


def test_a_matched_charge_is_what_the_job_cost(plan: Connection, alice: User) -> None:
    job = make_settled_job(alice, plan)
    make_row(plan, points=Decimal("0.2"), info=f"{job.uuid.hex}-enlarge.jpg")
    assert reconcile_history(connection_id=plan.pk) == 1
    assert Reservation.objects.get(job_uuid=job.uuid).settled == Decimal("0.2")


def test_charges_from_elsewhere_are_summed_up_by_month(plan: Connection, alice: User) -> None:
    make_settled_job(alice, plan)
    rows = [make_row(plan, second=second, points=Decimal(3)) for second in (40_000, 41_000)]
    reconcile_history(connection_id=plan.pk)
    months = dict(ForeignCredits.objects.values_list("month", "credits"))
    expected: dict[object, Decimal] = {}
    for row in rows:
        month = row.day.replace(day=1)
        expected[month] = expected.get(month, Decimal(0)) + 3
    assert months == expected


def test_a_correction_by_hand_moves_a_charge_between_job_and_elsewhere(plan: Connection, alice: User) -> None:
    job = make_settled_job(alice, plan)
    row = make_row(plan, second=40_000, points=Decimal(3))
    reconcile_history(connection_id=plan.pk)
    assert sum(ForeignCredits.objects.values_list("credits", flat=True)) == 3
    correct_match(actor=as_actor(alice), record=row, job=job)
    assert sum(ForeignCredits.objects.values_list("credits", flat=True)) == 0
    assert Reservation.objects.get(job_uuid=job.uuid).settled == 3


def test_a_charge_is_told_once_however_often_the_history_is_read(plan: Connection, alice: User) -> None:
    job = make_settled_job(alice, plan)
    make_row(plan, moment=MORNING + timedelta(seconds=1), points=Decimal(1), info=f"{job.uuid.hex}-enlarge.jpg")
    for _ in range(3):
        reconcile_history(connection_id=plan.pk)
    assert Reservation.objects.get(job_uuid=job.uuid).settled == 1
    assert not ForeignCredits.objects.exclude(credits=0).exists()
