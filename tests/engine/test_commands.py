"""The operator's commands about accounts."""

import io

import pytest
from django.core.management import CommandError, call_command

from vanceweb.engine.accounts import find_account
from vanceweb.engine.models import Account

pytestmark = pytest.mark.django_db


def output(*args: str) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_making_an_account_prints_nothing_but_its_token() -> None:
    printed = output("create_engine_account", "Shop", "--credits", "12.5")
    token = printed.removesuffix("\n")
    assert printed == f"{token}\n"
    assert token.isalnum()
    account = find_account(token)
    assert account is not None
    assert (account.name, account.granted, account.balance) == ("Shop", 12.5, 12.5)


@pytest.mark.parametrize("credits", ["-1", "x", "nan", "inf", "0.0001", "1e12"])
def test_what_is_no_number_of_credits_makes_no_account(credits: str) -> None:
    with pytest.raises(CommandError):
        output("create_engine_account", "Shop", f"--credits={credits}")
    assert not Account.objects.exists()


def test_granting_finds_the_account_by_prefix_or_name() -> None:
    token = output("create_engine_account", "Shop", "--credits", "1").strip()
    assert output("grant_engine_credits", token[:6], "2") == "Shop: 3.000 credits\n"
    assert output("grant_engine_credits", "Shop", "0.5") == "Shop: 3.500 credits\n"


@pytest.mark.parametrize(("who", "credits"), [("nobody", "1"), ("Shop", "0"), ("Shop", "-1")])
def test_granting_refuses_what_it_cannot_do(who: str, credits: str) -> None:
    output("create_engine_account", "Shop")
    with pytest.raises(CommandError):
        output("grant_engine_credits", who, credits)
