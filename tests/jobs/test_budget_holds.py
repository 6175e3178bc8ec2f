"""Jobs that would exceed a budget are held with the reason, and go on by themselves once there is room."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from tests.conftest import as_actor
from tests.factories import ENLARGE, make_hosted_connection, make_job, make_private, make_upload
from tests.jobs.conftest import JobDriver
from vanceweb.budgets.models import Budget, BudgetAlert, Reservation
from vanceweb.budgets.services import BudgetValues, change_budget, create_budget, delete_budget
from vanceweb.catalogue.output import Output
from vanceweb.jobs.budget_overrides import override_budget
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.credit_holds import KEPT_FOR, release_forgotten_reservations, release_jobs_with_budget
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import cancel_job, delete_job, hold_job, release_job, submit_job
from vanceweb.jobs.spending import reserve_for_jobs
from vanceweb.teams.models import AuditAction, AuditEvent, User
from vanceweb.vault.models import Connection

STATES = Job.State


def make_budget(alice: User, credits: int, **values: Any) -> Budget:
    return create_budget(actor=as_actor(alice), values=BudgetValues(credits=Decimal(credits), **values))


def submit(user: User, connection: Connection) -> Job:
    return submit_job(
        actor=as_actor(user), connection=connection, source=make_upload(user), steps=[ENLARGE], output=Output()
    )


def list_states(*jobs: Job) -> list[str]:
    for job in jobs:
        job.refresh_from_db()
    return [job.state for job in jobs]


def get_reservation(job: Job) -> tuple[str, Decimal]:
    row = Reservation.objects.get(job_uuid=job.uuid)
    return row.state, row.settled


def test_the_job_that_would_exceed_is_held_and_goes_on_after_a_raise(driver: JobDriver) -> None:
    budget = make_budget(driver.user, 2)
    jobs = [driver.submit() for _ in range(3)]
    assert list_states(*jobs) == ["queued", "queued", "held"]
    held = jobs[2]
    assert (held.held_for, held.resume_state) == ("budget", "queued")
    assert held.held_reason.startswith("The team's budget for this month has no room for the 1 credit")
    assert release_jobs_with_budget() == 0
    driver.run_until(jobs[0], STATES.DONE)
    assert get_reservation(jobs[0]) == ("settled", 1)
    assert release_jobs_with_budget() == 0, "what is charged isn't free again"
    change_budget(actor=driver.actor, budget=budget, credits=Decimal(3))
    assert release_jobs_with_budget() == 1
    driver.run_until(held, STATES.DONE, turns=60)
    assert (held.held_reason, held.held_for, get_reservation(held)) == ("", "", ("settled", 1))


def test_the_reason_names_the_budget_and_no_figures_of_it(alice: User, bob: User, bundled: Connection) -> None:
    make_budget(alice, 1, person=bob, period=Budget.Period.TOTAL)
    submit(bob, bundled)
    assert submit(bob, bundled).held_reason.startswith("The budget of bob has no room for the 1 credit that this job")
    make_budget(alice, 1, connection=bundled)
    assert submit(alice, bundled).held_reason.startswith("The connection's budget for this month has no room")


def test_held_jobs_go_on_when_the_budget_is_deleted(alice: User, bundled: Connection) -> None:
    budget = make_budget(alice, 1)
    jobs = [submit(alice, bundled) for _ in range(3)]
    delete_budget(actor=as_actor(alice), budget=budget)
    assert release_jobs_with_budget() == 2
    assert list_states(*jobs) == ["queued"] * 3


def test_held_jobs_go_on_with_the_new_month(alice: User, bundled: Connection) -> None:
    make_budget(alice, 1)
    first, second = submit(alice, bundled), submit(alice, bundled)
    Reservation.objects.update(state="settled", settled=1, settled_at=timezone.now())
    assert release_jobs_with_budget() == 0
    Reservation.objects.update(settled_at=timezone.now() - timedelta(days=32))
    assert release_jobs_with_budget() == 1
    assert list_states(second) == ["queued"]
    assert get_reservation(first)[0] == "settled"


def test_an_end_without_a_download_frees_the_credits_for_the_oldest_that_waits(
    alice: User, bob: User, bundled: Connection
) -> None:
    make_budget(alice, 2)
    make_budget(alice, 1, person=alice)
    running, of_alice = submit(alice, bundled), submit(alice, bundled)
    other, of_bob = submit(bob, bundled), submit(bob, bundled)
    assert list_states(running, of_alice, other, of_bob) == ["queued", "held", "queued", "held"]
    cancel_job(job=other)
    assert release_jobs_with_budget() == 1
    assert list_states(of_alice, of_bob) == ["held", "queued"], "alice's own budget has no room yet"
    cancel_job(job=running)
    assert release_jobs_with_budget() == 1
    assert list_states(of_alice) == ["queued"]


def test_a_cancelled_held_job_reserves_nothing(alice: User, bundled: Connection) -> None:
    make_budget(alice, 1)
    submit(alice, bundled)
    held = submit(alice, bundled)
    cancel_job(job=held)
    assert (list_states(held), Reservation.objects.filter(job_uuid=held.uuid).exists()) == (["cancelled"], False)


def test_credits_stay_reserved_while_a_download_may_have_been_charged(driver: JobDriver) -> None:
    make_budget(driver.user, 1)
    job = driver.run_turn(driver.submit())
    Job.objects.filter(pk=job.pk).update(state=STATES.DOWNLOADING, trans_id="t", not_before=None, lease_token=None)
    job.refresh_from_db()
    cancel_job(job=job)
    assert (job.may_be_charged, get_reservation(job)) == (True, ("reserved", 0))
    driver.retry(job)
    assert (list_states(job), get_reservation(job)) == (["downloading"], ("reserved", 0))
    cancel_job(job=job)
    assert release_forgotten_reservations() == 0
    long_ago = timezone.now() - KEPT_FOR * 2
    Job.objects.update(finished_at=long_ago)
    Reservation.objects.update(reserved_at=long_ago)
    assert release_forgotten_reservations() == 1
    assert get_reservation(job) == ("released", 0)
    Reservation.objects.update(state="reserved")
    delete_job(actor=driver.actor, job=job)
    assert get_reservation(job) == ("released", 0)


def test_a_failed_job_reserves_again_when_it_is_retried(driver: JobDriver) -> None:
    budget = make_budget(driver.user, 1)
    job = driver.submit()
    Job.objects.filter(pk=job.pk).update(connection=None)
    driver.run_turn(job)
    assert (job.state, get_reservation(job)) == ("failed", ("released", 0))
    Job.objects.filter(pk=job.pk).update(connection=driver.connection)
    job.refresh_from_db()
    other = driver.submit()
    driver.retry(job)
    assert (job.state, job.held_for, job.resume_state) == ("held", "budget", "queued")
    cancel_job(job=other)
    assert release_jobs_with_budget() == 1
    assert (list_states(job), get_reservation(job)) == (["queued"], ("reserved", 0))
    assert budget.alerts.filter(threshold=100).count() == 1


def test_a_job_that_somebody_holds_keeps_its_credits(alice: User, bundled: Connection) -> None:
    make_budget(alice, 1)
    job = submit(alice, bundled)
    hold_job(job=job, reason="Wait.")
    assert get_reservation(job)[0] == "reserved"
    assert release_job(job=job)
    assert list_states(job) == ["queued"]


def test_a_held_job_whose_picture_became_private_fails_with_the_reason(
    alice: User, bob: User, bundled: Connection
) -> None:
    budget = make_budget(alice, 1)
    submit(alice, bundled)
    held = submit(alice, bundled)
    assert held.source is not None
    make_private(held.source, bob)
    change_budget(actor=as_actor(alice), budget=budget, credits=Decimal(5))
    release_jobs_with_budget()
    assert list_states(held) == ["failed"]
    assert "private" in held.error


def test_a_batch_reserves_as_a_whole(alice: User, bundled: Connection) -> None:
    make_budget(alice, 2)
    jobs = [make_job(alice, state=STATES.QUEUED) for _ in range(3)]
    hold = reserve_for_jobs(jobs)
    assert hold is not None
    assert (hold.cause, Reservation.objects.count()) == ("budget", 0)
    assert reserve_for_jobs(jobs[:2]) is None
    assert Reservation.objects.count() == 2


class TestOverride:
    @pytest.fixture
    def held(self, alice: User, bundled: Connection) -> Job:
        make_budget(alice, 1)
        submit(alice, bundled)
        return submit(alice, bundled)

    def test_an_owner_lets_a_job_exceed_once_and_the_log_has_it(self, alice: User, held: Job) -> None:
        override_budget(actor=as_actor(alice), job=held)
        assert (held.state, get_reservation(held)) == ("queued", ("reserved", 0))
        event = AuditEvent.objects.get(action=AuditAction.BUDGET_OVERRIDDEN)
        assert (event.target_id, event.details) == (str(held.uuid), {"credits": "1.000"})
        cancel_job(job=held)
        from_start = Job.objects.get(pk=held.pk)
        JobDriver(alice, held.connection, None).retry(from_start)  # type: ignore[arg-type]
        assert from_start.state == "held"
        with pytest.raises(JobRefused, match="once already"):
            override_budget(actor=as_actor(alice), job=from_start)

    def test_nobody_else_does(self, admin: User, bob: User, held: Job) -> None:
        for person in (admin, bob):
            with pytest.raises(PermissionDenied):
                override_budget(actor=as_actor(person), job=held)

    def test_the_page_offers_it_to_owners(
        self, alice: User, bob: User, admin: User, charlie: User, held: Job, client: Client
    ) -> None:
        for person, offers in ((bob, False), (admin, False), (alice, True)):
            client.force_login(person)
            page = client.get(f"/jobs/{held.uuid}/").content.decode()
            assert ("exceed-budget" in page, held.held_reason.split("'")[0] in page) == (offers, True)
        address = f"/jobs/{held.uuid}/exceed-budget/"
        for person, status in ((bob, 403), (admin, 403), (charlie, 404), (alice, 302)):
            client.force_login(person)
            assert client.post(address).status_code == status
        assert list_states(held) == ["queued"]
        assert "no longer held for a budget" in client.post(address, follow=True).content.decode()


class TestAlerts:
    def test_one_alert_for_each_threshold_and_period(self, alice: User, bundled: Connection) -> None:
        budget = make_budget(alice, 5)
        thresholds = []
        for _ in range(7):
            submit(alice, bundled)
            thresholds.append(list(BudgetAlert.objects.order_by("threshold").values_list("threshold", flat=True)))
        assert thresholds == [[], [], [], [80], [80, 100], [80, 100], [80, 100]]
        change_budget(actor=as_actor(alice), budget=budget, credits=Decimal(6))
        assert BudgetAlert.objects.get().threshold == 80, "83 % of the raised budget"

    def test_a_job_that_is_held_is_an_alert(self, alice: User) -> None:
        connection = make_hosted_connection(alice, private_to_id=None)
        make_budget(alice, 2)
        submit(alice, connection)
        assert not BudgetAlert.objects.exists()
        expensive = make_job(alice, state=STATES.QUEUED, credits=2)
        assert reserve_for_jobs([expensive]) is not None
        assert {alert.threshold for alert in BudgetAlert.objects.all()} == {80, 100}
