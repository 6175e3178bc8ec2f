"""Sharing a connection with the team, with or without its past charges, and making it private again."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from tests.conftest import as_actor, get_bundled
from tests.factories import make_hosted_connection, make_job
from tests.usage.visible_charges import list_visible_charges
from vanceweb.client import HistoryRow
from vanceweb.jobs.models import Job
from vanceweb.teams.models import Membership, Role, User
from vanceweb.usage.history_store import ReadingOvertaken, Window, store_window
from vanceweb.usage.listed_history import PlacedRow
from vanceweb.usage.models import HistorySync, UsageDay, UsageRecord
from vanceweb.usage.service_times import build_times
from vanceweb.usage.services import share_connection
from vanceweb.usage.sums import list_days, recompute_days
from vanceweb.vault.models import Connection


@pytest.fixture
def plan(bob: User) -> Connection:
    """Bob's private connection, with one charge."""
    plan = make_hosted_connection(bob, name="Bob's plan", check_state="ok")
    UsageRecord.objects.create(
        **plan.ownership.to_fields(),
        connection=plan,
        connection_name=plan.name,
        job="denoise",
        info="surprise-party.png",
        points=1,
        balance=9,
        **build_times((plan.created_at).replace(tzinfo=None), service_zone="UTC", team_zone="UTC"),
    )
    return plan


@pytest.fixture
def visitor(bob: User, client: Client) -> Client:
    client.force_login(bob)
    return client


def share(client: Client, connection: Connection, **given: str) -> int:
    return client.post(f"/connections/{connection.uuid}/share/", given).status_code


def unshare(client: Client, connection: Connection) -> int:
    return client.post(f"/connections/{connection.uuid}/unshare/").status_code


def list_charges(user: User) -> list[str]:
    return [row.info for row in list_visible_charges(user)]


def test_sharing_asks_first_and_keeps_past_charges_private(
    visitor: Client, plan: Connection, alice: User, bob: User
) -> None:
    page = visitor.get(f"/connections/{plan.uuid}/share/").content.decode()
    assert "Share this connection with the team?" in page
    assert share(visitor, plan) == 302
    plan.refresh_from_db()
    assert (plan.private_to, plan.created_by) == (None, bob)
    assert (list_charges(alice), list_charges(bob)) == ([], ["surprise-party.png"])


def test_past_charges_are_shown_only_on_request(visitor: Client, plan: Connection, alice: User, charlie: User) -> None:
    assert share(visitor, plan, show_history="1") == 302
    assert (list_charges(alice), list_charges(charlie)) == (["surprise-party.png"], [])


def test_the_sums_follow_what_is_shared(visitor: Client, plan: Connection, bob: User) -> None:
    recompute_days(team_id=plan.team_id, days=list_days(UsageRecord.objects.all()))
    assert UsageDay.objects.get().private_to == bob
    share(visitor, plan)
    assert UsageDay.objects.get().private_to == bob
    share(visitor, plan, show_history="1")
    assert UsageDay.objects.get().private_to is None


def test_shared_twice_the_past_ends_at_the_first_time(visitor: Client, plan: Connection, alice: User) -> None:
    share(visitor, plan)
    shared_at = Connection.objects.get(pk=plan.pk).private_past_until
    assert share(visitor, plan) == 302
    assert Connection.objects.get(pk=plan.pk).private_past_until == shared_at
    assert list_charges(alice) == []
    assert share(visitor, plan, show_history="1") == 302
    assert share(visitor, plan) == 302
    assert Connection.objects.get(pk=plan.pk).private_past_until is None
    assert list_charges(alice) == ["surprise-party.png"]


def test_made_private_again_it_is_its_persons_alone(visitor: Client, plan: Connection, alice: User, bob: User) -> None:
    share(visitor, plan, show_history="1")
    assert unshare(visitor, plan) == 302
    plan.refresh_from_db()
    assert plan.private_to == bob
    assert list_charges(alice) == ["surprise-party.png"], "what the team has seen stays visible"


def test_a_shared_connection_cant_have_a_name_that_the_team_uses(
    visitor: Client, plan: Connection, alice: User, charlie: User
) -> None:
    make_hosted_connection(charlie, name=plan.name)
    assert share(visitor, plan) == 302
    same = make_hosted_connection(alice, name=plan.name)
    visitor.force_login(alice)
    response = visitor.post(f"/connections/{same.uuid}/share/")
    assert response.status_code == 422
    assert "There is already a connection of that name." in response.content.decode()
    same.refresh_from_db()
    assert same.is_private


