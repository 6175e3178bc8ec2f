"""Addresses, links for new passwords, deactivation and two-factor reset: what they change, end and record."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.exceptions import ValidationError
from django.test import Client

from tests.conftest import PASSWORD
from vanceweb.accounts.services import (
    activate_person,
    create_reset_link,
    deactivate_person,
    note_email,
    reset_two_factor,
    set_email,
)
from vanceweb.teams.audit import COMMAND
from vanceweb.teams.models import AuditAction, AuditEvent, Membership, Role, User

NEW = "tin whistle orchard"


def sign_in(client: Client, name: str = "bob", password: str = PASSWORD) -> int:
    """Return the status of the answer to the sign-in form: 302 if it opened."""
    return client.post("/login/", {"login": name, "password": password}).status_code


def list_actions(target: User) -> list[str]:
    return list(AuditEvent.objects.filter(target_id=str(target.pk)).order_by("pk").values_list("action", flat=True))


def test_an_address_set_by_an_administrator_is_confirmed_and_replaces_the_earlier_one(bob: User) -> None:
    set_email(user=bob, email="Bob@Studio.example ", by=COMMAND)
    set_email(user=bob, email="rob@studio.example", by=COMMAND)
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [
        ("rob@studio.example", True, True)
    ]
    bob.refresh_from_db()
    assert bob.email == "rob@studio.example"
    assert list_actions(bob)[-2:] == [AuditAction.EMAIL_CHANGED] * 2


def test_an_address_belongs_to_one_person(alice: User, bob: User) -> None:
    set_email(user=alice, email="one@studio.example", by=COMMAND)
    with pytest.raises(ValidationError) as refusal:
        set_email(user=bob, email="ONE@studio.example", by=COMMAND)
    assert "email" in refusal.value.message_dict
    with pytest.raises(ValidationError):
        set_email(user=bob, email="no address", by=COMMAND)


def test_an_unconfirmed_address_opens_nothing(bob: User, client: Client) -> None:
    note_email(user=bob, email="bob@studio.example")
    assert sign_in(client, "bob@studio.example") == 422
    set_email(user=bob, email="bob@studio.example", by=COMMAND)
    assert sign_in(client, "Bob@studio.example") == 302


def test_a_link_sets_a_new_password_once_and_ends_all_sessions(bob: User, client: Client) -> None:
    assert sign_in(client) == 302
    link = create_reset_link(user=bob, by=COMMAND)
    path = "/" + link.split("/", 3)[3]
    visitor = Client()
    assert b"bob" in visitor.get(path).content
    assert visitor.post(path, {"new_password1": "12345", "new_password2": "12345"}).status_code == 422
    assert visitor.post(path, {"new_password1": NEW, "new_password2": NEW})["Location"] == "/login/"
    assert visitor.get(path).status_code == visitor.post(path, {}).status_code == 404
    assert client.get("/account/").status_code == 302
    assert (sign_in(Client()), sign_in(Client(), password=NEW)) == (422, 302)
    assert AuditAction.RESET_LINK_CREATED in list_actions(bob)
    assert AuditAction.PASSWORD_RESET in list_actions(bob)


def test_a_link_expires_and_ends_with_a_sign_in_or_the_persons_deactivation(
    bob: User, settings: object, client: Client
) -> None:
    path = "/" + create_reset_link(user=bob, by=COMMAND).split("/", 3)[3]
    settings.PASSWORD_RESET_TIMEOUT = -1  # type: ignore[attr-defined]
    assert client.get(path).status_code == 404
    settings.PASSWORD_RESET_TIMEOUT = 60  # type: ignore[attr-defined]
    deactivate_person(user=bob, by=COMMAND)
    assert client.get(path).status_code == 404
    activate_person(user=bob, by=COMMAND)
    assert client.get(path).status_code == 200
    sign_in(Client())
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/password/new/0/x/", "/password/new/zzzzzzzzzzzzzz/x-y/", "/password/new/_/a/"])
def test_invented_links_are_not_found(path: str, bob: User, client: Client) -> None:
    assert client.get(path).status_code == 404


def test_a_deactivated_person_is_signed_out_at_once_and_cant_come_back(bob: User, client: Client) -> None:
    sign_in(client)
    assert client.get("/t/studio/").status_code == 200
    deactivate_person(user=bob, by=COMMAND)
    deactivate_person(user=bob, by=COMMAND)
    assert client.get("/t/studio/").status_code == 302
    assert Client().post("/login/", {"login": "bob", "password": PASSWORD}, follow=True).status_code == 403
    assert Client().post("/login/", {"login": "bob", "password": "wrong"}).status_code == 422
    activate_person(user=bob, by=COMMAND)
    assert sign_in(Client()) == 302
    actions = [action for action in list_actions(bob) if action.startswith("person.")]
    assert actions[-2:] == [AuditAction.PERSON_DEACTIVATED, AuditAction.PERSON_ACTIVATED]


def test_the_only_administrator_stays_active(alice: User, bob: User) -> None:
    with pytest.raises(ValidationError):
        deactivate_person(user=alice, by=COMMAND)
    User.objects.filter(pk=bob.pk).update(is_superuser=True)
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    deactivate_person(user=alice, by=COMMAND)
    assert not User.objects.get(pk=alice.pk).is_active


def test_after_a_reset_of_the_second_factor_the_password_is_enough(bob: User, client: Client) -> None:
    TOTP.activate(bob, "JBSWY3DPEHPK3PXP")
    answer = Client().post("/login/", {"login": "bob", "password": PASSWORD})
    assert answer["Location"] == "/login/code/"
    assert reset_two_factor(user=bob, by=COMMAND) == 1
    assert not Authenticator.objects.exists()
    assert sign_in(client) == 302
    assert client.get("/account/").status_code == 200
    assert AuditAction.TWO_FACTOR_RESET in list_actions(bob)


def test_the_secret_of_an_authenticator_app_is_encrypted_in_the_database(bob: User) -> None:
    TOTP.activate(bob, "JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in str(Authenticator.objects.values_list("data", flat=True).get())
