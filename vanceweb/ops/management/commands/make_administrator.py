"""`manage.py make_administrator EMAIL`: makes a person an administrator of the installation."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from vanceweb.ops.named_rows import get_named_person
from vanceweb.teams.services import set_administrator


class Command(BaseCommand):
    help = "Make a person an administrator of the installation. `administrator NAME --revoke` takes it back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", metavar="EMAIL", help="mail address or username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_named_person(options["person"])
        set_administrator(user=user, is_administrator=True)
        self.stdout.write(f"{user} is an administrator.")
