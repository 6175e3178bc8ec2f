"""`manage.py rebuild_usage [--team SLUG]`: computes the sums of the usage pages anew from the charges."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vanceweb.teams.models import Team
from vanceweb.usage.sum_rebuilding import rebuild_sums


class Command(BaseCommand):
    help = "Compute the sums by day, hour and month anew from the charges. It can run while the site does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--team", metavar="SLUG", help="only this team's (default: those of all teams)")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["team"]
        teams = Team.objects.filter(slug=slug) if slug else Team.objects.all()
        if slug and not teams:
            raise CommandError(f"There is no team {slug}.")
        for team in teams:
            self.stdout.write(f"{team.slug}: {rebuild_sums(team)} days")
