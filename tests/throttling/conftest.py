"""Redis for tests of throttles."""

import os
from typing import Any
from uuid import uuid4

import pytest
import redis

from tests.postgresql import report_missing_service

URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")


@pytest.fixture
def redis_url(settings: Any) -> str:
    """The URL of a real Redis. The test is skipped, or fails, where there is none."""
    server = redis.Redis.from_url(URL, socket_connect_timeout=2)
    try:
        server.ping()
    except redis.RedisError:
        report_missing_service("no Redis at TEST_REDIS_URL or 127.0.0.1:6379")
    finally:
        server.close()
    # Counters are named by a hash with this key, so that no other test counts in those of this one.
    settings.SECRET_KEY = uuid4().hex
    return URL
