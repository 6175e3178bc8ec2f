"""Jobs that cost more than their connection has left: said before, and then as the person chooses."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.conftest import as_actor, get_bundled
from tests.factories import ENLARGE, make_hosted_connection, make_job, make_upload
from tests.jobs.conftest import JobDriver
from vanceweb.budgets.models import Reservation
from vanceweb.budgets.services import BudgetValues, create_budget
from vanceweb.catalogue.output import Output
from vanceweb.engine.models import Account
from vanceweb.jobs.credit_holds import release_jobs_with_budget, release_jobs_with_credits
from vanceweb.jobs.models import INSUFFICIENT_CREDITS, Job
from vanceweb.jobs.services import cancel_job, submit_job
from vanceweb.jobs.shortage_remedies import list_ways_out, retry_short_job
from vanceweb.jobs.shortages import WhenShort, count_days_until, sort_by_billing_day
from vanceweb.teams.models import User
from vanceweb.vault.connection_check import check_next_connection
from vanceweb.vault.models import Connection
from vanceweb.vault.services import request_balances

STATES, KINDS = Job.State, Job.FailureKind
SETTINGS = {"suppress_noise": "10", "remove_blur": "20"}
FEATURE = "/t/studio/features/enlarge3/"


def set_balance(connection: Connection, left: int | None) -> None:
    """Store what a check stores that finds so many credits."""
    Connection.objects.filter(pk=connection.pk).update(
        granted=left, used=None if left is None else 0, checked_at=timezone.now(), check_state="ok", last_error=""
    )
    connection.refresh_from_db()


def make_shared(alice: User, name: str, left: int | None, billing_day: int | None = None) -> Connection:
    connection = make_hosted_connection(alice, name=name, private_to_id=None, billing_day=billing_day)
    set_balance(connection, left)
    return connection


def submit(user: User, connection: Connection, when_short: str = WhenShort.START, **options: Any) -> Job:
    return submit_job(
        actor=as_actor(user),
        connection=connection,
        source=make_upload(user),
        steps=[ENLARGE],
        output=Output(),
        when_short=when_short,
        **options,
    )


@pytest.fixture
def short(alice: User) -> Connection:
    """A connection that has no credits left."""
    return make_shared(alice, "Empty plan", 0)


def test_without_a_choice_a_job_starts_as_ever(alice: User, short: Connection) -> None:
    job = submit(alice, short)
    assert (job.state, job.waits_for_credits) == ("queued", False)


def test_a_job_is_held_until_a_check_finds_enough(alice: User, short: Connection) -> None:
    first, second = submit(alice, short, WhenShort.HOLD), submit(alice, short, WhenShort.HOLD)
    assert [(job.state, job.held_for) for job in (first, second)] == [("held", "credits")] * 2
    assert first.held_reason.startswith("The connection has fewer credits left than the 1 credit")
    assert not Reservation.objects.exists()
    assert release_jobs_with_credits() == 0
    set_balance(short, 1)
    assert release_jobs_with_credits() == 1
    for job in (first, second):
        job.refresh_from_db()
    assert [first.state, second.state] == ["queued", "held"]
    assert release_jobs_with_credits() == 0, "the first one has reserved what is left"
    set_balance(short, 2)
    assert release_jobs_with_credits() == 1


def test_a_job_that_costs_no_more_than_is_left_starts(alice: User, short: Connection) -> None:
    set_balance(short, 1)
    assert [submit(alice, short, WhenShort.HOLD).state for _ in range(2)] == ["queued", "held"]


def test_an_unknown_balance_holds_nothing(alice: User, short: Connection) -> None:
    set_balance(short, None)
    assert submit(alice, short, WhenShort.HOLD).state == "queued"


def test_a_released_job_waits_for_its_budget_too(alice: User, short: Connection) -> None:
    budget = create_budget(actor=as_actor(alice), values=BudgetValues(credits=Decimal(1)))
    submit(alice, get_bundled(alice))
    job = submit(alice, short, WhenShort.HOLD)
    set_balance(short, 5)
    release_jobs_with_credits()
    job.refresh_from_db()
    assert (job.state, job.held_for) == ("held", "budget")
    budget.delete()
    assert release_jobs_with_budget() == 1


class TestOtherConnection:
    def test_the_one_that_is_billed_soonest_comes_first(self, alice: User, short: Connection) -> None:
        today = timezone.now().date()
        unknown = make_shared(alice, "Unknown day", 5)
        later = make_shared(alice, "Later", 5, (today + timedelta(days=5)).day)
        sooner = make_shared(alice, "Sooner", 1, (today + timedelta(days=2)).day)
        chosen = [submit(alice, short, WhenShort.OTHER_CONNECTION).connection for _ in range(2)]
        assert chosen == [sooner, later]
        set_balance(later, 0)
        assert submit(alice, short, WhenShort.OTHER_CONNECTION).connection == unknown

    def test_without_another_one_it_is_held(self, alice: User, bob: User, short: Connection) -> None:
        make_hosted_connection(bob, name="Bob's own", granted=9, used=0, check_state="ok")
        broken = make_shared(alice, "Broken", 9)
        Connection.objects.filter(pk=broken.pk).update(check_state="failed")
        job = submit(alice, short, WhenShort.OTHER_CONNECTION)
        assert (job.state, job.connection) == ("held", short)

    def test_the_bundled_engine_is_a_choice_of_its_own(self, alice: User, short: Connection) -> None:
        bundled = get_bundled(alice)
        assert submit(alice, short, WhenShort.OTHER_CONNECTION).state == "held"
        job = submit(alice, short, WhenShort.BUNDLED_ENGINE)
        assert (job.state, job.connection, job.connection_name) == ("queued", bundled, bundled.name)
        set_balance(bundled, 0)
        assert submit(alice, short, WhenShort.BUNDLED_ENGINE).connection == short

    def test_the_next_billing_day(self) -> None:
        today = date(2026, 1, 30)
        assert [count_days_until(day, today) for day in (30, 31, 29, 1)] == [0, 1, 29, 2]
        assert count_days_until(31, date(2026, 2, 10)) == 18
        rows = [Connection(pk=pk, billing_day=day) for pk, day in ((1, None), (2, 3), (3, 31), (4, None))]
        assert [row.pk for row in sort_by_billing_day(rows, today)] == [3, 2, 1, 4]


class TestForm:
    @pytest.fixture
    def visitor(self, alice: User, client: Client) -> Client:
        client.force_login(alice)
        return client

    def post(self, visitor: Client, connection: Connection, **values: str) -> Any:
        form = {"sample": "cat", "connection": str(connection.uuid), "scale": "2", **SETTINGS, **values}
        return visitor.post(FEATURE, form)

    def test_it_is_said_before_and_the_person_chooses(self, visitor: Client, short: Connection) -> None:
        answer = self.post(visitor, short)
        assert (answer.status_code, Job.objects.count()) == (422, 0)
        page = " ".join(answer.content.decode().split())
        assert "This costs 1 credit, and Empty plan has 0 credits left for new jobs." in page
        assert self.post(visitor, short, when_short="hold").status_code == 302
        assert Job.objects.get().held_for == "credits"
        assert self.post(visitor, short, when_short="bundled_engine").status_code == 302
        assert Job.objects.latest("pk").connection == get_bundled(Job.objects.latest("pk").created_by)
        assert self.post(visitor, short, when_short="start").status_code == 302
        assert (Job.objects.latest("pk").state, Job.objects.latest("pk").connection) == ("queued", short)

    def test_credits_that_jobs_have_reserved_arent_left(self, visitor: Client, alice: User, short: Connection) -> None:
        set_balance(short, 1)
        job = submit(alice, short)
        assert self.post(visitor, short).status_code == 422
        cancel_job(job=job)
        assert self.post(visitor, short).status_code == 302

    def test_only_choices_that_lead_anywhere_are_offered(self, visitor: Client, alice: User, short: Connection) -> None:
        page = self.post(visitor, short).content.decode()
        assert 'value="bundled_engine"' in page
        make_shared(alice, "Full plan", 9)
        assert 'value="other_connection"' in self.post(visitor, short).content.decode()

    def test_the_page_shows_the_choices_for_the_chosen_connection(self, visitor: Client, alice: User) -> None:
        assert 'id="when-short" hidden' in " ".join(visitor.get(FEATURE).content.decode().split())
        set_balance(get_bundled(alice), 0)
        assert 'id="when-short" hidden' not in " ".join(visitor.get(FEATURE).content.decode().split())


class TestFailure:
    """A job whose service says at the download that there are too few credits (30004)."""

    @pytest.fixture
    def failed(self, driver: JobDriver) -> Job:
        job = driver.submit()
        driver.run_until(job, STATES.PROCESSING)
        Account.objects.update(granted=0)
        return driver.run_until(job, STATES.FAILED)

    def test_it_gives_its_credits_back_and_offers_the_ways_out(
        self, driver: JobDriver, failed: Job, client: Client
    ) -> None:
        assert (failed.failure_kind, failed.error_code) == (KINDS.CREDITS, INSUFFICIENT_CREDITS)
        assert Reservation.objects.get().state == "released"
        assert list_ways_out(driver.actor, failed) == [WhenShort.HOLD]
        make_shared(driver.user, "Full plan", 9)
        assert list_ways_out(driver.actor, failed) == [WhenShort.HOLD, WhenShort.OTHER_CONNECTION]
        client.force_login(driver.user)
        page = client.get(f"/jobs/{failed.uuid}/").content.decode()
        assert 'value="hold"' in page
        assert 'value="other_connection"' in page
        assert 'value="bundled_engine"' not in page

    def test_it_goes_on_with_the_download_once_credits_have_arrived(self, driver: JobDriver, failed: Job) -> None:
        retry_short_job(actor=driver.actor, job=failed, when_short=WhenShort.HOLD)
        assert (failed.state, failed.held_for, failed.resume_state) == ("held", "credits", "downloading")
        assert release_jobs_with_credits() == 0
        check_next_connection()
        assert release_jobs_with_credits() == 0
        Account.objects.update(granted=50)
        request_balances(connection_ids=[driver.connection.pk])
        check_next_connection()
        assert release_jobs_with_credits() == 1
        failed.refresh_from_db()
        driver.run_until(failed, STATES.DONE)
        assert (driver.count_charges(), Reservation.objects.get().state) == (1, "settled")

    def test_it_begins_anew_on_another_connection(self, driver: JobDriver, failed: Job) -> None:
        other = make_shared(driver.user, "Full plan", 9)
        retry_short_job(actor=driver.actor, job=failed, when_short=WhenShort.OTHER_CONNECTION)
        assert (failed.state, failed.connection, failed.connection_name) == ("queued", other, "Full plan")
        assert (failed.trans_id, failed.uid, failed.resume_state) == ("", "", "")
        assert (Reservation.objects.get().connection, Reservation.objects.get().state) == (other, "reserved")

    def test_the_form_of_the_page(
        self, driver: JobDriver, failed: Job, viewer: User, charlie: User, client: Client
    ) -> None:
        address = f"/jobs/{failed.uuid}/when-short/"
        for person, status in ((viewer, 403), (charlie, 404)):
            client.force_login(person)
            assert client.post(address, {"when_short": "hold"}).status_code == status
        client.force_login(driver.user)
        for choice, sentence in (
            ("", "Choose what should happen."),
            ("start", "Choose what should happen."),
            ("other_connection", "No such connection has enough credits"),
        ):
            answer = client.post(address, {"when_short": choice}, follow=True)
            assert sentence in answer.content.decode()
        client.post(address, {"when_short": "hold"})
        failed.refresh_from_db()
        assert failed.state == "held"

    def test_a_job_that_waits_for_credits_is_held_and_doesnt_fail(self, driver: JobDriver) -> None:
        job = driver.submit()
        Job.objects.update(waits_for_credits=True)
        job.refresh_from_db()
        driver.run_until(job, STATES.PROCESSING)
        Account.objects.update(granted=0)
        driver.run_until(job, STATES.HELD)
        assert (job.held_for, job.resume_state, Reservation.objects.get().state) == (
            "credits",
            "downloading",
            "released",
        )


def test_only_a_failure_for_want_of_credits_has_these_ways_out(alice: User) -> None:
    for fields in ({"failure_kind": KINDS.OUTAGE}, {"failure_kind": KINDS.CREDITS, "connection": None}):
        job = make_job(alice, state=STATES.FAILED, **fields)
        assert list_ways_out(as_actor(alice), job) == []
