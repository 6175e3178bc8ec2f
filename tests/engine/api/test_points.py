"""`/point` and `/points/record`."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from tests.engine.conftest import Caller
from vanceweb.engine.ledger import charge_download
from vanceweb.engine.models import Transform

Make = Callable[..., Transform]


def charge_downloads(caller: Caller, finished: Make, count: int) -> None:
    for _ in range(count):
        charge_download(transform=finished(caller.account, cost=Decimal("0.2")))


def test_the_balance_is_two_strings_with_three_decimals(alice: Caller, finished: Make) -> None:
    charge_downloads(alice, finished, 1)
    answer = alice.http.get("/web_api/v1/point", {"api_token": alice.token}).json()
    assert answer["data"] == {"max_num": "10.000", "used_num": "0.200"}


def test_the_balance_requires_get(alice: Caller) -> None:
    assert alice.post("point")["code"] == 10001


def test_an_empty_history_is_one_empty_page(alice: Caller) -> None:
    assert alice.post("points/record")["data"] == {
        "datas": [],
        "current_page": 1,
        "last_page": 1,
        "per_page": 20,
        "total": 0,
    }


def test_a_row_has_the_documented_fields_and_types(alice: Caller, finished: Make) -> None:
    charge_downloads(alice, finished, 1)
    (row,) = alice.post("points/record")["data"]["datas"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row.pop("created_at"))
    assert row == {
        "point_type": "download",
        "job": "denoise",
        "info": "photo-denoise.png",
        "point": "0.200",
        "balance": "9.800",
    }


def test_pages_are_newest_first(alice: Caller, finished: Make) -> None:
    charge_downloads(alice, finished, 5)
    pages = [alice.post("points/record", page=page, limit=2)["data"] for page in (1, 2, 3, 4)]
    balances = [[row["balance"] for row in page["datas"]] for page in pages]
    assert balances == [["9.000", "9.200"], ["9.400", "9.600"], ["9.800"], []]
    assert {(page["last_page"], page["per_page"], page["total"]) for page in pages} == {(3, 2, 5)}
    assert [page["current_page"] for page in pages] == [1, 2, 3, 4]


def test_get_and_post_give_the_same_history(alice: Caller, finished: Make) -> None:
    charge_downloads(alice, finished, 2)
    get = alice.http.get("/web_api/v1/points/record", {"api_token": alice.token, "limit": 1}).json()
    assert get == alice.post("points/record", limit=1)


@pytest.mark.parametrize("field", ["page", "limit"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "x", "²", "9" * 5000, " 1", "9" * 19])
def test_a_bad_page_or_limit_is_named(field: str, value: str, alice: Caller) -> None:
    answer = alice.post("points/record", **{field: value})
    assert answer["code"] == 10001
    assert field in answer["msg"]


def test_the_limit_is_capped(alice: Caller, settings: Settings) -> None:
    settings.ENGINE_HISTORY_MAX_LIMIT = 3
    assert alice.post("points/record", limit=1000)["data"]["per_page"] == 3


def test_the_history_is_the_accounts_own(alice: Caller, bob: Caller, finished: Make) -> None:
    charge_downloads(alice, finished, 1)
    assert bob.post("points/record")["data"]["total"] == 0


def test_the_number_of_queries_is_independent_of_the_length_of_the_page(
    alice: Caller, finished: Make, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    charge_downloads(alice, finished, 12)
    alice.post("points/record")  # the first call in a minute stores the token's last use
    for limit in (1, 12):
        with django_assert_num_queries(4):  # two of them count the call
            alice.post("points/record", limit=limit)
