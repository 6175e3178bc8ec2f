"""`manage.py grant_engine_credits PREFIX CREDITS`: add credits to an account of the engine."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vanceweb.engine.models import Account
from vanceweb.ops.engine_tokens import grant_engine_credits
from vanceweb.ops.management.commands.create_engine_account import read_credits
from vanceweb.teams.audit import COMMAND


class Command(BaseCommand):
    help = "Add credits to the account whose token starts with PREFIX, and print its new balance."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("prefix", help="the first characters of the account's token, or the account's name")
        parser.add_argument("credits", help="the number of credits to add")

    def handle(self, *args: Any, **options: Any) -> None:
        account = _find_account(options["prefix"])
        credits = read_credits(options["credits"])
        if not credits:
            raise CommandError("The number of credits must be more than 0.")
        granted = grant_engine_credits(by=COMMAND, account=account, credits=credits)
        self.stdout.write(f"{account.name}: {granted.balance} credits")


def _find_account(text: str) -> Account:
    found = list(Account.objects.filter(token_prefix=text[:6])) if len(text) >= 6 else []
    found = found or list(Account.objects.filter(name=text))
    if len(found) != 1:
        raise CommandError(f"{len(found) or 'No'} accounts match “{text}”; give the first 6 characters of the token.")
    return found[0]
