"""Writes that span rooms."""

from dataclasses import replace

from django.db import transaction

from vanceweb.accounts.services import note_email, set_email
from vanceweb.teams.access import Actor
from vanceweb.teams.audit import SITE, Performer, record_event
from vanceweb.teams.invitations import accept_invitation
from vanceweb.teams.models import AuditAction, Invitation, Role, Team, User
from vanceweb.teams.services import add_member, create_team, create_user
from vanceweb.vault.models import Connection
from vanceweb.vault.services import create_bundled_connection


@transaction.atomic
def set_up_installation(*, username: str, password: str, team_name: str, email: str = "") -> User:
    """Create the first person, who administers the installation, and their team.

    Raise ValidationError with the fields `username`, `password`, `email` and `team_name`.
    """
    user = create_user(username=username, password=password, is_administrator=True)
    set_email(user=user, email=email, by=Performer(user=user))
    open_team(name=team_name, owner=user)
    return user


@transaction.atomic
def open_team(*, name: str, owner: User, by: Performer = SITE) -> Team:
    """Create a team with its first owner and a shared connection to the bundled engine. Raise ValidationError."""
    team = create_team(name=name, owner=owner, by=by)
    create_bundled_connection(team=team)
    return team


@transaction.atomic
def create_person(*, actor: Actor, username: str, password: str, role: Role = Role.MEMBER) -> User:
    """Create a person in the actor's team. They work on the team's credits and get none of their own.

    Raise ValidationError with the fields `username` and `password`, and PermissionDenied.
    """
    user = create_user(username=username, password=password)
    record_event(AuditAction.PERSON_CREATED, by=actor.performer, target=user)
    add_member(actor=actor, user=user, role=role)
    return user


@transaction.atomic
def join_as_new_person(*, invitation: Invitation, username: str, password: str, email: str = "", by: Performer) -> User:
    """Create an account for whoever has the invitation's link, and put them into the team.

    The address of an invitation by mail is theirs, whatever they say; another one counts once it is confirmed. Raise
    InvitationVoid, and ValidationError with the fields `username`, `email` and `password`.
    """
    user = create_user(username=username, password=password)
    performer = replace(by, user=user)
    if invitation.email:
        set_email(user=user, email=invitation.email, by=performer)
    elif email:
        note_email(user=user, email=email)
    record_event(AuditAction.PERSON_CREATED, by=performer, team=invitation.team, target=user)
    accept_invitation(invitation=invitation, user=user, by=performer)
    return user


def ensure_team_connections() -> None:
    """Give each team without a shared connection to the bundled engine one, as after an update from single users."""
    shared = Connection.objects.bundled().filter(private_to=None)
    for team in Team.objects.exclude(pk__in=shared.values("team")):
        create_bundled_connection(team=team)
