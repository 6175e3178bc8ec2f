"""`manage.py create_person EMAIL --team SLUG --role ROLE`: adds a person, with the password from standard input."""

import getpass
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from vanceweb.ops.command_services import add_new_person
from vanceweb.ops.named_rows import get_named_team, to_command_error
from vanceweb.teams.models import Role


class Command(BaseCommand):
    help = (
        "Create a person in a team. The password is one line of standard input, so that no list of processes shows it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL", help="counts as confirmed; or a username, for somebody without")
        parser.add_argument("--team", required=True, metavar="SLUG")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--username", help="default: the part of the address before the @")

    def handle(self, *args: Any, **options: Any) -> None:
        team = get_named_team(options["team"])
        email = options["email"] if "@" in options["email"] else ""
        username = options["username"] or options["email"].partition("@")[0]
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
        try:
            user = add_new_person(
                team=team, role=Role(options["role"]), username=username, email=email, password=password
            )
        except ValidationError as error:
            raise to_command_error(error) from None
        self.stdout.write(f"{user} can sign in now, as {options['role']} of {team.name}.")
