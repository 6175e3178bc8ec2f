"""`manage.py seed_ledger --rows 100000 --account NAME`: fill an account's history with charges, for measurements."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vanceweb.engine.models import Account
from vanceweb.engine.seeding import seed_charges


class Command(BaseCommand):
    """Appends made-up charges to the ledger of an account of the bundled engine."""

    help = "Append made-up charges to the history of an account of the bundled engine. They can't be removed again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the number of charges and the account's name."""
        parser.add_argument("--rows", type=int, required=True, help="the number of charges")
        parser.add_argument("--account", required=True, help="the account's name; a team's account has the team's slug")

    def handle(self, *args: Any, rows: int, account: str, **options: Any) -> None:
        """Append the charges."""
        if rows < 1:
            raise CommandError("--rows must be 1 or more.")
        found = Account.objects.filter(name=account, revoked_at=None).order_by("pk").first()
        if found is None:
            raise CommandError(f"There is no account named {account}.")
        seed_charges(account=found, rows=rows)
        self.stdout.write(f"{rows} charges added to {account}.")
