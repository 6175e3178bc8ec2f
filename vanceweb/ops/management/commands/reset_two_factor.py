"""`manage.py reset_two_factor EMAIL`: lets a person sign in with the password alone again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from vanceweb.accounts.services import reset_two_factor
from vanceweb.ops.named_rows import get_named_person
from vanceweb.teams.audit import COMMAND


class Command(BaseCommand):
    help = "Remove a person's authenticator app, passkeys and recovery codes, and sign them out everywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", metavar="EMAIL", help="mail address or username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_named_person(options["person"])
        reset_two_factor(user=user, by=COMMAND)
        self.stdout.write(f"{user} signs in with the password alone until they set up a second factor again.")
