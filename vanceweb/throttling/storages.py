"""The storages of the counters: Redis if `settings.CACHE_URL` names one, else the database."""

from collections.abc import Callable
from functools import cache
from typing import Concatenate, ParamSpec, TypeVar

from django.conf import settings
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

from vanceweb.lib.repeated_failures import RepeatedFailures
from vanceweb.throttling.database_storage import DatabaseStorage

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Method = Callable[Concatenate[FixedWindowRateLimiter, Given], Answer]

# Redis answers in well under a millisecond. Requests wait for it, and the database counts where it doesn't answer.
REDIS_SECONDS = 1.0
KEY_PREFIX = "vanceweb:throttle"

_failures = RepeatedFailures()


def ask_limiter(method: Method[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer:
    """Call a method of the limiter in use. While Redis doesn't answer, the database counts: nothing goes free."""
    if settings.CACHE_URL:
        try:
            return method(_build_redis_limiter(settings.CACHE_URL), *args, **kwargs)
        except StorageError:
            _failures.log_exception("Counting requests in Redis")
    return method(_build_database_limiter(), *args, **kwargs)


@cache
def _build_redis_limiter(url: str) -> FixedWindowRateLimiter:
    storage = RedisStorage(
        url,
        key_prefix=KEY_PREFIX,
        wrap_exceptions=True,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
    )
    return FixedWindowRateLimiter(storage)


@cache
def _build_database_limiter() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(DatabaseStorage())
