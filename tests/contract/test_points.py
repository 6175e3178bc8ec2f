"""/point and /points/record."""

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.conftest import Account
from tests.contract.jconfigs import ENLARGE, QUICK, as_json, build_denoise, build_workflow
from tests.contract.service import WAYS, Service


@pytest.fixture(scope="module")
def kept() -> dict[str, str]:
    return {}


@pytest.fixture
def spender(service: Service, make_account: Account, kept: dict[str, str]) -> str:
    """An account that downloaded three results (a workflow of two steps, denoise, enlarge3), created once."""
    if not kept:
        kept["token"] = make_account(credits="20")
        for jconfig in (as_json(build_workflow(build_denoise(), build_denoise(), title="twice")), QUICK, ENLARGE):
            service.build_client(kept["token"]).download(service.finish_job(kept["token"], jconfig), io.BytesIO())
    return kept["token"]


def test_the_balance_is_two_strings_with_three_decimals(service: Service, make_account: Account) -> None:
    assert service.fetch_data("/point", {"api_token": make_account(credits="500")}, "get") == {
        "max_num": "500.000",
        "used_num": "0.000",
    }
    assert service.fetch_data("/point", {"api_token": make_account(credits="0.125")}, "get")["max_num"] == "0.125"


def test_a_new_account_has_an_empty_history(service: Service, token: str) -> None:
    data = service.fetch_data("/points/record", {"api_token": token})
    assert data["datas"] == []
    assert (data["current_page"], data["per_page"], data["total"]) == (1, 20, 0)
    assert service.build_client(token).get_history().rows == ()


def test_the_history_has_the_contracts_fields_newest_first(service: Service, spender: str) -> None:
    before = datetime.now(UTC) + timedelta(seconds=1)
    assert service.fetch_data("/point", {"api_token": spender}, "get") == {"max_num": "20.000", "used_num": "4.000"}
    data = service.fetch_data("/points/record", {"api_token": spender})
    rows = data["datas"]
    assert [row["job"] for row in rows] == ["enlarge3", "denoise", rows[2]["job"]]
    assert [row["balance"] for row in rows] == ["16.000", "17.000", "18.000"]
    assert [row["point"] for row in rows] == ["1.000", "1.000", "2.000"]
    for row in rows:
        assert set(row) >= {"point_type", "job", "info", "point", "balance", "created_at"}
        assert row["point_type"] == "download"
        assert re.search(r"\.(png|jpg)$", row["info"])
        created = datetime.strptime(row["created_at"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        assert before - timedelta(minutes=5) < created < before
    for key in ("current_page", "last_page", "per_page", "total"):
        assert type(data[key]) is int


@pytest.mark.parametrize("way", WAYS)
def test_every_encoding_can_request_pages(service: Service, spender: str, way: str) -> None:
    def fetch_page(number: int, limit: int) -> Any:
        return service.fetch_data("/points/record", {"api_token": spender, "page": number, "limit": limit}, way)

    first, second, beyond = fetch_page(1, 2), fetch_page(2, 2), fetch_page(9, 2)
    assert [row["balance"] for row in first["datas"] + second["datas"]] == ["16.000", "17.000", "18.000"]
    for number, data in ((1, first), (2, second), (9, beyond)):
        assert (data["last_page"], data["per_page"], data["total"]) == (2, 2, 3)
        assert data["current_page"] == number
    assert beyond["datas"] == []
    defaults = service.fetch_data("/points/record", {"api_token": spender}, way)
    assert (defaults["current_page"], defaults["per_page"], defaults["last_page"]) == (1, 20, 1)


def test_one_account_does_not_see_another(service: Service, spender: str, token: str) -> None:
    assert service.fetch_data("/points/record", {"api_token": token})["total"] == 0


@pytest.mark.parametrize("field", ["page", "limit"])
@pytest.mark.parametrize("value", ["first", "-1", "0", "1.5", "9" * 40, "NaN"])
def test_an_invalid_page_or_limit_is_an_illegal_parameter(service: Service, token: str, field: str, value: str) -> None:
    code, message = service.fetch_error("/points/record", {"api_token": token, field: value})
    assert code == 10001
    assert field in message


def test_a_second_download_adds_no_second_row(service: Service, token: str) -> None:
    client = service.build_client(token)
    trans_id = service.finish_job(token)
    for _ in range(3):
        client.download(trans_id, io.BytesIO())
    assert client.get_history().total == 1


def test_the_client_reads_pages(service: Service, spender: str) -> None:
    client = service.build_client(spender)
    first, second = client.get_history(page=1, limit=2), client.get_history(page=2, limit=2)
    assert (first.page, first.last_page, first.per_page, first.total) == (1, 2, 2, 3)
    assert [row.job for row in first.rows] == ["enlarge3", "denoise"]
    assert [row.balance for row in first.rows + second.rows] == [16, 17, 18]
    assert all(row.created_at.tzinfo is None for row in first.rows)
