"""Every call against every hostile way of answering: a bounded value or an error of the client, soon, no token."""

import io
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest

from tests.client.hostile_service import HANGS, TOKEN, TRANS_ID, UID, WAYS, HostileService, run_hostile_service
from vanceweb.client import InvalidResponse, Retries, ServiceUnreachable, Timeouts, VanceClient, VanceError
from vanceweb.client.bounds import LONGEST_URL

CALLS: dict[str, Callable[[VanceClient], Any]] = {
    "/upload": lambda client: client.upload(io.BytesIO(b"\xff\xd8\xff"), name="a.jpg"),
    "/transform": lambda client: client.transform(UID, "{}"),
    "/progress": lambda client: client.get_progress(TRANS_ID),
    "/download": lambda client: client.download(TRANS_ID, io.BytesIO()),
    "/point": lambda client: client.get_balance(),
    "/points/record": lambda client: client.get_history(),
    "/cancel": lambda client: client.cancel(TRANS_ID),
}
ONCE = Retries(attempts=1)
QUICK = Timeouts(**dict.fromkeys((limit.name for limit in fields(Timeouts)), 0.05))


@pytest.fixture(scope="module")
def hostile() -> Iterator[HostileService]:
    with run_hostile_service() as running:
        yield running


def call_in_way(hostile: HostileService, path: str, timeouts: Timeouts | None = None) -> Any:
    """Return the value of the call, or its error."""
    with VanceClient(TOKEN, base_url=hostile.base_url, timeouts=timeouts, retries=ONCE) as client:
        try:
            return CALLS[path](client)
        except VanceError as error:
            return error


def list_values(result: Any) -> Iterator[object]:
    """Yield all values in a result, or in an error."""
    members = result.args if isinstance(result, VanceError) else getattr(result, "__dict__", None)
    if members is None:
        yield result
        return
    for value in members.values() if isinstance(members, dict) else members:
        for item in value if isinstance(value, tuple) else (value,):
            yield from list_values(item)


def test_there_are_many_ways() -> None:
    assert len(WAYS) + len(HANGS) >= 100


@pytest.mark.parametrize("name", WAYS)
def test_odd_answers_become_values_in_bounds_or_errors(
    hostile: HostileService, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Line 23: values are cleaned, bounded and free of the token; nothing else than the client's errors is raised."""
    caplog.set_level(logging.DEBUG)
    hostile.way = WAYS[name]
    for path in CALLS:
        result = call_in_way(hostile, path)
        assert TOKEN not in repr(result).lower()
        for value in list_values(result):
            check_bounds(value)
    assert TOKEN not in caplog.text


def check_bounds(value: object) -> None:
    match value:
        case str():
            assert len(value) <= LONGEST_URL
            value.encode()
            assert not set(value) & set("\x00\n\x1b\x9b\u2028\u202e\u2066\ufeff\uffff")
        case Decimal():
            assert abs(value) < 10**11
            assert value == round(value, 3)
        case int():
            assert abs(value) <= 2**50
        case float():
            assert 0 <= value <= 10**9


@pytest.mark.parametrize("name", HANGS)
@pytest.mark.parametrize("path", ["/download", "/point"])
def test_answers_that_never_end_are_broken_off(hostile: HostileService, name: str, path: str) -> None:
    hostile.way = HANGS[name]
    began = time.monotonic()
    error = call_in_way(hostile, path, QUICK)
    assert isinstance(error, ServiceUnreachable | InvalidResponse)
    assert time.monotonic() - began < 3


def test_an_upload_that_is_never_read_is_broken_off() -> None:
    """A service that accepts the connection and reads a few bytes a second would hold a worker for days."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def read_slowly() -> None:
            connection, _ = listener.accept()
            with connection:
                while connection.recv(100):
                    time.sleep(0.02)

        reader = threading.Thread(target=read_slowly, daemon=True)
        reader.start()
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/web_api/v1"
        timeouts = Timeouts(connect=0.1, upload=0.3, upload_total=0.2)
        began = time.monotonic()
        client = VanceClient(TOKEN, base_url=base_url, timeouts=timeouts, retries=ONCE)
        with client, pytest.raises(ServiceUnreachable):
            client.upload(io.BytesIO(b"\xff\xd8\xff" + bytes(20_000_000)), name="a.jpg")
        assert time.monotonic() - began < 3
