from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.client.fake_service import FakeService, run_fake_service
from vanceweb.client import Retries, Timeouts, VanceClient

TOKEN = "5ecre7-t0ken-that-must-not-show"
UID = "0" * 31 + "a"
TRANS_ID = "0" * 31 + "b"
QUICK_RETRIES = Retries(attempts=3, first_pause=0.01, longest_pause=0.02)
LONG_TIMEOUTS = Timeouts(connect=2, upload=5, transform=5, progress=5, download=5, balance=5, history=5, cancel=5)


@pytest.fixture(scope="session")
def listening_service() -> Iterator[FakeService]:
    with run_fake_service() as running:
        yield running


@pytest.fixture
def service(listening_service: FakeService) -> FakeService:
    """The running service, without replies and requests of earlier tests."""
    listening_service.reset()
    return listening_service


@pytest.fixture
def make_client(service: FakeService) -> Iterator[Callable[..., VanceClient]]:
    made: list[VanceClient] = []

    def make(**options: Any) -> VanceClient:
        defaults: dict[str, Any] = {
            "base_url": service.base_url,
            "timeouts": LONG_TIMEOUTS,
            "retries": QUICK_RETRIES,
        }
        made.append(VanceClient(TOKEN, **(defaults | options)))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: Callable[..., VanceClient]) -> VanceClient:
    return make_client()
