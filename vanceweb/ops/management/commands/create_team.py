"""`manage.py create_team SLUG --name NAME`: creates a team without people."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from vanceweb.ops.command_services import open_empty_team
from vanceweb.ops.named_rows import to_command_error


class Command(BaseCommand):
    help = "Create a team. `create_person` adds its first owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the name in addresses, such as photo-desk; it stays")
        parser.add_argument("--name", required=True, help="the name that people see")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            team = open_empty_team(slug=options["slug"], name=options["name"])
        except ValidationError as error:
            raise to_command_error(error) from None
        self.stdout.write(f"The team {team.name} is at /t/{team.slug}/.")
