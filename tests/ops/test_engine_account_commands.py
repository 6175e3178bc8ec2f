"""The management commands for accounts."""

import io

import pytest
from django.core.management import CommandError, call_command

from vanceweb.engine.accounts import find_account
from vanceweb.engine.models import Account

pytestmark = pytest.mark.django_db


def run_command(*args: str) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_creating_an_account_prints_only_its_token() -> None:
    printed = run_command("create_engine_account", "Shop", "--credits", "12.5")
    token = printed.removesuffix("\n")
    assert printed == f"{token}\n"
    assert token.isalnum()
    account = find_account(token)
    assert account is not None
    assert (account.name, account.granted, account.balance) == ("Shop", 12.5, 12.5)


@pytest.mark.parametrize("credits", ["-1", "x", "nan", "inf", "0.0001", "1e12"])
def test_an_invalid_number_of_credits_creates_no_account(credits: str) -> None:
    with pytest.raises(CommandError):
        run_command("create_engine_account", "Shop", f"--credits={credits}")
    assert not Account.objects.exists()


def test_granting_finds_the_account_by_prefix_or_name() -> None:
    token = run_command("create_engine_account", "Shop", "--credits", "1").strip()
    assert run_command("grant_engine_credits", token[:6], "2") == "Shop: 3.000 credits\n"
    assert run_command("grant_engine_credits", "Shop", "0.5") == "Shop: 3.500 credits\n"


@pytest.mark.parametrize(("who", "credits"), [("nobody", "1"), ("Shop", "0"), ("Shop", "-1")])
def test_invalid_grants_are_refused(who: str, credits: str) -> None:
    run_command("create_engine_account", "Shop")
    with pytest.raises(CommandError):
        run_command("grant_engine_credits", who, credits)
