"""What is tried again, and what never is."""

import io
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.conftest import PATIENT, TRANS_ID, UID
from tests.client.fake_service import Act, Service, after, drop, html, raw, success
from tests.client.test_calls import PAGE, UPLOADED
from tests.client.test_download import PNG
from vanceweb.client import InvalidResponse, Retries, ServiceUnreachable, Timeouts, VanceClient

GOOD: dict[str, Act] = {
    "upload": success(UPLOADED),
    "progress": success({"status": "process"}),
    "download": raw(PNG, kind="image/png"),
    "balance": success({"max_num": "1.000", "used_num": "0.000"}),
    "history": success(PAGE),
    "cancel": success({"status": "fatal"}),
}
SAFE: dict[str, Callable[[VanceClient], object]] = {
    "upload": lambda client: client.upload(io.BytesIO(PNG), name="a.png"),
    "progress": lambda client: client.get_progress(TRANS_ID),
    "download": lambda client: client.download(TRANS_ID, io.BytesIO()),
    "balance": lambda client: client.get_balance(),
    "history": lambda client: client.get_history(),
    "cancel": lambda client: client.cancel(TRANS_ID),
}
PASSING: dict[str, Act] = {
    "dropped": drop,
    "502": html(502),
    "503": html(503),
    "429": html(429),
    "500": html(500),
    "cut off": raw(b'{"code": 200', length=4000),
}


@pytest.mark.parametrize("trouble", PASSING.values(), ids=PASSING.keys())
@pytest.mark.parametrize("name", SAFE)
def test_what_may_be_repeated_is(client: VanceClient, service: Service, name: str, trouble: Act) -> None:
    service.play(trouble, trouble, GOOD[name])
    SAFE[name](client)
    assert len(service.seen) == 3
    assert len({seen.body.replace(seen.body[:40], b"") for seen in service.seen}) == (3 if name == "upload" else 1)


@pytest.mark.parametrize("name", SAFE)
def test_it_ends_after_so_many_tries(client: VanceClient, service: Service, name: str) -> None:
    service.play(html(502))
    with pytest.raises(ServiceUnreachable, match="502"):
        SAFE[name](client)
    assert len(service.seen) == 3


def test_a_repeated_upload_sends_the_whole_file_again(client: VanceClient, service: Service, tmp_path: Path) -> None:
    service.play(drop, GOOD["upload"])
    (tmp_path / "a.png").write_bytes(PNG)
    with (tmp_path / "a.png").open("rb") as file:
        client.upload(file, name="a.png")
    assert [PNG in seen.body for seen in service.seen] == [True, True]
    assert len(service.seen[0].body) == len(service.seen[1].body)


@pytest.mark.parametrize("trouble", PASSING.values(), ids=PASSING.keys())
def test_transform_is_never_repeated_once_its_body_was_sent(
    client: VanceClient, service: Service, trouble: Act
) -> None:
    service.play(trouble, success({"trans_id": TRANS_ID, "status": "busy"}))
    with pytest.raises(ServiceUnreachable) as caught:
        client.transform(UID, "{}")
    assert caught.value.may_have_arrived
    assert len(service.seen) == 1


def test_transform_is_not_repeated_after_a_silence(make_client: Callable[..., VanceClient], service: Service) -> None:
    service.play(after(1, success({"trans_id": TRANS_ID, "status": "finish"})))
    client = make_client(timeouts=Timeouts(transform=0.2))
    with pytest.raises(ServiceUnreachable, match=r"did not answer within 0.2 s") as caught:
        client.transform(UID, "{}")
    assert caught.value.may_have_arrived
    assert len(service.seen) == 1


def test_transform_is_repeated_while_no_connection_is_made(make_client: Callable[..., VanceClient]) -> None:
    """A port where nobody listens yet, and then the service does."""
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
    """Listens from `start` on and answers one transform."""

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
def test_a_closed_port_is_not_reachable_and_nothing_was_sent(
    make_client: Callable[..., VanceClient], call: Callable[[VanceClient], object]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        client = make_client(base_url=f"http://127.0.0.1:{port}/web_api/v1")
        with pytest.raises(ServiceUnreachable, match=r"127.0.0.1 does not accept connections") as caught:
            call(client)
    assert not caught.value.may_have_arrived


def test_an_unknown_name_is_said_to_be_one(make_client: Callable[..., VanceClient]) -> None:
    client = make_client(base_url="http://no-such-host.invalid/web_api/v1")
    with pytest.raises(ServiceUnreachable, match=r"The name no-such-host.invalid is not known"):
        client.get_balance()


def test_http_spoken_to_a_port_that_wants_it_as_tls_is_no_safe_connection(
    make_client: Callable[..., VanceClient], service: Service
) -> None:
    service.play(GOOD["balance"])
    with pytest.raises(ServiceUnreachable, match="No secure connection"):
        make_client(base_url=service.base_url.replace("http:", "https:")).get_balance()


def test_a_service_that_asks_for_a_pause_gets_it(make_client: Callable[..., VanceClient], service: Service) -> None:
    service.play(html(503, headers={"Retry-After": "7"}))
    with pytest.raises(ServiceUnreachable) as caught:
        make_client(retries=Retries(attempts=1)).get_balance()
    assert caught.value.retry_after == 7


def test_a_date_as_retry_after_does_no_harm(client: VanceClient, service: Service) -> None:
    service.play(html(503, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), GOOD["balance"])
    client.get_balance()


def test_pauses_grow_are_bounded_and_differ() -> None:
    retries = Retries(attempts=9, first_pause=1, longest_pause=8)
    for failures, longest in enumerate((1, 2, 4, 8, 8, 8), start=1):
        pauses = {retries.compute_pause(failures) for _ in range(50)}
        assert all(longest / 2 <= pause <= longest for pause in pauses)
        assert len(pauses) > 1
    assert retries.compute_pause(1, asked=5) == 5
    assert retries.compute_pause(1, asked=500) == 8


def test_a_slow_answer_is_not_waited_for(make_client: Callable[..., VanceClient], service: Service) -> None:
    service.play(after(1, GOOD["progress"]))
    with pytest.raises(ServiceUnreachable, match="did not answer"):
        make_client(timeouts=Timeouts(progress=0.1)).get_progress(TRANS_ID)
    assert len(service.seen) == 3


def test_each_phase_has_its_own_patience(make_client: Callable[..., VanceClient], service: Service) -> None:
    timeouts = Timeouts(progress=0.1, transform=PATIENT.transform)
    service.play(after(0.4, success({"trans_id": TRANS_ID, "status": "finish"})))
    assert make_client(timeouts=timeouts).transform(UID, "{}").trans_id == TRANS_ID


def test_waiting_for_a_transform_is_added_to_its_patience(
    make_client: Callable[..., VanceClient], service: Service
) -> None:
    service.play(after(0.5, success({"trans_id": TRANS_ID, "status": "process"})))
    client = make_client(timeouts=Timeouts(transform=0.2))
    assert client.transform(UID, "{}", wait=1).trans_id == TRANS_ID


def test_what_was_not_understood_is_not_asked_again(client: VanceClient, service: Service) -> None:
    service.play(html(404), GOOD["balance"])
    with pytest.raises(InvalidResponse, match="HTTP status 404 with a web page"):
        client.get_balance()
    assert len(service.seen) == 1
