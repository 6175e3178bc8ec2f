"""The pages of connections: list without tokens, add, check, change, remove."""

import pytest
from django.test import Client

from tests.factories import make_hosted_connection
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

TOKEN = "fedcba9876543210"


@pytest.fixture
def visitor(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def test_the_list_shows_the_balance_and_only_the_last_four_characters(visitor: Client, alice: User) -> None:
    make_hosted_connection(alice)
    bundled = Connection.objects.get(owner=alice, service="bundled")
    page = visitor.get("/connections/").content.decode()
    assert "1,000" in page
    assert "••••cdef" in page
    assert "0123456789abcdef" not in page
    assert bundled.token not in page


def test_adding_one_stores_the_token_and_checks_it(visitor: Client, alice: User) -> None:
    response = visitor.post("/connections/add/", {"name": "Plan", "token": TOKEN, "base_url": ""}, follow=True)
    added = Connection.objects.get(owner=alice, name="Plan")
    assert (added.service, added.token, added.check_state) == ("hosted", TOKEN, "checking")
    page = response.content.decode()
    assert "Checking the token" in page
    assert f'hx-get="/connections/{added.uuid}/check/"' in page
    assert TOKEN not in page


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": "Bundled engine", "token": TOKEN}, "You already have a connection of that name."),
        ({"name": "Plan", "token": "two words"}, "This is not an API token"),
        ({"name": "Plan", "token": TOKEN, "base_url": "ftp://example.org"}, "must begin with http:// or https://"),
        ({"name": "", "token": TOKEN}, "This field is required."),
    ],
)
def test_errors_are_shown_at_their_field(visitor: Client, given: dict[str, str], sentence: str) -> None:
    response = visitor.post("/connections/add/", given)
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert TOKEN not in page


def test_the_card_polls_until_the_service_has_answered(visitor: Client, alice: User) -> None:
    connection = make_hosted_connection(alice)
    address = f"/connections/{connection.uuid}/check/"
    assert "hx-trigger" in visitor.get(address).content.decode()
    connection.check_state, connection.last_error = "failed", "The service doesn't know the token (30001)."
    connection.save()
    card = visitor.get(address).content.decode()
    assert "hx-trigger" not in card
    assert "know the token (30001)." in card


def test_it_can_be_checked_again(visitor: Client, alice: User) -> None:
    connection = make_hosted_connection(alice, check_state="failed")
    assert visitor.post(f"/connections/{connection.uuid}/check/").status_code == 302
    connection.refresh_from_db()
    assert connection.check_state == "checking"


def test_it_can_be_renamed(visitor: Client, alice: User) -> None:
    connection = make_hosted_connection(alice)
    visitor.post(f"/connections/{connection.uuid}/edit/", {"name": "Big plan"})
    connection.refresh_from_db()
    assert (connection.name, connection.token) == ("Big plan", "0123456789abcdef")


def test_its_token_can_be_replaced(visitor: Client, alice: User) -> None:
    connection = make_hosted_connection(alice)
    visitor.post(f"/connections/{connection.uuid}/edit/", {"token": TOKEN})
    connection.refresh_from_db()
    assert (connection.token, connection.check_state) == (TOKEN, "checking")


def test_the_bundled_connections_token_cant_be_replaced(visitor: Client, alice: User) -> None:
    bundled = Connection.objects.get(owner=alice)
    token = bundled.token
    address = f"/connections/{bundled.uuid}/edit/"
    assert "Replace the token" not in visitor.get(address).content.decode()
    assert visitor.post(address, {"token": TOKEN}).status_code == 422
    bundled.refresh_from_db()
    assert bundled.token == token


def test_a_name_that_is_taken_is_refused(visitor: Client, alice: User) -> None:
    connection = make_hosted_connection(alice)
    response = visitor.post(f"/connections/{connection.uuid}/edit/", {"name": "Bundled engine"})
    assert response.status_code == 422
    assert "You already have a connection of that name." in response.content.decode()


def test_remove_asks_for_confirmation(visitor: Client, alice: User) -> None:
    connection = make_hosted_connection(alice)
    address = f"/connections/{connection.uuid}/remove/"
    assert "Remove Studio plan?" in visitor.get(address).content.decode()
    visitor.post(address)
    assert not Connection.objects.filter(pk=connection.pk).exists()


def test_the_bundled_connection_cant_be_removed(visitor: Client, alice: User) -> None:
    bundled = Connection.objects.get(owner=alice)
    response = visitor.post(f"/connections/{bundled.uuid}/remove/", follow=True)
    assert "stays" in response.content.decode()
    assert Connection.objects.filter(pk=bundled.pk).exists()
