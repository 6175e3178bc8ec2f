"""`manage.py create_api_token EMAIL --team SLUG --scopes read,write`: prints a token of the site's own API."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from vanceweb.teams.access import Actor, get_actor
from vanceweb.teams.api_tokens import create_api_token
from vanceweb.teams.audit import COMMAND
from vanceweb.teams.models import TOKEN_NAME_LENGTH, Scope, Team, User

# A script that runs longer wants a new token now and then.
DAYS = 365
MAX_DAYS = 3650


class Command(BaseCommand):
    help = "Create a token of the site's own API and print it, and nothing else. It isn't shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", metavar="EMAIL", help="the person's e-mail address or user name")
        parser.add_argument("--team", required=True, metavar="SLUG", help="the team in which the token acts")
        parser.add_argument("--scopes", default=Scope.READ.value, help="read, write or read,write (default: read)")
        parser.add_argument("--name", default="Command line", help="the token's name in the list")
        parser.add_argument("--days", type=int, default=DAYS, help=f"the days until it expires (default: {DAYS})")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = _find_actor(options["person"], options["team"])
        if not 1 <= options["days"] <= MAX_DAYS:
            raise CommandError(f"--days must be from 1 to {MAX_DAYS}.")
        issued = create_api_token(
            user=actor.user,
            team=actor.team,
            name=options["name"][:TOKEN_NAME_LENGTH],
            scopes=_parse_scopes(options["scopes"]),
            lifetime=timedelta(days=options["days"]),
            by=COMMAND,
        )
        self.stdout.write(issued.text)


def _find_actor(person: str, slug: str) -> Actor:
    people = list(User.objects.filter(Q(username=person) | Q(email__iexact=person), is_active=True)[:2])
    if len(people) != 1:
        raise CommandError(f"There is {'no' if not people else 'more than one'} person {person}.")
    team = Team.objects.filter(slug=slug).first()
    actor = None if team is None else get_actor(people[0], team)
    if actor is None:
        raise CommandError(f"{person} isn't in a team {slug}.")
    return actor


def _parse_scopes(text: str) -> list[Scope]:
    try:
        return [Scope(value.strip()) for value in text.split(",")]
    except ValueError:
        raise CommandError(f"--scopes takes {', '.join(Scope.values)}, separated by commas.") from None
