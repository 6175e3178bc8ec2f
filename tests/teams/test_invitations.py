"""Invitations: one use, a limited time, void with the right of their maker; by link and by mail."""

import logging
import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.conftest import PASSWORD, as_actor
from vanceweb.teams.audit import SITE
from vanceweb.teams.invitation_mail import send_next_invitation
from vanceweb.teams.invitations import (
    InvitationVoid,
    accept_invitation,
    create_invitation,
    find_invitation,
    revoke_invitation,
)
from vanceweb.teams.models import AuditAction, AuditEvent, Invitation, Membership, Role, Team, User
from vanceweb.teams.services import create_user

NEW = "tin whistle orchard"


def invite(user: User, role: Role = Role.MEMBER, **options: Any) -> tuple[Invitation, str]:
    return create_invitation(actor=as_actor(user), role=role, days=7, **options)


def read_role(user: User, team: str = "studio") -> str | None:
    return Membership.objects.filter(user=user, team__slug=team).values_list("role", flat=True).first()


def test_only_the_hash_of_the_link_is_stored(alice: User) -> None:
    invitation, secret = invite(alice)
    assert len(secret) == 43
    assert secret not in str(list(Invitation.objects.values()))
    assert find_invitation(secret) == invitation


@pytest.mark.parametrize(
    ("role", "grantable"),
    [(Role.VIEWER, 0), (Role.MEMBER, 0), (Role.ADMIN, 2), (Role.OWNER, 4)],
)
def test_nobody_invites_above_the_roles_that_they_grant(role: Role, grantable: int, alice: User, bob: User) -> None:
    Membership.objects.filter(user=bob).update(role=role)
    for number, wanted in enumerate(Role):
        if number < grantable:
            assert invite(bob, wanted)[0].role == wanted
        else:
            with pytest.raises(PermissionDenied):
                invite(bob, wanted)
    assert Invitation.objects.count() == grantable


def test_an_invitation_is_used_once(alice: User, charlie: User) -> None:
    invitation, secret = invite(alice, Role.ADMIN)
    accept_invitation(invitation=invitation, user=charlie, by=SITE)
    assert read_role(charlie) == Role.ADMIN
    with pytest.raises(InvitationVoid, match="used already"):
        find_invitation(secret)
    with pytest.raises(InvitationVoid, match="used already"):
        accept_invitation(invitation=invitation, user=create_user(username="dora", password=PASSWORD), by=SITE)
    actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions)[-2:] == [AuditAction.INVITATION_CREATED, AuditAction.INVITATION_ACCEPTED]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "has expired"),
        ({"revoked_at": timezone.now()}, "taken back"),
        ({"accepted_at": timezone.now()}, "used already"),
        ({"created_by": None}, "is void"),
    ],
)
def test_a_closed_invitation_says_why(change: dict[str, Any], sentence: str, alice: User, charlie: User) -> None:
    invitation, secret = invite(alice)
    Invitation.objects.update(**change)
    for attempt in (
        lambda: find_invitation(secret),
        lambda: accept_invitation(invitation=invitation, user=charlie, by=SITE),
    ):
        with pytest.raises(InvitationVoid, match=sentence):
            attempt()
    assert read_role(charlie) is None


@pytest.mark.parametrize("loss", ["lowered", "removed", "deactivated", "closed"])
def test_an_invitation_is_void_once_its_maker_lost_the_right(
    loss: str, alice: User, admin: User, charlie: User
) -> None:
    invitation, _secret = invite(admin)
    match loss:
        case "lowered":
            Membership.objects.filter(user=admin).update(role=Role.MEMBER)
        case "removed":
            Membership.objects.filter(user=admin).delete()
        case "deactivated":
            User.objects.filter(pk=admin.pk).update(is_active=False)
        case "closed":
            Team.objects.filter(slug="studio").update(deleted_at=timezone.now())
    with pytest.raises(InvitationVoid, match="void"):
        accept_invitation(invitation=invitation, user=charlie, by=SITE)
    assert read_role(charlie) is None


