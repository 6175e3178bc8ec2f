"""`manage.py create_engine_account NAME --credits N`: an account for a program that uses the engine's API."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vanceweb.engine.accounts import create_account


class Command(BaseCommand):
    help = "Makes an account on the bundled engine and prints its token, which is shown only this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="whose account it is")
        parser.add_argument("--credits", default="0", help="credits to begin with (0 or more)")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(create_account(name=options["name"], credits=read_credits(options["credits"])))


def read_credits(text: str) -> Decimal:
    """A number of credits, 0 or more, with at most three decimals. Raises CommandError."""
    try:
        credits = Decimal(text)
    except InvalidOperation:
        raise CommandError(f"“{text}” is not a number of credits.") from None
    if not credits.is_finite() or credits < 0 or credits > 10**9 or credits != round(credits, 3):
        raise CommandError("Credits are a number from 0 to 1000000000 with at most three decimals.")
    return credits
