"""Writes of commands: what an operator does without being in any team."""

from django.core.exceptions import ValidationError
from django.db import transaction

from vanceweb.accounts.services import set_email
from vanceweb.teams.audit import COMMAND, record_event
from vanceweb.teams.models import AuditAction, Membership, Role, Team, User
from vanceweb.teams.services import create_user
from vanceweb.vault.services import create_bundled_connection


@transaction.atomic
def open_empty_team(*, slug: str, name: str) -> Team:
    """Create a team of this slug without people, with a shared connection to the bundled engine.

    Raise ValidationError, also for a slug that is taken.
    """
    team = Team(slug=slug, name=" ".join(name.split()))
    team.full_clean()
    team.save()
    create_bundled_connection(team=team)
    record_event(AuditAction.TEAM_CREATED, by=COMMAND, team=team, target=team)
    return team


@transaction.atomic
def add_new_person(*, team: Team, role: Role, username: str, email: str, password: str) -> User:
    """Create a person in a team, with a confirmed address unless `email` is empty. Raise ValidationError.

    A team without people gets its owner first: nobody else could add one.
    """
    if role != Role.OWNER and not team.memberships.exists():
        raise ValidationError(f"The team {team.name} has nobody yet. Its first person is its owner: --role owner")
    user = create_user(username=username, password=password)
    set_email(user=user, email=email, by=COMMAND)
    Membership.objects.create(team=team, user=user, role=role)
    record_event(AuditAction.PERSON_CREATED, by=COMMAND, team=team, target=user)
    record_event(AuditAction.MEMBER_ADDED, by=COMMAND, team=team, target=user, role=role)
    return user
