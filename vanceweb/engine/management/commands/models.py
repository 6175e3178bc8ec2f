"""`manage.py models [--json]`: list the backends of each feature on this machine."""

import itertools
import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from vanceweb.engine.inventory import describe_backends


class Command(BaseCommand):
    """Lists the backends of all features, the preferred ones first, with their files, licences and states."""

    help = "List the backends of each feature with their files, licences and states."
    requires_system_checks = []  # the command only reads files and runs before there is a database

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--json`, which replaces the table."""
        parser.add_argument("--json", action="store_true", dest="as_json", help="print a JSON list instead of a table")

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        """Print the list, with the reason for each unusable backend."""
        rows = describe_backends()
        if as_json:
            self.stdout.write(json.dumps(rows, indent=1))
            return
        self.stdout.write(f"In {settings.MODELS_DIR}. Each feature uses its first usable backend.")
        widths = [
            max(len(cells[column]) for cells in map(_format_cells, rows))
            for column in range(len(_format_cells(rows[0])))
        ]
        for heading, group in itertools.groupby(rows, key=_format_heading):
            self.stdout.write(f"\n{heading}")
            for row in group:
                cells = zip(_format_cells(row), widths, strict=True)
                self.stdout.write("  " + "  ".join(cell.ljust(width) for cell, width in cells).rstrip())
                if row["reason"]:
                    self.stdout.write(f"    {row['reason']}")


def _format_heading(row: Mapping[str, Any]) -> str:
    return f"{', '.join(row['features'])}: {row['slot']}"


def _format_cells(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    first, *more = row["files"] or ("no file",)
    files = f"{first} and {len(more)} more" if more else first
    return str(row["state"]), row["backend"], files, row["licence"]