def test_a_member_keeps_role_and_invitation(alice: User, bob: User) -> None:
    invitation, secret = invite(alice, Role.OWNER)
    with pytest.raises(ValidationError, match="in this team already"):
        accept_invitation(invitation=invitation, user=bob, by=SITE)
    assert read_role(bob) == Role.MEMBER
    assert find_invitation(secret)


def test_invitations_are_taken_back_by_those_who_could_make_them(alice: User, admin: User, bob: User) -> None:
    (low, _s), (high, secret) = invite(alice, Role.MEMBER), invite(alice, Role.OWNER)
    with pytest.raises(PermissionDenied):
        revoke_invitation(actor=as_actor(admin), invitation=high)
    with pytest.raises(PermissionDenied):
        revoke_invitation(actor=as_actor(bob), invitation=low)
    assert revoke_invitation(actor=as_actor(admin), invitation=low)
    assert not revoke_invitation(actor=as_actor(admin), invitation=low)
    assert find_invitation(secret) == high
    assert list(Invitation.objects.pending()) == [high]


@pytest.mark.django_db(transaction=True)
def test_of_two_people_with_one_link_one_joins(postgresql: None, alice: User) -> None:
    people = [create_user(username=f"person-{number}", password=PASSWORD) for number in range(2)]
    invitation, _secret = invite(alice)
    barrier, void = threading.Barrier(2), []

    def accept(user: User) -> None:
        barrier.wait()
        try:
            accept_invitation(invitation=invitation, user=user, by=SITE)
        except InvitationVoid as error:
            void.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(void) == 1
    assert Membership.objects.filter(user__in=people).count() == 1


def test_without_mail_there_are_only_links(alice: User, client: Client, settings: Any) -> None:
    settings.HAS_MAIL = False
    with pytest.raises(ValidationError, match="sends no mail"):
        invite(alice, email="dora@example.com")
    client.force_login(alice)
    assert "invite-email" not in client.get("/t/studio/people/").content.decode()


def test_the_link_of_a_mail_is_in_the_mail_only(
    alice: User, settings: Any, caplog: pytest.LogCaptureFixture, client: Client
) -> None:
    settings.HAS_MAIL = True
    caplog.set_level(logging.DEBUG)
    invitation, secret = invite(alice, email="dora@example.com")
    assert (secret, invitation.digest) == ("", None)
    assert mail.outbox == []
    send_next_invitation()
    send_next_invitation()
    (message,) = mail.outbox
    assert message.to == ["dora@example.com"]
    assert "alice invites you to the team Studio" in message.body
    found = re.search(rf"{settings.PUBLIC_URL}/invitations/([\w-]+)/", message.body)
    assert found
    assert find_invitation(found[1]) == invitation
    assert found[1] not in caplog.text
    page = client.get(f"/invitations/{found[1]}/").content.decode()
    assert 'value="dora@example.com"' in page
    given = {"username": "dora", "email": "mallory@example.com", "password1": NEW, "password2": NEW}
    assert client.post(f"/invitations/{found[1]}/", given)["Location"] == "/t/studio/"
    assert User.objects.get(username="dora").email == "dora@example.com"


def test_a_mail_that_fails_is_tried_again_with_another_link(
    alice: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.HAS_MAIL = True
    invite(alice, email="dora@example.com")
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 9
    )  # fmt: skip
    send_next_invitation()
    invitation = Invitation.objects.get()
    assert (invitation.mailed_at, invitation.digest) == (None, None)
    assert "couldn't be sent yet" in invitation.problem
    assert "invitations/" not in caplog.text
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send_next_invitation()
    assert mail.outbox == []
    Invitation.objects.update(not_before=timezone.now())
    send_next_invitation()
    assert len(mail.outbox) == 1
    assert Invitation.objects.get().problem == ""


def test_an_address_that_is_in_the_team_is_not_invited(alice: User, bob: User, settings: Any) -> None:
    settings.HAS_MAIL = True
    User.objects.filter(pk=bob.pk).update(email="Bob@Example.com")
    with pytest.raises(ValidationError, match="already in the team"):
        invite(alice, email="bob@example.com")
