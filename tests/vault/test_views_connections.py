"""The pages of connections: list without tokens, add, check, change, remove."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client, RequestFactory
from django.views.debug import SafeExceptionReporterFilter
from pytest_django import DjangoAssertNumQueries

from tests.conftest import as_actor, get_bundled
from tests.factories import make_hosted_connection
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection
from vanceweb.vault.services import set_connection_privacy
from vanceweb.vault.views import connection_add
from vanceweb.vault.views_edit import connection_edit

CONNECTIONS = "/t/studio/connections/"
TOKEN = "fedcba9876543210"


def list_addresses(connection: Connection) -> list[str]:
    return [f"/connections/{connection.uuid}/{act}/" for act in ("check", "edit", "remove")]


def list_answers(client: Client, connection: Connection) -> list[tuple[int, int]]:
    """Return the answers to GET and to POST of each page of a connection."""
    change = {"name": "Renamed"}
    pairs = [(client.get(address), client.post(address, change)) for address in list_addresses(connection)]
    return [(shown.status_code, posted.status_code) for shown, posted in pairs]


def test_the_list_shows_the_balance_and_only_the_last_four_characters(visitor: Client, alice: User) -> None:
    make_hosted_connection(alice)
    bundled = get_bundled(alice)
    page = visitor.get(CONNECTIONS).content.decode()
    assert "1,000" in page
    assert "••••cdef" in page
    assert "0123456789abcdef" not in page
    assert bundled.token.open() not in page


def test_adding_one_stores_the_token_and_checks_it(visitor: Client, alice: User) -> None:
    response = visitor.post(f"{CONNECTIONS}add/", {"name": "Plan", "token": TOKEN, "base_url": ""}, follow=True)
    added = Connection.objects.get(created_by=alice, name="Plan")
    assert (added.service, added.token.open(), added.check_state) == ("hosted", TOKEN, "checking")
    page = response.content.decode()
    assert "Checking the token" in page
    assert f'hx-get="/connections/{added.uuid}/check/"' in page
    assert TOKEN not in page


@pytest.mark.parametrize("view", [connection_add, connection_edit])
def test_error_reports_leave_the_token_out(view: Any, rf: RequestFactory) -> None:
    """Without a user the view fails, as it would with a defect of ours."""
    request = rf.post("/", {"token": TOKEN})
    with pytest.raises(AttributeError):
        view(request, "studio" if view is connection_add else uuid4())
    assert TOKEN not in str(SafeExceptionReporterFilter().get_post_parameters(request))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": "Bundled engine", "token": TOKEN}, "There is already a connection of that name."),
        ({"name": "Plan", "token": "two words"}, "This is not an API token"),
        ({"name": "Plan", "token": TOKEN, "base_url": "ftp://example.org"}, "must begin with http:// or https://"),
        ({"name": "", "token": TOKEN}, "This field is required."),
    ],
)
def test_errors_are_shown_at_their_field(visitor: Client, given: dict[str, str], sentence: str) -> None:
    response = visitor.post(f"{CONNECTIONS}add/", given)
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
    assert (connection.name, connection.token.open()) == ("Big plan", "0123456789abcdef")


def test_its_token_can_be_replaced(visitor: Client, alice: User) -> None:
    connection = make_hosted_connection(alice)
    visitor.post(f"/connections/{connection.uuid}/edit/", {"token": TOKEN})
    connection.refresh_from_db()
    assert (connection.token.open(), connection.check_state) == (TOKEN, "checking")


@pytest.fixture
def shared_by_bob(bob: User) -> Connection:
    plan = make_hosted_connection(bob, name="Bob's plan")
    set_connection_privacy(actor=as_actor(bob), connection=plan, private=False)
    return plan


def test_only_the_person_who_shared_a_token_replaces_it(
    client: Client, shared_by_bob: Connection, alice: User, admin: User, bob: User
) -> None:
    """Otherwise the token of an admin would become Bob's own when he makes the connection private again."""
    address = f"/connections/{shared_by_bob.uuid}/edit/"
    for person in (admin, alice):
        client.force_login(person)
        page = " ".join(client.get(address).content.decode().split())
        assert "Only bob can replace the token. Remove the connection and add your own." in page
        assert 'name="token"' not in page
        assert client.post(address, {"token": TOKEN}).status_code == 403
        assert client.post(address, {"name": f"Plan of {person}"}).status_code == 302
    shared_by_bob.refresh_from_db()
    assert (shared_by_bob.name, shared_by_bob.token.open()) == ("Plan of alice", "0123456789abcdef")
    client.force_login(bob)
    assert client.post(address, {"token": TOKEN}).status_code == 302
    shared_by_bob.refresh_from_db()
    assert shared_by_bob.token.open() == TOKEN


def test_an_admin_replaces_the_token_of_a_person_who_is_deleted(
    client: Client, shared_by_bob: Connection, admin: User, bob: User
) -> None:
    bob.delete()
    client.force_login(admin)
    address = f"/connections/{shared_by_bob.uuid}/edit/"
    assert 'name="token"' in client.get(address).content.decode()
    assert client.post(address, {"token": TOKEN}).status_code == 302
    shared_by_bob.refresh_from_db()
    assert shared_by_bob.token.open() == TOKEN


