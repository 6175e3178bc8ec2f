"""Counting requests against the limits of a rule.

Count outside of a transaction: one that is rolled back takes its hits along.

For what only failures count, such as passwords, the attempt is counted before it is made (`check_throttle`) and taken
back if it succeeds (`reset_throttle`). Counted after it had failed, many attempts at the same moment would all pass.
"""

import math
import time
from collections.abc import Iterator

from django.utils.crypto import salted_hmac
from limits import RateLimitItem
from limits.strategies import FixedWindowRateLimiter

from vanceweb.throttling.rates import Rate, Scope
from vanceweb.throttling.rules import ENGINE_API, Rule
from vanceweb.throttling.storages import ask_limiter

Identity = tuple[str, str]


class Throttled(Exception):
    """There were too many requests. `retry_after` is the whole number of seconds until the next one may pass."""

    def __init__(self, rule: Rule, retry_after: int) -> None:
        super().__init__(f"{rule.name}: too many requests, again in {retry_after} s")
        self.rule = rule
        self.retry_after = retry_after


def build_person_account(key: int) -> str:
    """Return what names a person's account in limits, for pages and programs alike."""
    return f"person {key}"


def check_throttle(rule: Rule, *, address: str, account: str = "") -> None:
    """Count a request. Raise Throttled if it is one too many.

    `account` is whatever names the account: a user name, a token, the id of a link. Only its hash is stored. Limits by
    what is empty don't apply.
    """
    for rate, identity in _find_limits(rule, address, account):
        if not ask_limiter(FixedWindowRateLimiter.hit, rate.item, *identity):
            raise Throttled(rule, _get_wait(rate.item, identity))


def test_throttle(rule: Rule, *, address: str, account: str = "") -> None:  # noqa: PT028  # no test of pytest's
    """Raise Throttled if the next request would be one too many, and count nothing."""
    for rate, identity in _find_limits(rule, address, account):
        if not ask_limiter(FixedWindowRateLimiter.test, rate.item, *identity):
            raise Throttled(rule, _get_wait(rate.item, identity))


def reset_throttle(rule: Rule, *, address: str, account: str = "") -> None:
    """Forget the account's requests from this address after a success, and take the last one back for its address.

    The others from the address stay counted, or whoever has an account of their own could guess those of others. So do
    the account's from other addresses: its person's success must not help somebody who guesses meanwhile.
    """
    for rate, identity in _find_limits(rule, address, account):
        if rate.scope is Scope.PAIR:
            ask_limiter(FixedWindowRateLimiter.clear, rate.item, *identity)
        else:
            ask_limiter(FixedWindowRateLimiter.hit, rate.item, *identity, cost=-1)


def count_engine_call(*, address: str, account: str = "") -> int:
    """Count a call of the engine's API; the setting ENGINE_CALL_THROTTLE names this function.

    Return 0, or the number of seconds until the next call may pass.
    """
    try:
        check_throttle(ENGINE_API, address=address, account=account)
    except Throttled as throttled:
        return throttled.retry_after
    return 0


def _find_limits(rule: Rule, address: str, account: str) -> Iterator[tuple[Rate, Identity]]:
    """Yield the limits that apply, with what names the counter of each."""
    parts = {Scope.ACCOUNT: [account], Scope.PAIR: [account, address], Scope.ADDRESS: [address]}
    for rate in rule.rates:
        names = parts[rate.scope]
        if all(names):
            digest = salted_hmac("throttling", "\n".join(names), algorithm="sha256").hexdigest()
            yield rate, (f"{rule.name} by {rate.scope.value}", digest)


def _get_wait(item: RateLimitItem, identity: Identity) -> int:
    """Return the whole number of seconds until the window ends."""
    window = ask_limiter(FixedWindowRateLimiter.get_window_stats, item, *identity)
    return max(1, math.ceil(window.reset_time - time.time()))
