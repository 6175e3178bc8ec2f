"""`manage.py doctor [--repair]`: tell what is wrong with the installation, and put right what can be."""

import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from vanceweb.ops.doctor.checks import find_all
from vanceweb.ops.doctor.finding import Finding

# An upload or a result gets its row within minutes; an hour is for a machine under load.
MIN_AGE_SECONDS = 3600


class Command(BaseCommand):
    """A report on files, rows and machine, one line for each finding. Safe on a running site."""

    help = "Report files without a row, pictures without a file, missing weights and the like; --repair mends them."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--repair` and the least age of a file that is judged."""
        parser.add_argument("--repair", action="store_true", help="Remove or mend what can be.")
        parser.add_argument(
            "--min-age",
            type=int,
            default=MIN_AGE_SECONDS,
            metavar="SECONDS",
            help="Leave files alone that are younger: they may still get their row (default: an hour).",
        )

    def handle(self, *args: Any, repair: bool, min_age: int, **options: Any) -> None:
        """Print the findings. Exit with 1 if faults are left, so that cron and scripts notice."""
        left = 0
        try:
            for finding in find_all(timedelta(seconds=min_age)):
                left += not (self._handle_finding(finding, repair=repair) or finding.harmless)
        except (OSError, DatabaseError) as error:
            raise CommandError(f"The files or the database can't be read: {error}") from error
        if not left:
            self.stdout.write("Nothing is wrong." if not repair else "Nothing is wrong any more.")
            return
        sys.exit(1)

    def _handle_finding(self, finding: Finding, *, repair: bool) -> bool:
        """Print the finding, and repair it if wanted. Return whether it is repaired."""
        self.stdout.write(finding.sentence)
        if finding.repair is None:
            if finding.remedy:
                self.stdout.write(f"    {finding.remedy}")
            return False
        if not repair:
            self.stdout.write("    `manage.py doctor --repair` mends this.")
            return False
        try:
            finding.repair()
        except (OSError, DatabaseError) as error:
            self.stdout.write(f"    It can't be mended: {_describe_error(error)}.")
            return False
        self.stdout.write("    Mended.")
        return True


def _describe_error(error: OSError | DatabaseError) -> str:
    return getattr(error, "strerror", None) or str(error).strip().partition("\n")[0].rstrip(".")
