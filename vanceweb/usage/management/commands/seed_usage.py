"""`manage.py seed_usage --rows 1000000 --team SLUG`: fills a team with charges as a busy team would have them."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vanceweb.teams.models import Team
from vanceweb.usage.models import UsageRecord
from vanceweb.usage.seeding import make_charges, update_statistics
from vanceweb.usage.sum_rebuilding import rebuild_sums

# Enough for years of a large team; the next digit is a mistake.
MAX_ROWS = 10_000_000


class Command(BaseCommand):
    help = (
        "Fill a team with made-up charges of three years, up to now: people (without passwords), connections, "
        "weekdays, hours and seasons, charges from elsewhere, and the latest jobs. For tests and measurements only."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rows", type=int, default=100_000, help="the number of charges (default: 100000)")
        parser.add_argument("--team", required=True, metavar="SLUG", help="the team to fill")
        parser.add_argument("--seed", type=int, default=1, help="a number for each set of charges (default: 1)")
        parser.add_argument("--force", action="store_true", help="fill a team that has charges already")

    def handle(self, *args: Any, **options: Any) -> None:
        team = Team.objects.filter(slug=options["team"]).first()
        if team is None:
            raise CommandError(f"There is no team {options['team']}.")
        if not 1 <= options["rows"] <= MAX_ROWS:
            raise CommandError(f"--rows must be from 1 to {MAX_ROWS}.")
        if UsageRecord.objects.filter(team=team).exists() and not options["force"]:
            raise CommandError(f"{team.slug} has charges already. --force adds made-up ones to them.")
        before = time.monotonic()
        make_charges(team, rows=options["rows"], seed=options["seed"])
        stored = time.monotonic()
        days = rebuild_sums(team)
        update_statistics()
        summed = time.monotonic()
        self.stdout.write(
            f"{team.slug}: {options['rows']} charges in {stored - before:.1f} s, "
            f"sums of {days} days in {summed - stored:.1f} s"
        )