def test_the_bundled_connections_token_cant_be_replaced(visitor: Client, alice: User) -> None:
    bundled = get_bundled(alice)
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
    assert "There is already a connection of that name." in response.content.decode()


def test_remove_asks_for_confirmation(visitor: Client, alice: User) -> None:
    connection = make_hosted_connection(alice)
    address = f"/connections/{connection.uuid}/remove/"
    assert "Remove Studio plan?" in visitor.get(address).content.decode()
    visitor.post(address)
    assert not Connection.objects.filter(pk=connection.pk).exists()


def test_the_bundled_connection_cant_be_removed(visitor: Client, alice: User) -> None:
    bundled = get_bundled(alice)
    response = visitor.post(f"/connections/{bundled.uuid}/remove/", follow=True)
    assert "stays" in response.content.decode()
    assert Connection.objects.filter(pk=bundled.pk).exists()


def test_what_is_added_is_private_to_its_person(bob: User, client: Client) -> None:
    client.force_login(bob)
    client.post(f"{CONNECTIONS}add/", {"name": "Plan", "token": TOKEN})
    assert Connection.objects.get(name="Plan").private_to == bob


def test_a_member_sees_and_checks_the_teams_connections_and_changes_none(bob: User, client: Client) -> None:
    bundled = get_bundled(bob)
    client.force_login(bob)
    page = client.get(CONNECTIONS).content.decode()
    check, edit, remove = list_addresses(bundled)
    assert [address in page for address in (check, edit, remove, f"{CONNECTIONS}add/")] == [True, False, False, True]
    assert list_answers(client, bundled) == [(200, 302), (403, 403), (403, 403)]
    bundled.refresh_from_db()
    assert bundled.name == "Bundled engine"


def test_a_viewer_sees_the_teams_connections_and_changes_nothing(viewer: User, client: Client) -> None:
    bundled = get_bundled(viewer)
    client.force_login(viewer)
    page = client.get(CONNECTIONS).content.decode()
    assert bundled.name in page
    assert [address in page for address in [*list_addresses(bundled), f"{CONNECTIONS}add/"]] == [False] * 4
    assert client.post(f"{CONNECTIONS}add/", {"name": "Plan", "token": TOKEN}).status_code == 403
    assert list_answers(client, bundled) == [(200, 403), (403, 403), (403, 403)]
    assert list(Connection.objects.values_list("name", "check_state")) == [("Bundled engine", "ok")]


def test_an_admin_changes_and_removes_the_teams_connections(alice: User, admin: User, client: Client) -> None:
    shared = make_hosted_connection(alice)
    shared.private_to = None
    shared.save()
    client.force_login(admin)
    for connection in (get_bundled(admin), shared):
        client.post(f"/connections/{connection.uuid}/edit/", {"name": f"Our {connection.service}"})
    client.post(f"/connections/{shared.uuid}/check/")
    assert list(Connection.objects.values_list("name", "check_state")) == [
        ("Our bundled", "ok"),
        ("Our hosted", "checking"),
    ]
    client.post(f"/connections/{shared.uuid}/remove/")
    assert not Connection.objects.filter(pk=shared.pk).exists()


@pytest.mark.parametrize("person", ["alice", "admin", "viewer", "charlie"])
def test_a_private_connection_exists_only_for_its_person(
    person: str, bob: User, client: Client, request: pytest.FixtureRequest
) -> None:
    private = make_hosted_connection(bob, name="Secret plan")
    somebody = request.getfixturevalue(person)
    client.force_login(somebody)
    assert list_answers(client, private) == [(404, 404)] * 3
    assert "Secret plan" not in client.get(f"/t/{as_actor(somebody).team.slug}/connections/").content.decode()
    client.force_login(bob)
    assert "Secret plan" in client.get(CONNECTIONS).content.decode()
    assert list_answers(client, private) == [(200, 302)] * 3


def test_a_stranger_gets_404_for_the_teams_connections(alice: User, charlie: User, client: Client) -> None:
    client.force_login(charlie)
    assert client.get(CONNECTIONS).status_code == 404
    assert client.post(f"{CONNECTIONS}add/", {"name": "Plan", "token": TOKEN}).status_code == 404
    assert list_answers(client, get_bundled(alice)) == [(404, 404)] * 3
    assert not Connection.objects.exclude(name="Bundled engine").exists()


def test_more_connections_take_no_more_queries(
    visitor: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        make_hosted_connection(alice, name=f"Number {number}")
    # session, user, membership, connections, named spenders, refused tokens, alerts about charges
    with django_assert_num_queries(7):
        assert visitor.get(CONNECTIONS).content.decode().count('/edit/"') == 6


def test_the_old_address_leads_to_the_persons_first_team(visitor: Client) -> None:
    assert visitor.get("/connections/")["Location"] == CONNECTIONS
