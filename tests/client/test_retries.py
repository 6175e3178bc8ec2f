"""Calls that are retried, and calls that never are."""

import io
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.conftest import LONG_TIMEOUTS, TRANS_ID, UID
from tests.client.fake_service import FakeService, Reply, delay, drop_connection, reply_bytes, reply_html, reply_success
from tests.client.test_calls import PAGE, UPLOADED
from tests.client.test_download import PNG
from vanceweb.client import InvalidResponse, Retries, ServiceUnreachable, Timeouts, VanceClient

GOOD: dict[str, Reply] = {
    "upload": reply_success(UPLOADED),
    "progress": reply_success({"status": "process"}),
    "download": reply_bytes(PNG, kind="image/png"),
    "balance": reply_success({"max_num": "1.000", "used_num": "0.000"}),
    "history": reply_success(PAGE),
    "cancel": reply_success({"status": "fatal"}),
}
SAFE: dict[str, Callable[[VanceClient], object]] = {
    "upload": lambda client: client.upload(io.BytesIO(PNG), name="a.png"),
    "progress": lambda client: client.get_progress(TRANS_ID),
    "download": lambda client: client.download(TRANS_ID, io.BytesIO()),
    "balance": lambda client: client.get_balance(),
    "history": lambda client: client.get_history(),
    "cancel": lambda client: client.cancel(TRANS_ID),
}
TRANSIENT: dict[str, Reply] = {
    "dropped": drop_connection,
    "502": reply_html(502),
    "503": reply_html(503),
    "429": reply_html(429),
    "500": reply_html(500),
    "cut off": reply_bytes(b'{"code": 200', length=4000),
}


@pytest.mark.parametrize("trouble", TRANSIENT.values(), ids=TRANSIENT.keys())
@pytest.mark.parametrize("name", SAFE)
def test_safe_calls_are_retried(client: VanceClient, service: FakeService, name: str, trouble: Reply) -> None:
    service.set_replies(trouble, trouble, GOOD[name])
    SAFE[name](client)
    assert len(service.requests) == 3
    assert len({seen.body.replace(seen.body[:40], b"") for seen in service.requests}) == (3 if name == "upload" else 1)


@pytest.mark.parametrize("name", SAFE)
def test_retries_end_after_the_last_attempt(client: VanceClient, service: FakeService, name: str) -> None:
    service.set_replies(reply_html(502))
    with pytest.raises(ServiceUnreachable, match="502"):
        SAFE[name](client)
    assert len(service.requests) == 3


def test_a_retried_upload_sends_the_whole_file_again(client: VanceClient, service: FakeService, tmp_path: Path) -> None:
    service.set_replies(drop_connection, GOOD["upload"])
    (tmp_path / "a.png").write_bytes(PNG)
    with (tmp_path / "a.png").open("rb") as file:
        client.upload(file, name="a.png")
    assert [PNG in seen.body for seen in service.requests] == [True, True]
    assert len(service.requests[0].body) == len(service.requests[1].body)


@pytest.mark.parametrize("trouble", TRANSIENT.values(), ids=TRANSIENT.keys())
def test_transform_is_never_retried_once_its_body_was_sent(
    client: VanceClient, service: FakeService, trouble: Reply
) -> None:
    service.set_replies(trouble, reply_success({"trans_id": TRANS_ID, "status": "busy"}))
    with pytest.raises(ServiceUnreachable) as caught:
        client.transform(UID, "{}")
    assert caught.value.may_have_arrived
    assert len(service.requests) == 1


def test_transform_is_not_retried_after_a_read_timeout(
    make_client: Callable[..., VanceClient], service: FakeService
) -> None:
    service.set_replies(delay(1, reply_success({"trans_id": TRANS_ID, "status": "finish"})))
    client = make_client(timeouts=Timeouts(transform=0.2))
    with pytest.raises(ServiceUnreachable, match=r"did not answer within 0.2 s") as caught:
        client.transform(UID, "{}")
    assert caught.value.may_have_arrived
    assert len(service.requests) == 1


