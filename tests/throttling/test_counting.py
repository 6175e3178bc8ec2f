"""Counting requests: limits by account and address, windows of time, and many requests at the same moment."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings as site
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from vanceweb.throttling import services
from vanceweb.throttling.database_storage import DatabaseStorage
from vanceweb.throttling.models import Counter
from vanceweb.throttling.rates import Scope, parse_rates
from vanceweb.throttling.rules import RULES, SHARE_PASSWORD, SIGN_IN, UPLOAD, Rule
from vanceweb.throttling.services import Throttled, check_throttle, reset_throttle
from vanceweb.throttling.sweeps import remove_ended_windows

HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"
LIMIT = 10


@pytest.fixture(params=["database", "redis"])
def counted_in(request: pytest.FixtureRequest, settings: Any) -> str:
    """Run the test with the counters in the database, then with those in Redis."""
    if request.param == "redis":
        settings.CACHE_URL = request.getfixturevalue("redis_url")
    return str(request.param)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds by which the clock is ahead."""
    ahead, real = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])
    return ahead


def limit(settings: Any, rule: Rule, text: str) -> None:
    settings.THROTTLES = settings.THROTTLES | {rule.name: parse_rates("THROTTLE", text)}


def passes(rule: Rule, address: str = HERE, account: str = "alice") -> bool:
    try:
        check_throttle(rule, address=address, account=account)
    except Throttled:
        return False
    return True


@pytest.mark.django_db
@pytest.mark.usefixtures("counted_in")
def test_exactly_the_permitted_number_passes(settings: Any) -> None:
    limit(settings, UPLOAD, "3/minute by account")
    assert [passes(UPLOAD) for _ in range(5)] == [True, True, True, False, False]
    with pytest.raises(Throttled) as raised:
        check_throttle(UPLOAD, address=HERE, account="alice")
    assert 0 < raised.value.retry_after <= 60


@pytest.mark.django_db
@pytest.mark.usefixtures("counted_in")
def test_each_scope_counts_its_own(settings: Any) -> None:
    limit(settings, SIGN_IN, "2/minute by account and address, 3/minute by account, 5/minute by address")
    assert [passes(SIGN_IN) for _ in range(3)] == [True, True, False]
    # The pair from elsewhere is another one, until the account's own limit.
    assert [passes(SIGN_IN, ELSEWHERE) for _ in range(2)] == [True, False]
    # Whoever was refused for the account hasn't used up the address.
    assert [passes(SIGN_IN, account=f"person {number}") for number in range(4)] == [True, True, True, False]


@pytest.mark.django_db
def test_a_limit_by_what_is_unknown_does_not_apply(settings: Any) -> None:
    limit(settings, UPLOAD, "1/minute by account and address, 1/minute by account, 1/minute by address")
    assert [passes(UPLOAD, address="", account="") for _ in range(3)] == [True] * 3
    assert [passes(UPLOAD, account="") for _ in range(2)] == [True, False]


@pytest.mark.django_db
def test_an_empty_setting_is_no_limit(settings: Any) -> None:
    limit(settings, UPLOAD, "")
    assert all(passes(UPLOAD) for _ in range(50))


@pytest.mark.django_db
def test_rules_count_apart(settings: Any) -> None:
    limit(settings, UPLOAD, "1/minute by address")
    limit(settings, SIGN_IN, "1/minute by address")
    assert [passes(UPLOAD), passes(SIGN_IN), passes(UPLOAD)] == [True, True, False]


@pytest.mark.django_db
def test_a_window_begins_with_its_first_request_and_ends_after_its_time(settings: Any, clock: list[float]) -> None:
    limit(settings, UPLOAD, "2/minute by address")
    outcomes = {}
    for seconds in (0, 30, 59, 61, 62, 63, 122):
        clock[0] = seconds
        outcomes[seconds] = passes(UPLOAD)
    assert outcomes == {0: True, 30: True, 59: False, 61: True, 62: True, 63: False, 122: True}


@pytest.mark.django_db
def test_the_wait_is_what_is_left_of_the_window(settings: Any, clock: list[float]) -> None:
    limit(settings, UPLOAD, "1/15 minutes by address")
    assert passes(UPLOAD)
    clock[0] = 600.5
    with pytest.raises(Throttled) as raised:
        check_throttle(UPLOAD, address=HERE)
    assert raised.value.retry_after == 300
    clock[0] = 600 + raised.value.retry_after + 1
    assert passes(UPLOAD)


@pytest.mark.django_db
def test_ended_windows_are_removed_and_others_stay(settings: Any, clock: list[float]) -> None:
    limit(settings, UPLOAD, "1/minute by address")
    passes(UPLOAD, HERE)
    clock[0] = 50
    passes(UPLOAD, ELSEWHERE)
    clock[0] = 70
    remove_ended_windows()
    assert Counter.objects.count() == 1
    assert not passes(UPLOAD, ELSEWHERE)


@pytest.mark.django_db
@pytest.mark.usefixtures("counted_in")
def test_only_failures_count_if_successes_are_taken_back(settings: Any) -> None:
    limit(settings, SIGN_IN, "3/minute by account and address, 6/minute by address")
    for _ in range(20):
        check_throttle(SIGN_IN, address=HERE, account="alice")
        reset_throttle(SIGN_IN, address=HERE, account="alice")
    assert [passes(SIGN_IN) for _ in range(2)] == [True, True]
    check_throttle(SIGN_IN, address=HERE, account="alice")
    reset_throttle(SIGN_IN, address=HERE, account="alice")
    # The account's failures are forgotten, those of the address are not.
    assert [passes(SIGN_IN) for _ in range(4)] == [True, True, True, False]
    assert [passes(SIGN_IN, account="bob") for _ in range(2)] == [True, False]


