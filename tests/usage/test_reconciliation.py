"""Stored charges are matched with stored jobs after each reading of the history."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from tests.conftest import as_actor
from tests.factories import ENLARGE, make_hosted_connection, make_private, make_upload
from tests.usage.charges import MORNING, make_downloaded_job, make_row
from tests.usage.visible_charges import list_visible_charges
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import INSUFFICIENT_CREDITS, Job
from vanceweb.teams.models import User
from vanceweb.usage import reconciliation
from vanceweb.usage.corrections import correct_match
from vanceweb.usage.models import HistorySync, Match, UsageDay, UsageRecord
from vanceweb.usage.reconciliation import reconcile_history
from vanceweb.usage.record_search import add_shown_jobs
from vanceweb.usage.sums import recompute_days
from vanceweb.vault.models import Connection

DENOISE = Step("denoise", {"auto_params": True, "remove_noise": 75, "sharpen": 75})


@pytest.fixture
def plan(alice: User) -> Connection:
    """A shared connection to the hosted service, which names no jobs."""
    return make_hosted_connection(alice, private_to_id=None, check_state="ok")


@pytest.fixture
def source(alice: User) -> Asset:
    return make_upload(alice, name="bride.png")


def test_rows_get_job_person_feature_and_sums(plan: Connection, source: Asset, alice: User, bob: User) -> None:
    first = make_downloaded_job(alice, plan, source)
    second = make_downloaded_job(bob, plan, source, second=100, steps=(ENLARGE, DENOISE), credits=Decimal(2))
    rows = [make_row(plan), make_row(plan, second=100, points=Decimal(2)), make_row(plan, second=5000)]
    recompute_days(team_id=plan.team_id, days={row.day for row in rows})
    assert reconcile_history(connection_id=plan.pk) == 2
    for row in rows:
        row.refresh_from_db()
    assert [row.match for row in rows] == [Match.MATCHED, Match.MATCHED, Match.FOREIGN]
    assert [row.job_uuid for row in rows] == [first.uuid, second.uuid, None]
    assert [row.created_by for row in rows] == [alice, bob, None]
    assert [row.feature for row in rows] == ["enlarge3", "workflow", "enlarge3"]
    sums = {(day.person_id, day.feature, day.is_foreign): day.credits for day in UsageDay.objects.all()}
    assert sums == {
        (alice.pk, "enlarge3", False): 1,
        (bob.pk, "workflow", False): 2,
        (None, "enlarge3", True): 1,
    }
    assert reconcile_history(connection_id=plan.pk) == 0


def test_what_somebody_has_corrected_stays(plan: Connection, source: Asset, alice: User) -> None:
    make_downloaded_job(alice, plan, source)
    row = make_row(plan, is_corrected=True)
    assert reconcile_history(connection_id=plan.pk) == 0
    row.refresh_from_db()
    assert (row.match, row.job_uuid) == (Match.FOREIGN, None)


def test_a_match_stays_when_its_job_is_deleted(plan: Connection, source: Asset, alice: User) -> None:
    job = make_downloaded_job(alice, plan, source)
    row = make_row(plan)
    reconcile_history(connection_id=plan.pk)
    uuid = job.uuid
    job.delete()
    assert reconcile_history(connection_id=plan.pk) == 0
    row.refresh_from_db()
    assert (row.match, row.job_uuid, row.created_by) == (Match.MATCHED, uuid, alice)


def test_a_row_that_may_be_either_of_two_peoples_is_doubtful(
    plan: Connection, source: Asset, alice: User, bob: User
) -> None:
    make_downloaded_job(alice, plan, source)
    make_downloaded_job(bob, plan, source, second=0.4)
    make_downloaded_job(alice, plan, source, second=4000)
    row, _ = make_row(plan, second=1), make_row(plan, second=4000)
    reconcile_history(connection_id=plan.pk)
    row.refresh_from_db()
    assert row.match == Match.DOUBTFUL
    assert row.job_uuid is not None


def test_jobs_of_other_connections_and_unpaid_ones_are_no_candidates(
    plan: Connection, source: Asset, alice: User, bundled: Connection
) -> None:
    make_downloaded_job(alice, bundled, source)
    make_downloaded_job(alice, plan, source, state=Job.State.FAILED, error_code=INSUFFICIENT_CREDITS)
    make_row(plan)
    assert reconcile_history(connection_id=plan.pk) == 0


def test_a_second_row_is_not_matched_with_a_job_that_is_charged_already(
    plan: Connection, source: Asset, alice: User
) -> None:
    make_downloaded_job(alice, plan, source)
    make_row(plan)
    reconcile_history(connection_id=plan.pk)
    late = make_row(plan, second=2)
    assert reconcile_history(connection_id=plan.pk) == 0
    late.refresh_from_db()
    assert late.match == Match.FOREIGN


def test_an_older_accounts_job_owns_the_charges_of_its_steps(plan: Connection, source: Asset, alice: User) -> None:
    job = make_downloaded_job(alice, plan, source, second=10, steps=(ENLARGE, DENOISE), credits=Decimal(2))
    step = {"point_type": "job", "points": Decimal("0.2")}
    make_row(plan, second=9, **step)
    make_row(plan, second=9, job="denoise", **step)
    make_row(plan, second=10, points=Decimal(2))
    assert reconcile_history(connection_id=plan.pk) == 3
    assert list(UsageRecord.objects.values_list("job_uuid", "match")) == [(job.uuid, Match.MATCHED)] * 3
    make_row(plan, second=10, **step)
    assert reconcile_history(connection_id=plan.pk) == 0


def test_the_shift_of_the_clocks_is_remembered_by_the_matches(plan: Connection, source: Asset, alice: User) -> None:
    hours = 8 * 3600
    for second in (0, 500, 900, 2000, 2900):
        make_downloaded_job(alice, plan, source, second=second)
        make_row(plan, second=second + hours)
    assert reconcile_history(connection_id=plan.pk) == 5
    make_downloaded_job(alice, plan, source, second=9000)
    make_row(plan, second=9000 + hours)
    assert reconcile_history(connection_id=plan.pk) == 1


def test_a_service_that_names_jobs_names_all(plan: Connection, source: Asset, alice: User) -> None:
    job = make_downloaded_job(alice, plan, source)
    make_row(plan, info=f"{job.uuid.hex}.png", match=Match.MATCHED, job_uuid=job.uuid)
    make_downloaded_job(alice, plan, source, second=600)
    make_row(plan, second=600, info=f"{'0' * 32}.png")
    assert reconcile_history(connection_id=plan.pk) == 0


def test_old_rows_are_looked_at_once_and_new_ones_again(plan: Connection, source: Asset, alice: User) -> None:
    HistorySync.objects.create(connection=plan)
    old = MORNING - timedelta(days=50)
    make_downloaded_job(alice, plan, source, downloaded_at=old)
    make_row(plan, moment=old)
    assert reconcile_history(connection_id=plan.pk) == 1
    make_downloaded_job(alice, plan, source, downloaded_at=old + timedelta(hours=1))
    late = make_row(plan, moment=old + timedelta(hours=1))
    assert reconcile_history(connection_id=plan.pk) == 1
    UsageRecord.objects.filter(pk=late.pk).update(match=Match.FOREIGN, job_uuid=None)
    assert reconcile_history(connection_id=plan.pk) == 0


def test_portions_are_matched_one_after_the_other(
    plan: Connection, source: Asset, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciliation, "ROWS_AT_ONCE", 2)
    for number in range(5):
        make_downloaded_job(alice, plan, source, second=number * 10)
        make_row(plan, second=number * 10)
    assert reconcile_history(connection_id=plan.pk) == 5


def test_more_rows_take_no_more_queries(plan: Connection, source: Asset, alice: User) -> None:
    counts = []
    for day, number in enumerate((3, 12)):
        for second in range(number):
            make_downloaded_job(alice, plan, source, second=second * 10 - 86400 * day)
            make_row(plan, second=second * 10 - 86400 * day)
        with CaptureQueriesContext(database) as queries:
            assert reconcile_history(connection_id=plan.pk) == number
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 1, "of the second run, there are known charges"


def test_a_private_jobs_name_stays_hidden_and_its_person_is_shown(
    plan: Connection, source: Asset, alice: User, bob: User
) -> None:
    job = make_downloaded_job(bob, plan, source)
    make_private(job, bob)
    make_row(plan)
    reconcile_history(connection_id=plan.pk)
    rows = {person: list_visible_charges(person)[0] for person in (alice, bob)}
    for person, row in rows.items():
        add_shown_jobs(as_actor(person), [row])
    assert (rows[alice].shown_job, rows[alice].created_by) == (None, bob)
    assert rows[bob].shown_job == job


def test_a_charge_of_the_private_past_becomes_the_teams_with_a_job_of_the_team(
    plan: Connection, source: Asset, alice: User
) -> None:
    Connection.objects.filter(pk=plan.pk).update(private_past_until=MORNING - timedelta(minutes=5))
    make_downloaded_job(alice, plan, source, created_at=MORNING)
    make_downloaded_job(alice, plan, source, second=900, created_at=MORNING - timedelta(days=1))
    rows = [make_row(plan), make_row(plan, second=900)]
    UsageRecord.objects.filter(pk=rows[0].pk).update(private_to=alice)
    assert reconcile_history(connection_id=plan.pk) == 2
    assert [UsageRecord.objects.get(pk=row.pk).private_to for row in rows] == [None, alice]


@pytest.mark.slow
def test_the_same_on_postgresql(postgresql: None, request: pytest.FixtureRequest) -> None:
    plan, source = request.getfixturevalue("plan"), request.getfixturevalue("source")
    alice: User = request.getfixturevalue("alice")
    job = make_downloaded_job(alice, plan, source)
    row, foreign = make_row(plan), make_row(plan, second=5000)
    assert reconcile_history(connection_id=plan.pk) == 1
    row.refresh_from_db()
    assert (row.match, row.job_uuid) == (Match.MATCHED, job.uuid)
    correct_match(actor=as_actor(alice), record=foreign, job=job)
    assert reconcile_history(connection_id=plan.pk) == 0
    assert UsageDay.objects.get().credits == 2
