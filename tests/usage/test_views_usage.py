"""The dashboard of usage."""

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.browser.usage_data import make_charges_of_months
from tests.conftest import as_actor, get_bundled
from tests.factories import make_charge, make_hosted_connection
from vanceweb.teams.models import User
from vanceweb.usage.models import HistorySync, UsageRecord
from vanceweb.usage.sums import recompute_days
from vanceweb.vault.models import Connection

USAGE = "/t/studio/usage/"


@pytest.fixture
def visitor(alice: User, client: Client) -> Client:
    Connection.objects.update(not_before=None)
    client.force_login(alice)
    return client


@pytest.fixture
def charges(alice: User, bob: User) -> list[UsageRecord]:
    """Charges of some months, with their sums."""
    make_charges_of_months([alice, bob], [get_bundled(alice)], [])
    return list(UsageRecord.objects.all())


def charge_with_sums(user: User, *, minutes_ago: int = 0) -> UsageRecord:
    charge = make_charge(user, minutes_ago=minutes_ago)
    recompute_days(team_id=charge.team_id, days=[charge.day])
    return charge


def read(client: Client, **query: str) -> str:
    response = client.get(USAGE, query)
    assert response.status_code == 200
    return unescape(response.content.decode())


def read_table(page: str) -> list[list[Decimal]]:
    """Return the credits of each bar by series, from the table that the chart is drawn from."""
    rows = re.findall(r"<tr data-label=.*?</tr>", page, re.DOTALL)
    return [[Decimal(text) for text in re.findall(r'data-credits="([^"]+)"', row)] for row in rows]


def test_a_team_that_spent_nothing_is_told_so(visitor: Client) -> None:
    page = read(visitor)
    assert "Nothing was spent in this period." in page
    assert "Known after a week of use" in page
    assert re.search(r'stat-figure">1,000 <span>credits', page)


def test_the_chart_is_drawn_from_a_table_that_adds_up(visitor: Client, charges: list[UsageRecord]) -> None:
    for query in ({}, {"by": "person"}, {"by": "connection", "period": "90-days"}, {"period": "12-months"}):
        response = visitor.get(USAGE, query)
        board, page = response.context["board"], unescape(response.content.decode())
        expected = sum(row.points for row in charges if board.period.start <= row.day < board.period.end)
        assert sum(map(sum, read_table(page)), Decimal(0)) == expected == board.bars.total
        assert len(read_table(page)) == len(board.bars.starts)


def test_each_bar_leads_to_its_charges(visitor: Client, charges: list[UsageRecord]) -> None:
    page = read(visitor, bucket="week", feature="denoise")
    address = unescape(re.findall(r'data-label=.*?href="([^"]+)"', page, re.DOTALL)[1])
    rows = visitor.get(address).context["rows"]
    assert sum((row.points for row in rows), Decimal(0)) == sum(read_table(page)[1], Decimal(0))
    assert {row.feature for row in rows} == {"denoise"}


def test_what_is_wrong_in_an_address_is_said_and_left_out(visitor: Client) -> None:
    response = visitor.get(USAGE, {"from": "yesterday", "by": "mood", "bucket": "century"})
    assert response.status_code == 422
    assert len(response.context["asked"].errors) == 3
    assert response.context["board"].period.days == 30


def test_a_connection_that_never_answered_says_so(visitor: Client, alice: User) -> None:
    make_hosted_connection(alice, last_error="The service can't be reached.", not_before=None)
    assert "The service can't be reached." in read(visitor, scope="private")
    assert "The service can't be reached." not in read(visitor)


def test_refresh_enqueues_a_reading_and_the_page_polls(visitor: Client, alice: User) -> None:
    assert 'hx-trigger="every 2s"' not in read(visitor)
    response = visitor.post(f"{USAGE}refresh/", follow=True)
    assert 'hx-trigger="every 2s"' in response.content.decode()
    assert HistorySync.objects.filter(connection__team=as_actor(alice).team).exists()
    assert visitor.get(f"{USAGE}refresh/").status_code == 405


@pytest.mark.parametrize("path", [USAGE, f"{USAGE}?period=12-months&by=person", f"{USAGE}statement/"])
def test_pages_take_few_queries(
    path: str, visitor: Client, charges: list[UsageRecord], bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # session, user, membership, private connections, balances, sums, people, bars, look-back, hours, jobs, refused
    # tokens; or session, user, membership, balances, sums, people, opening and closing balances, prices, months,
    # refused tokens
    for _ in ("with bob", "after he has left"):
        with django_assert_num_queries(10 if "statement" in path else 12):
            assert visitor.get(path).status_code == 200
        bob.memberships.all().delete()


def test_members_see_the_sums_and_of_the_people_only_themselves(
    alice: User, bob: User, viewer: User, client: Client
) -> None:
    charge_with_sums(alice), charge_with_sums(bob, minutes_ago=1)
    names = {}
    for person in (alice, bob, viewer):
        client.force_login(person)
        response = client.get(USAGE)
        assert response.context["board"].tiles.spent.now == 2
        names[person.username] = {share.entry.name for share in response.context["board"].by_person.rows}
        assert ("Somebody’s" in response.content.decode()) == (person == alice)
    # `make_charge` makes rows that nobody here caused.
    assert names == {"alice": {"Not from here"}, "bob": {"Not from here"}, viewer.username: {"Not from here"}}
    client.force_login(bob)
    assert client.get(USAGE, {"person": "alice"}).status_code == 403


def test_a_private_connection_is_counted_for_its_person_alone(alice: User, bob: User, client: Client) -> None:
    charge = make_charge(bob)
    UsageRecord.objects.filter(pk=charge.pk).update(private_to=bob)
    recompute_days(team_id=charge.team_id, days=[charge.day])
    for person, spent in ((alice, 0), (bob, 1)):
        client.force_login(person)
        assert client.get(USAGE, {"scope": "private"}).context["board"].tiles.spent.now == spent
        assert client.get(USAGE).context["board"].tiles.spent.now == 0
        assert (">Private<" in re.sub(r"\s", "", client.get(USAGE).content.decode())) == (person == bob)


def test_a_viewer_cant_refresh(viewer: User, client: Client) -> None:
    client.force_login(viewer)
    assert f"{USAGE}refresh/" not in client.get(USAGE).content.decode()
    assert client.post(f"{USAGE}refresh/").status_code == 403
    assert not HistorySync.objects.exists()


def test_a_member_can_refresh(bob: User, client: Client) -> None:
    client.force_login(bob)
    assert f"{USAGE}refresh/" in client.get(USAGE).content.decode()
    assert client.post(f"{USAGE}refresh/")["Location"] == USAGE
    assert HistorySync.objects.exists()


def test_a_stranger_gets_404(alice: User, charlie: User, client: Client) -> None:
    charge_with_sums(alice)
    client.force_login(charlie)
    assert client.get(USAGE).status_code == 404
    assert client.post(f"{USAGE}refresh/").status_code == 404
    assert not HistorySync.objects.exists()
    assert client.get("/t/elsewhere/usage/").context["board"].tiles.spent.now == 0


def test_the_old_address_leads_to_the_persons_first_team(visitor: Client) -> None:
    assert visitor.get("/usage/")["Location"] == USAGE


def test_filters_stay_in_every_link(visitor: Client, charges: list[UsageRecord]) -> None:
    page: Any = visitor.get(USAGE, {"feature": "denoise", "by": "person"}).content.decode()
    links = [unescape(link) for link in re.findall(r'id="bucket-\w+"\s+href="([^"]+)"', page)]
    assert len(links) == 3
    assert all("feature=denoise" in link and "by=person" in link for link in links)
