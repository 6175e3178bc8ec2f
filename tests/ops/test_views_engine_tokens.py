"""The page of the engine's tokens: made and shown once, named, granted credits, revoked; the last use is told."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from vanceweb.engine.accounts import create_account, find_account
from vanceweb.engine.models import Account
from vanceweb.teams.models import AuditAction, AuditEvent, User

LIST = "/engine-tokens/"


@pytest.fixture
def shop(alice: User) -> Account:
    """The account of a program, which no connection of the site uses."""
    account = find_account(create_account(name="Shop", credits=5))
    assert account is not None
    return account


def list_events() -> list[tuple[str, str]]:
    events = AuditEvent.objects.filter(action__startswith="api.engine_token").order_by("pk")
    return [(event.action, event.person_name) for event in events]


def ask_engine(client: Client, token: str) -> int:
    code: int = client.get("/web_api/v1/point", {"api_token": token}).json()["code"]
    return code


def test_a_token_is_made_and_shown_once(visitor: Client) -> None:
    page = visitor.post(LIST, {"name": "Shop", "credits": "12.5"}).content.decode()
    found = re.search(r'id="new-token">([0-9a-f]{40})<', page)
    assert found is not None
    account = find_account(found[1])
    assert account is not None
    assert (account.name, account.balance) == ("Shop", Decimal("12.5"))
    assert found[1] not in visitor.get(LIST).content.decode()
    assert list_events() == [(AuditAction.ENGINE_TOKEN_CREATED, "alice")]
    assert found[1] not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "Shop", "credits": "-1"}, {"name": "x", "credits": "0.0001"}]
)
def test_a_refused_form_keeps_its_values_and_makes_nothing(visitor: Client, fields: dict[str, str]) -> None:
    before = Account.objects.count()
    response = visitor.post(LIST, fields)
    assert response.status_code == 422
    assert f'value="{fields["name"]}"' in response.content.decode() or not fields["name"]
    assert Account.objects.count() == before


def test_a_token_without_credits_may_be_made(visitor: Client) -> None:
    assert visitor.post(LIST, {"name": "Shop", "credits": ""}).status_code == 200
    assert Account.objects.get(name="Shop").granted == 0


def test_a_token_is_renamed_and_granted_credits(visitor: Client, shop: Account) -> None:
    assert visitor.post(f"{LIST}{shop.pk}/", {"name": "Shop 2", "credits": "2.5"}).status_code == 302
    shop.refresh_from_db()
    assert (shop.name, shop.balance) == ("Shop 2", Decimal("7.5"))
    assert list_events() == [(AuditAction.ENGINE_TOKEN_CHANGED, "alice")] * 2


def test_saving_what_is_there_changes_and_records_nothing(visitor: Client, shop: Account) -> None:
    visitor.post(f"{LIST}{shop.pk}/", {"name": "Shop", "credits": ""})
    assert list_events() == []


def test_a_revoked_token_is_refused_by_the_engine(visitor: Client, alice: User) -> None:
    token = create_account(name="Shop", credits=5)
    account = Account.objects.get(name="Shop")
    assert ask_engine(visitor, token) == 200
    assert visitor.get(f"{LIST}{account.pk}/revoke/").status_code == 200
    assert visitor.post(f"{LIST}{account.pk}/revoke/").status_code == 302
    assert ask_engine(visitor, token) == 30001
    assert "Revoked" in visitor.get(LIST).content.decode()
    visitor.post(f"{LIST}{account.pk}/revoke/")
    assert list_events() == [(AuditAction.ENGINE_TOKEN_REVOKED, "alice")]


def test_the_token_of_a_teams_connection_can_not_be_revoked(visitor: Client) -> None:
    account = Account.objects.get()
    assert "The team Studio works with this token" in visitor.get(f"{LIST}{account.pk}/revoke/").content.decode()
    assert visitor.post(f"{LIST}{account.pk}/revoke/").status_code == 422
    account.refresh_from_db()
    assert account.revoked_at is None


def test_with_a_wrong_vault_key_nothing_is_revoked(visitor: Client, shop: Account, settings: Any) -> None:
    settings.VAULT_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]
    assert "Restore the keys first" in visitor.get(f"{LIST}{shop.pk}/revoke/").content.decode()
    assert visitor.post(f"{LIST}{shop.pk}/revoke/").status_code == 422


def test_the_last_use_is_told_to_the_minute(visitor: Client, alice: User, django_assert_num_queries: Any) -> None:
    token = create_account(name="Shop", credits=5)
    ask_engine(visitor, token)
    used = Account.objects.get(name="Shop").last_used_at
    assert used is not None
    assert timezone.now() - used < timedelta(seconds=30)
    ask_engine(visitor, token)
    assert Account.objects.get(name="Shop").last_used_at == used
    Account.objects.filter(name="Shop").update(last_used_at=used - timedelta(minutes=2))
    ask_engine(visitor, token)
    later = Account.objects.get(name="Shop").last_used_at
    assert later is not None
    assert later >= used


def test_the_list_takes_the_same_queries_for_many_tokens(visitor: Client, django_assert_num_queries: Any) -> None:
    for number in range(20):
        create_account(name=f"Program {number}", credits=1)
    with django_assert_num_queries(5):
        visitor.get(LIST)
