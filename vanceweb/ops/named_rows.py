"""The people and teams that the arguments of commands name."""

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from vanceweb.accounts.queries import find_user
from vanceweb.teams.models import Team, User


def get_named_person(name: str) -> User:
    """Return the person with this mail address or username. Raise CommandError."""
    user = find_user(name)
    if user is None:
        raise CommandError(f"Nobody has the mail address or username {name}.")
    return user


def get_named_team(slug: str) -> Team:
    """Return the team of this slug. Raise CommandError."""
    team = Team.objects.filter(slug=slug).first()
    if team is None:
        known = ", ".join(Team.objects.values_list("slug", flat=True)) or "none"
        raise CommandError(f"There is no team {slug}. The teams: {known}.")
    return team


def to_command_error(error: ValidationError) -> CommandError:
    """Convert the refusal of a service to one of a command."""
    return CommandError(" ".join(error.messages))
