"""The forms for who spends and who keeps a connection, the card, and the notice of a refused token."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.conftest import as_actor, get_bundled
from tests.factories import make_hosted_connection
from vanceweb.teams.models import Membership, User
from vanceweb.vault.models import Connection
from vanceweb.vault.services import add_connection

CONNECTIONS = "/t/studio/connections/"


@pytest.fixture
def shared(bob: User) -> Connection:
    """Bob's connection, shared with Alice's team."""
    return make_hosted_connection(bob, private_to_id=None, check_state="ok")


def read(client: Client, person: User, address: str) -> str:
    client.force_login(person)
    return " ".join(client.get(address).content.decode().split())


def post(client: Client, person: User, connection: Connection, act: str, given: dict[str, Any]) -> tuple[int, str]:
    client.force_login(person)
    response = client.post(f"/connections/{connection.uuid}/{act}/", given)
    return response.status_code, " ".join(response.content.decode().split())


def test_keeper_and_admin_say_who_spends(client: Client, alice: User, bob: User, shared: Connection) -> None:
    assert post(client, bob, shared, "spenders", {"spend_role": "named", "people": [alice.pk]})[0] == 302
    shared.refresh_from_db()
    assert (shared.spend_role, list(shared.spenders.all())) == ("", [alice])
    page = read(client, bob, f"/connections/{shared.uuid}/edit/")
    assert '<option value="named" selected>' in page
    assert page.count(" checked") == 2, "one is the switch of the shortcuts"
    assert post(client, alice, shared, "spenders", {"spend_role": "admin"})[0] == 302
    shared.refresh_from_db()
    assert (shared.spend_role, list(shared.spenders.all())) == ("admin", [])


def test_a_refused_form_keeps_what_was_chosen(client: Client, bob: User, viewer: User, shared: Connection) -> None:
    status, page = post(client, bob, shared, "spenders", {"spend_role": "named"})
    assert (status, "Name at least one person." in page) == (422, True)
    assert '<option value="named" selected>' in page
    status, page = post(client, bob, shared, "spenders", {"spend_role": "named", "people": [viewer.pk]})
    assert (status, "Choose members of the team who may spend." in page) == (422, True)
    status, page = post(client, bob, shared, "keeper", {"keeper": viewer.pk})
    assert (status, "Choose a member of the team who can add connections." in page) == (422, True)
    assert Connection.objects.get(pk=shared.pk).keeper == bob


def test_the_keeper_hands_over(client: Client, alice: User, bob: User, shared: Connection) -> None:
    assert post(client, bob, shared, "keeper", {"keeper": alice.pk})[0] == 302
    assert Connection.objects.get(pk=shared.pk).keeper == alice
    assert post(client, bob, shared, "keeper", {"keeper": bob.pk})[0] == 403
    assert "Alice" not in read(client, bob, CONNECTIONS)
    assert "0123456789abcdef" not in read(client, alice, f"/connections/{shared.uuid}/edit/")


def test_others_get_what_they_may(
    client: Client, admin: User, viewer: User, charlie: User, shared: Connection, bob: User
) -> None:
    member = User.objects.create(username="dora")
    Membership.objects.create(team=as_actor(bob).team, user=member, role="member")
    for act in ("spenders", "keeper"):
        for person, status in ((member, 403), (viewer, 403), (charlie, 404)):
            assert post(client, person, shared, act, {})[0] == status
        assert post(client, admin, shared, act, {})[0] == 422
        assert client.get(f"/connections/{shared.uuid}/{act}/").status_code == 405


def test_private_and_bundled_connections_have_only_the_forms_that_apply(client: Client, alice: User) -> None:
    private, bundled = make_hosted_connection(alice), get_bundled(alice)
    page = read(client, alice, f"/connections/{private.uuid}/edit/")
    assert [f'id="{form}"' in page for form in ("token", "spenders", "keeper")] == [True, False, False]
    page = read(client, alice, f"/connections/{bundled.uuid}/edit/")
    assert [f'id="{form}"' in page for form in ("token", "spenders", "keeper")] == [False, True, False]
    assert post(client, alice, private, "spenders", {"spend_role": "admin"})[0] == 403
    assert post(client, alice, bundled, "keeper", {"keeper": alice.pk})[0] in (403, 422)


def test_the_card_shows_keeper_and_spenders(client: Client, alice: User, bob: User, shared: Connection) -> None:
    page = read(client, alice, CONNECTIONS)
    assert "<dt>Kept by</dt>" in page
    assert '<span class="avatar" aria-hidden="true">bo</span>' in page
    assert page.count("Every member") == 2
    shared.spend_role = ""
    shared.save()
    shared.spenders.set([alice])
    card = read(client, bob, f"/connections/{shared.uuid}/check/")
    assert "<dd> alice </dd>" in card
    assert "#token" in card
    Membership.objects.filter(user=bob).update(role="viewer")
    assert "You may not spend on it." in read(client, bob, f"/connections/{shared.uuid}/check/")


def test_admins_are_asked_to_name_a_keeper(client: Client, alice: User, bob: User, shared: Connection) -> None:
    bob.delete()
    page = read(client, alice, CONNECTIONS)
    link = f'<a href="/connections/{shared.uuid}/edit/#keeper">Name a keeper</a>'
    assert f"Nobody. {link}" in page
    assert f"Nobody is told when its token stops working. {link}" in page
    assert post(client, alice, shared, "keeper", {"keeper": alice.pk})[0] == 302
    assert "Name a keeper" not in read(client, alice, CONNECTIONS)


def test_the_keeper_is_told_on_every_page_of_a_refused_token(
    client: Client, alice: User, bob: User, shared: Connection
) -> None:
    Connection.objects.filter(pk=shared.pk).update(
        rejected_at=timezone.now(), check_state="failed", last_error="Invalid token."
    )
    link = f'<a href="/connections/{shared.uuid}/edit/#token">Replace the token</a>'
    for address in ("/t/studio/", "/t/studio/jobs/", CONNECTIONS):
        assert link in read(client, bob, address)
        assert link not in read(client, alice, address)
    card = read(client, alice, f"/connections/{shared.uuid}/check/")
    assert "Its jobs are held until its keeper has replaced the token." in card
    assert "Token refused" in card
    assert post(client, bob, shared, "edit", {"token": "another-token-altogether"})[0] == 302
    assert link not in read(client, bob, "/t/studio/")


def test_a_keeper_is_told_in_their_other_teams_too(
    client: Client, alice: User, charlie: User, shared: Connection
) -> None:
    Membership.objects.create(team=as_actor(charlie).team, user=alice, role="viewer")
    kept = make_hosted_connection(
        charlie, name="Elsewhere", private_to_id=None, keeper=alice, rejected_at=timezone.now()
    )
    page = read(client, alice, "/t/studio/")
    assert f'<a href="/t/{kept.team.slug}/connections/#connection-{kept.uuid}">Show the connection</a>' in page


def test_no_page_shows_a_token(client: Client, alice: User) -> None:
    added = add_connection(actor=as_actor(alice), name="Plan", base_url="", token="a-token-that-nobody-sees")
    cipher = Connection.objects.get(pk=added.pk).token.cipher
    for address in (
        CONNECTIONS,
        *(f"/connections/{added.uuid}/{act}/" for act in ("check", "edit", "share", "remove")),
        "/t/studio/usage/",
        "/t/studio/features/denoise/",
        "/t/studio/people/",
    ):
        page = read(client, alice, address)
        assert "a-token-that-nobody-sees" not in page
        assert cipher not in page
    for act, given in (("edit", {"token": "a-token-that-nobody sees"}), ("edit", {"name": ""})):
        status, page = post(client, alice, added, act, given)
        assert (status, "a-token-that-nobody" in page) == (422, False)
