"""`manage.py create_engine_account NAME --credits N`: create an account for a client of the engine's API."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vanceweb.ops.engine_tokens import create_engine_token
from vanceweb.teams.audit import COMMAND


class Command(BaseCommand):
    help = "Create an account on the bundled engine and print its token, which is shown only once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name of the account")
        parser.add_argument("--credits", default="0", help="the initial credits (0 or more)")

    def handle(self, *args: Any, **options: Any) -> None:
        token = create_engine_token(by=COMMAND, name=options["name"], credits=read_credits(options["credits"]))
        self.stdout.write(token)


def read_credits(text: str) -> Decimal:
    """Parse a number of credits, 0 or more, with at most three decimals. Raise CommandError."""
    try:
        credits = Decimal(text)
    except InvalidOperation:
        raise CommandError(f"“{text}” is not a number of credits.") from None
    if not credits.is_finite() or credits < 0 or credits > 10**9 or credits != round(credits, 3):
        raise CommandError("Credits must be a number from 0 to 1000000000 with at most three decimals.")
    return credits