def test_transform_is_retried_while_no_connection_is_made(make_client: Callable[..., VanceClient]) -> None:
    """The service starts to listen after the first attempts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    client = make_client(
        base_url=f"http://127.0.0.1:{port}/web_api/v1", retries=Retries(attempts=40, first_pause=0.1, longest_pause=0.1)
    )
    late = LateService(port)
    timer = threading.Timer(0.3, late.start)
    timer.start()
    try:
        assert client.transform(UID, "{}").trans_id == TRANS_ID
    finally:
        timer.join()
        late.stop()
    assert late.requests == 1


class LateService:
    """A service that listens from `start` on and responds to one transform."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.requests = 0

    def start(self) -> None:
        self._socket.bind(("127.0.0.1", self._port))
        self._socket.listen()
        connection, _ = self._socket.accept()
        with connection:
            connection.recv(65536)
            self.requests += 1
            body = b'{"code": 200, "data": {"trans_id": "%s", "status": "busy"}}' % TRANS_ID.encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def stop(self) -> None:
        self._socket.close()


@pytest.mark.parametrize("call", [*SAFE.values(), lambda client: client.transform(UID, "{}")])
def test_a_closed_port_is_unreachable_and_nothing_was_sent(
    make_client: Callable[..., VanceClient], call: Callable[[VanceClient], object]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        client = make_client(base_url=f"http://127.0.0.1:{port}/web_api/v1")
        with pytest.raises(ServiceUnreachable, match=r"127.0.0.1 does not accept connections") as caught:
            call(client)
    assert not caught.value.may_have_arrived


def test_an_unknown_host_name_is_reported(make_client: Callable[..., VanceClient]) -> None:
    client = make_client(base_url="http://no-such-host.invalid/web_api/v1")
    with pytest.raises(ServiceUnreachable, match=r"The name no-such-host.invalid is not known"):
        client.get_balance()


def test_tls_to_a_plain_http_port_is_no_secure_connection(
    make_client: Callable[..., VanceClient], service: FakeService
) -> None:
    service.set_replies(GOOD["balance"])
    with pytest.raises(ServiceUnreachable, match="No secure connection"):
        make_client(base_url=service.base_url.replace("http:", "https:")).get_balance()


def test_the_requested_pause_is_reported(make_client: Callable[..., VanceClient], service: FakeService) -> None:
    service.set_replies(reply_html(503, headers={"Retry-After": "7"}))
    with pytest.raises(ServiceUnreachable) as caught:
        make_client(retries=Retries(attempts=1)).get_balance()
    assert caught.value.retry_after == 7


def test_a_date_as_retry_after_is_ignored(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_html(503, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), GOOD["balance"])
    client.get_balance()


def test_pauses_grow_are_bounded_and_differ() -> None:
    retries = Retries(attempts=9, first_pause=1, longest_pause=8)
    for failures, longest in enumerate((1, 2, 4, 8, 8, 8), start=1):
        pauses = {retries.compute_pause(failures) for _ in range(50)}
        assert all(longest / 2 <= pause <= longest for pause in pauses)
        assert len(pauses) > 1
    assert retries.compute_pause(1, asked=5) == 5
    assert retries.compute_pause(1, asked=500) == 8


def test_a_slow_response_is_a_timeout(make_client: Callable[..., VanceClient], service: FakeService) -> None:
    service.set_replies(delay(1, GOOD["progress"]))
    with pytest.raises(ServiceUnreachable, match="did not answer"):
        make_client(timeouts=Timeouts(progress=0.1)).get_progress(TRANS_ID)
    assert len(service.requests) == 3


def test_each_call_has_its_own_time_limit(make_client: Callable[..., VanceClient], service: FakeService) -> None:
    timeouts = Timeouts(progress=0.1, transform=LONG_TIMEOUTS.transform)
    service.set_replies(delay(0.4, reply_success({"trans_id": TRANS_ID, "status": "finish"})))
    assert make_client(timeouts=timeouts).transform(UID, "{}").trans_id == TRANS_ID


def test_the_wait_of_a_transform_is_added_to_its_time_limit(
    make_client: Callable[..., VanceClient], service: FakeService
) -> None:
    service.set_replies(delay(0.5, reply_success({"trans_id": TRANS_ID, "status": "process"})))
    client = make_client(timeouts=Timeouts(transform=0.2))
    assert client.transform(UID, "{}", wait=1).trans_id == TRANS_ID


def test_an_invalid_response_is_not_retried(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_html(404), GOOD["balance"])
    with pytest.raises(InvalidResponse, match="HTTP status 404 with a web page"):
        client.get_balance()
    assert len(service.requests) == 1