@pytest.mark.parametrize("person", ["alice", "admin", "viewer", "charlie"])
def test_nobody_shares_somebody_elses_private_connection(
    person: str, plan: Connection, client: Client, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(person))
    assert (share(client, plan), unshare(client, plan)) == (404, 404)
    assert client.get(f"/connections/{plan.uuid}/share/").status_code == 404


@pytest.mark.parametrize(("person", "status"), [("alice", 403), ("admin", 403), ("viewer", 403), ("charlie", 404)])
def test_only_its_person_makes_a_shared_connection_private(
    person: str, status: int, visitor: Client, plan: Connection, request: pytest.FixtureRequest
) -> None:
    share(visitor, plan)
    visitor.force_login(request.getfixturevalue(person))
    assert unshare(visitor, plan) == status
    plan.refresh_from_db()
    assert not plan.is_private


def test_the_bundled_engine_stays_shared(alice: User, client: Client) -> None:
    client.force_login(alice)
    assert unshare(client, get_bundled(alice)) == 403
    assert not get_bundled(alice).is_private


def test_past_charges_that_are_read_after_sharing_stay_private_too(plan: Connection, alice: User, bob: User) -> None:
    """The history need not have been read when the connection is shared; the service's times have no zone."""
    share_connection(actor=as_actor(bob), connection=plan, show_history=False)
    plan.refresh_from_db()
    assert plan.private_past_until is not None
    own = make_job(bob)
    Job.objects.filter(pk=own.pk).update(created_at=plan.private_past_until - timedelta(hours=1))
    later = make_job(alice)
    now = plan.private_past_until.replace(tzinfo=None)
    rows = [
        build_row("long ago.png", now - timedelta(days=9)),
        build_row("a zone ahead.png", now + timedelta(hours=13)),
        build_row(f"{own.uuid.hex}-denoise.png", now + timedelta(minutes=1)),
        build_row(f"{later.uuid.hex}-denoise.png", now + timedelta(minutes=1)),
        build_row("much later.png", now + timedelta(hours=15)),
    ]
    assert store_rows(plan, rows) == 5
    assert set(list_charges(alice)) == {rows[3].info, "much later.png"}
    # Of the team's charges, a member sees their own.
    assert len(list_charges(bob)) == 4


def test_a_private_past_is_not_read_again_once_its_person_is_deleted(plan: Connection, alice: User, bob: User) -> None:
    share_connection(actor=as_actor(bob), connection=plan, show_history=False)
    plan.refresh_from_db()
    assert plan.private_past_until is not None
    now = plan.private_past_until.replace(tzinfo=None)
    rows = [build_row("long ago.png", now - timedelta(days=9)), build_row("later.png", now + timedelta(hours=15))]
    assert store_rows(plan, rows[:1]) == 1
    bob.delete()
    assert [store_rows(plan, rows) for _ in range(2)] == [1, 0]
    assert [record.info for record in UsageRecord.objects.all()] == ["later.png"]
    assert list_charges(alice) == ["later.png"]


def store_rows(connection: Connection, rows: list[HistoryRow]) -> int:
    placed = [PlacedRow(place, row) for place, row in enumerate(rows, start=1)]
    state, _created = HistorySync.objects.get_or_create(connection=connection)
    return store_window(state, Window(placed, floor=0, is_top=True), complete_rows=len(rows))


def build_row(info: str, created_at: datetime) -> HistoryRow:
    return HistoryRow(
        point_type="download", job="denoise", info=info, points=Decimal(1), balance=Decimal(9), created_at=created_at
    )


def test_a_viewer_withdraws_the_token_they_shared_as_a_member(visitor: Client, plan: Connection, bob: User) -> None:
    share(visitor, plan)
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)
    assert share(visitor, plan) == 403
    assert unshare(visitor, plan) == 302
    plan.refresh_from_db()
    assert plan.private_to == bob
    assert visitor.post(f"/connections/{plan.uuid}/remove/").status_code == 302
    assert not Connection.objects.filter(pk=plan.pk).exists()


def test_of_two_readers_of_one_history_the_later_one_gives_up(plan: Connection) -> None:
    state, _created = HistorySync.objects.get_or_create(connection=plan)
    same = HistorySync.objects.get(pk=state.pk)
    window = Window([PlacedRow(1, build_row("a.png", datetime(2026, 1, 1)))], floor=0, is_top=True)
    assert store_window(state, window, complete_rows=1) == 1
    with pytest.raises(ReadingOvertaken):
        store_window(same, window, complete_rows=1)
    assert UsageRecord.objects.filter(connection=plan, info="a.png").count() == 1