@pytest.mark.django_db
@pytest.mark.usefixtures("counted_in")
def test_asking_counts_nothing(settings: Any) -> None:
    limit(settings, SHARE_PASSWORD, "1/minute by account")
    for _ in range(3):
        services.test_throttle(SHARE_PASSWORD, address=HERE, account="link")
    assert passes(SHARE_PASSWORD, account="link")
    with pytest.raises(Throttled):
        services.test_throttle(SHARE_PASSWORD, address=HERE, account="link")


@pytest.mark.django_db
def test_the_table_holds_no_addresses_and_names() -> None:
    check_throttle(SIGN_IN, address=HERE, account="alice@example.org")
    stored = " ".join(Counter.objects.values_list("key", flat=True))
    assert stored
    assert HERE not in stored
    assert "alice" not in stored


def test_the_settings_name_every_rule_and_no_other() -> None:
    assert set(site.THROTTLES) == {rule.name for rule in RULES}
    assert set(site.THROTTLED_POSTS.values()) <= set(site.THROTTLES)


def test_limits_are_read_from_text() -> None:
    rates = parse_rates("THROTTLE", "100/15 minutes by address, 20/hour by account,5/day by account and address")
    found = [(rate.scope, rate.item.amount, rate.item.get_expiry()) for rate in rates]
    assert found == [(Scope.PAIR, 5, 86400), (Scope.ACCOUNT, 20, 3600), (Scope.ADDRESS, 100, 900)]
    assert parse_rates("THROTTLE", " ") == ()


@pytest.mark.parametrize(
    "text", ["10", "10/minute", "ten/minute by address", "10/minute by team", "/minute by address"]
)
def test_a_wrong_limit_is_named(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"THROTTLE_UPLOAD: “{text}”"):
        parse_rates("THROTTLE_UPLOAD", text)


def count_passing_threads(threads: int, requests: int) -> int:
    """Return how many of the threads' requests pass, all of which begin at once."""
    start = threading.Barrier(threads)

    def send() -> int:
        start.wait()
        try:
            return sum(passes(UPLOAD) for _ in range(requests))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return sum(future.result() for future in [pool.submit(send) for _ in range(threads)])


@pytest.mark.usefixtures("postgresql")
def test_of_simultaneous_requests_on_postgresql_exactly_the_permitted_number_passes(settings: Any) -> None:
    limit(settings, UPLOAD, f"{LIMIT}/hour by account")
    assert count_passing_threads(8, 5) == LIMIT
    assert Counter.objects.get().hits == 40


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("counted_in")
def test_of_simultaneous_requests_exactly_the_permitted_number_passes(settings: Any) -> None:
    limit(settings, UPLOAD, f"{LIMIT}/hour by account")
    assert count_passing_threads(8, 5) == LIMIT


@pytest.mark.usefixtures("postgresql")
def test_a_window_that_ends_begins_anew_once_for_simultaneous_requests(settings: Any, clock: list[float]) -> None:
    limit(settings, UPLOAD, f"{LIMIT}/minute by account")
    assert count_passing_threads(4, 5) == LIMIT
    clock[0] = 61
    assert count_passing_threads(4, 5) == LIMIT


# Prints how many of twenty requests pass.
PROCESS = """
import django; django.setup()
from django.db import connections
from vanceweb.throttling.rules import UPLOAD
from tests.throttling.test_counting import passes
print(sum(passes(UPLOAD) for _ in range(20)))
"""


@pytest.mark.usefixtures("postgresql")
def test_several_processes_share_a_limit() -> None:
    database = connections["default"].settings_dict
    url = (
        f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    environ = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": url,
        "DATA_DIR": str(site.DATA_DIR),
        "THROTTLE_UPLOAD": f"{LIMIT}/hour by account",
        "PATH": "",
    }
    command = [sys.executable, "-c", PROCESS]
    runs = [subprocess.Popen(command, env=environ, cwd=site.BASE_DIR, stdout=subprocess.PIPE) for _ in range(3)]
    assert sum(int(run.communicate(timeout=60)[0]) for run in runs) == LIMIT


@pytest.mark.django_db
def test_a_redis_that_does_not_answer_lets_nobody_through_uncounted(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    # Nothing listens on this port.
    settings.CACHE_URL = "redis://127.0.0.1:1/0"
    limit(settings, UPLOAD, "2/minute by account")
    assert [passes(UPLOAD) for _ in range(3)] == [True, True, False]
    assert "Counting requests in Redis failed" in caplog.text


@pytest.mark.django_db
def test_the_database_is_asked_once_for_each_limit(settings: Any, django_assert_num_queries: Any) -> None:
    limit(settings, SIGN_IN, "5/minute by account and address, 5/minute by address")
    with django_assert_num_queries(2):
        check_throttle(SIGN_IN, address=HERE, account="alice")


@pytest.mark.django_db
def test_the_storage_answers_to_the_interface_of_limits() -> None:
    storage = DatabaseStorage()
    assert storage.check()
    assert [storage.incr("key", 60), storage.incr("key", 60, amount=3)] == [1, 4]
    storage.clear("key")
    assert storage.get("key") == 0
    storage.incr("other", 60)
    assert storage.reset() == 1
