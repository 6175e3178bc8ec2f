"""`manage.py administrator NAME`: makes a person an administrator of the installation."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from vanceweb.teams.models import User
from vanceweb.teams.services import set_administrator


class Command(BaseCommand):
    help = "Make a person an administrator of the installation, or no longer one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="NAME")
        parser.add_argument("--revoke", action="store_true", help="take the flag away")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']}.")
        try:
            set_administrator(user=user, is_administrator=not options["revoke"])
        except ValidationError as error:
            raise CommandError(error.messages[0]) from None
        self.stdout.write(f"{user} is {'no longer ' if options['revoke'] else ''}an administrator.")
