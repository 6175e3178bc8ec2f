"""`manage.py deactivate_person EMAIL`: keeps a person from signing in."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from vanceweb.accounts.services import activate_person, deactivate_person
from vanceweb.ops.named_rows import get_named_person, to_command_error
from vanceweb.teams.audit import COMMAND


class Command(BaseCommand):
    help = "Keep a person from signing in, and sign them out everywhere. Their work stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", metavar="EMAIL", help="mail address or username")
        parser.add_argument("--undo", action="store_true", help="let the person sign in again")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_named_person(options["person"])
        change = activate_person if options["undo"] else deactivate_person
        try:
            change(user=user, by=COMMAND)
        except ValidationError as error:
            raise to_command_error(error) from None
        self.stdout.write(f"{user} {'can' if options['undo'] else 'can no longer'} sign in.")
