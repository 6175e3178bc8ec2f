"""The usage page."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_charge, make_hosted_connection
from vanceweb.teams.models import User
from vanceweb.usage.models import HistorySync
from vanceweb.vault.models import Connection

LONG_AGO = timezone.now() - timedelta(days=1)


@pytest.fixture
def visitor(alice: User, client: Client) -> Client:
    Connection.objects.update(asked_at=LONG_AGO)
    client.force_login(alice)
    return client


def test_an_empty_history_says_so(visitor: Client) -> None:
    page = visitor.get("/usage/").content.decode()
    assert "Nothing spent yet" in page
    assert 'id="usage-history"' in page


def test_balance_and_charges_are_shown(visitor: Client, alice: User, bob: User) -> None:
    make_charge(alice)
    make_charge(bob, minutes_ago=5)
    response = visitor.get("/usage/")
    page = response.content.decode()
    assert "1,000" in page
    assert [row.owner for row in response.context["rows"]] == [alice]
    assert "holiday_x2.png" in page


def test_a_connection_that_never_answered_says_so(visitor: Client, alice: User) -> None:
    make_hosted_connection(alice, last_error="The service can't be reached.", asked_at=LONG_AGO)
    assert "be reached." in visitor.get("/usage/").content.decode()


def test_the_history_continues_by_key(visitor: Client, alice: User, settings: Any) -> None:
    settings.USAGE_PAGE_ROWS = 2
    rows = [make_charge(alice, minutes_ago=minutes) for minutes in range(3)]
    first = visitor.get("/usage/")
    second = visitor.get("/usage/", {"after": first.context["next"]})
    assert first.context["rows"] + second.context["rows"] == rows


def test_refresh_enqueues_a_reading_and_the_page_polls(visitor: Client, alice: User) -> None:
    assert "hx-trigger" not in visitor.get("/usage/").content.decode()
    response = visitor.post("/usage/refresh/", follow=True)
    assert 'hx-trigger="every 2s"' in response.content.decode()
    assert HistorySync.objects.filter(connection__owner=alice).exists()
    assert visitor.get("/usage/refresh/").status_code == 405


def test_a_longer_history_takes_no_more_queries(
    visitor: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for minutes in range(6):
        make_charge(alice, minutes_ago=minutes)
    with django_assert_num_queries(4):  # session, user, rows, connections
        visitor.get("/usage/")
