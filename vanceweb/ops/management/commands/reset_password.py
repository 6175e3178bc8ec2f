"""`manage.py reset_password EMAIL`: prints a link at which the person sets a new password."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vanceweb.accounts.services import create_reset_link
from vanceweb.ops.named_rows import get_named_person
from vanceweb.teams.audit import COMMAND


class Command(BaseCommand):
    help = "Print a link at which a person sets a new password. It works once, for a day, and needs no mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", metavar="EMAIL", help="mail address or username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_named_person(options["person"])
        if not user.is_active:
            raise CommandError(f"{user} is deactivated, so the link would open nothing.")
        self.stdout.write(create_reset_link(user=user, by=COMMAND))
