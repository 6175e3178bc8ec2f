"""Budgets and balances are never exceeded by jobs that are submitted at the same time."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from tests.conftest import as_actor
from tests.factories import ENLARGE, make_upload
from tests.jobs.worker_threads import run_together
from vanceweb.budgets.models import Budget, Reservation
from vanceweb.budgets.reservations import correct_settlement, release_reservations
from vanceweb.budgets.services import BudgetValues, change_budget, create_budget
from vanceweb.catalogue.output import Output
from vanceweb.jobs.credit_holds import release_jobs_with_budget
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import cancel_job, retry_job, submit_job
from vanceweb.jobs.shortages import WhenShort
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 16


def build_submits(people: list[User], connection: Connection, **options: Any) -> list[Callable[[], object]]:
    """Return as many submits as there are at once, by each of the people in turn."""
    pictures = {person.pk: make_upload(person) for person in people}

    def build(person: User) -> Callable[[], object]:
        actor, source = as_actor(person), pictures[person.pk]
        return lambda: submit_job(
            actor=actor, connection=connection, source=source, steps=[ENLARGE], output=Output(), **options
        )

    return [build(people[number % len(people)]) for number in range(AT_ONCE)]


def count(state: str) -> int:
    return Job.objects.filter(state=state).count()


class TestRace:
    def test_no_budget_is_exceeded_by_submits_at_once(self, alice: User, bob: User, bundled: Connection) -> None:
        for values in (
            BudgetValues(credits=Decimal(9)),
            BudgetValues(credits=Decimal(4), person=alice),
            BudgetValues(credits=Decimal(7), connection=bundled),
            BudgetValues(credits=Decimal(6), person=bob, period=Budget.Period.TOTAL),
        ):
            create_budget(actor=as_actor(alice), values=values)
        run_together(*build_submits([alice, bob], bundled))
        assert (count("queued"), count("held")) == (7, AT_ONCE - 7)
        of_alice = Reservation.objects.filter(person=alice, state="reserved").count()
        of_bob = Reservation.objects.filter(person=bob, state="reserved").count()
        assert of_alice <= 4
        assert of_bob <= 6
        assert of_alice + of_bob == 7

    def test_a_balance_isnt_spent_twice(self, alice: User, bundled: Connection) -> None:
        Connection.objects.update(granted=5, used=0, checked_at=timezone.now())
        run_together(*build_submits([alice], bundled, when_short=WhenShort.HOLD))
        assert (count("queued"), count("held")) == (5, AT_ONCE - 5)

    def test_writers_of_all_kinds_dont_wait_for_each_other_in_a_circle(self, alice: User, bundled: Connection) -> None:
        actor = as_actor(alice)
        budget = create_budget(actor=actor, values=BudgetValues(credits=Decimal(8)))
        create_budget(actor=actor, values=BudgetValues(credits=Decimal(8), connection=bundled))
        submits = build_submits([alice], bundled, when_short=WhenShort.HOLD)
        for submit in submits:
            submit()
        jobs = list(Job.objects.order_by("pk"))

        def cancel_and_retry(job: Job) -> None:
            cancel_job(job=job)
            retry_job(actor=actor, job=job)

        def correct_all() -> None:
            # As the reading of a history does it: the connection first, then its jobs.
            with transaction.atomic():
                Connection.objects.select_for_update().get(pk=bundled.pk)
                for job in jobs:
                    correct_settlement(job_uuid=job.uuid, credits=Decimal("0.25"))

        def raise_budget() -> None:
            change_budget(actor=actor, budget=budget, credits=Decimal(9))

        run_together(
            *(lambda job=job: cancel_and_retry(job) for job in jobs[:6]),  # type: ignore[misc]
            *submits[:4],
            *[release_jobs_with_budget] * 2,
            correct_all,
            raise_budget,
            lambda: release_reservations(job_uuids=[job.uuid for job in jobs[:3]]),
        )
        reserved = Reservation.objects.filter(state="reserved").count()
        settled = sum(Reservation.objects.values_list("settled", flat=True))
        assert reserved + settled <= 8


@pytest.mark.slow
@pytest.mark.xdist_group("postgresql")
@pytest.mark.usefixtures("postgresql")
class TestRaceOnPostgresql(TestRace):
    """The same with the locks of a database for many writers."""
