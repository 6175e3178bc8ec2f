"""The usage page."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.conftest import as_actor
from tests.factories import make_charge, make_hosted_connection
from vanceweb.teams.models import User
from vanceweb.usage.models import HistorySync, UsageRecord
from vanceweb.vault.models import Connection

USAGE = "/t/studio/usage/"


@pytest.fixture
def visitor(alice: User, client: Client) -> Client:
    Connection.objects.update(not_before=None)
    client.force_login(alice)
    return client


def make_private(charge: UsageRecord, person: User) -> UsageRecord:
    charge.private_to = person
    charge.save()
    return charge


def test_an_empty_history_says_so(visitor: Client) -> None:
    page = visitor.get(USAGE).content.decode()
    assert "Nothing spent yet" in page
    assert 'id="usage-history"' in page


def test_balance_and_charges_are_shown(visitor: Client, alice: User, bob: User, charlie: User) -> None:
    rows = [make_charge(alice), make_charge(bob, minutes_ago=5)]
    make_private(make_charge(bob), bob)
    make_charge(charlie)
    response = visitor.get(USAGE)
    page = response.content.decode()
    assert "1,000" in page
    assert response.context["rows"] == rows
    assert "holiday_x2.png" in page


def test_a_connection_that_never_answered_says_so(visitor: Client, alice: User) -> None:
    make_hosted_connection(alice, last_error="The service can't be reached.", not_before=None)
    assert "be reached." in visitor.get(USAGE).content.decode()


def test_the_history_continues_by_key(visitor: Client, alice: User, settings: Any) -> None:
    settings.USAGE_PAGE_ROWS = 2
    rows = [make_charge(alice, minutes_ago=minutes) for minutes in range(3)]
    first = visitor.get(USAGE)
    second = visitor.get(USAGE, {"after": first.context["next"]})
    assert first.context["rows"] + second.context["rows"] == rows


def test_refresh_enqueues_a_reading_and_the_page_polls(visitor: Client, alice: User) -> None:
    assert "hx-trigger" not in visitor.get(USAGE).content.decode()
    response = visitor.post(f"{USAGE}refresh/", follow=True)
    assert 'hx-trigger="every 2s"' in response.content.decode()
    assert HistorySync.objects.filter(connection__team=as_actor(alice).team).exists()
    assert visitor.get(f"{USAGE}refresh/").status_code == 405


def test_a_longer_history_takes_no_more_queries(
    visitor: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for minutes in range(6):
        make_charge(alice, minutes_ago=minutes)
    # session, user, membership, people, rows, connections, refused tokens, alerts, jobs without a charge
    with django_assert_num_queries(9):
        visitor.get(USAGE)


def test_the_team_sees_its_charges_and_each_person_their_own_private_ones(
    alice: User, bob: User, viewer: User, client: Client
) -> None:
    shared, private = make_charge(alice), make_private(make_charge(bob, minutes_ago=5), bob)
    make_hosted_connection(bob, name="Bob's plan")
    for person, rows in ((bob, [shared, private]), (viewer, [shared]), (alice, [shared])):
        client.force_login(person)
        response = client.get(USAGE)
        assert response.context["rows"] == rows
        assert ("Bob&#x27;s plan" in response.content.decode()) == (person == bob)


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
    make_charge(alice)
    client.force_login(charlie)
    assert client.get(USAGE).status_code == 404
    assert client.post(f"{USAGE}refresh/").status_code == 404
    assert not HistorySync.objects.exists()
    assert client.get("/t/elsewhere/usage/").context["rows"] == []


def test_the_old_address_leads_to_the_persons_first_team(visitor: Client) -> None:
    assert visitor.get("/usage/")["Location"] == USAGE
