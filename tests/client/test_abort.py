"""Calls that another thread breaks off."""

import io
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.client.conftest import TOKEN, TRANS_ID, UID
from tests.client.fake_service import FakeService, Handler, drop_connection, reply_success, run_fake_service
from vanceweb.client import Retries, ServiceUnreachable, Timeouts, VanceClient, build_http_session

# Longer than any test waits: only the abort ends these calls.
ENDLESS = Timeouts(*[600.0] * 9)
PICTURE = b"\xff\xd8\xff" + bytes(200_000)


class Hanging:
    """A reply that never comes, or never ends."""

    def __init__(self, start: Callable[[Handler], None] | None = None) -> None:
        self.reached, self.released, self.start = threading.Event(), threading.Event(), start

    def __call__(self, handler: Handler) -> None:
        if self.start is not None:
            self.start(handler)
        self.reached.set()
        self.released.wait(60)
        handler.close_connection = True


def begin_json(handler: Handler) -> None:
    handler.send(b'{"code": 200, ', length=1000)


def begin_picture(handler: Handler) -> None:
    handler.send(PICTURE, kind="image/jpeg", length=len(PICTURE) * 2)


def begin_until_closed(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "image/jpeg")
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(PICTURE)


CALLS: dict[str, Callable[[VanceClient], object]] = {
    "upload": lambda client: client.upload(io.BytesIO(PICTURE), name="photo.jpg"),
    "transform": lambda client: client.transform(UID, "{}"),
    "progress": lambda client: client.get_progress(TRANS_ID),
    "download": lambda client: client.download(TRANS_ID, io.BytesIO()),
    "balance": lambda client: client.get_balance(),
}


def abort_during(client: VanceClient, call: Callable[[VanceClient], object], reached: threading.Event) -> Exception:
    """Abort the client when the service has been reached. Return the error of the call."""
    errors: list[Exception] = []

    def run() -> None:
        try:
            call(client)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert reached.wait(30)
    client.abort()
    thread.join(30)
    assert not thread.is_alive()
    return errors[0]


@pytest.mark.parametrize("name", CALLS)
def test_a_call_without_an_answer_is_broken_off_and_not_retried(service: FakeService, name: str) -> None:
    hanging = Hanging()
    service.set_replies(hanging)
    with VanceClient(TOKEN, base_url=service.base_url, timeouts=ENDLESS) as client:
        error = abort_during(client, CALLS[name], hanging.reached)
    hanging.released.set()
    assert isinstance(error, ServiceUnreachable)
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("name", "start"),
    [("progress", begin_json), ("download", begin_picture), ("download", begin_until_closed)],
)
def test_an_answer_that_stops_in_the_middle_is_broken_off(
    service: FakeService, name: str, start: Callable[[Handler], None]
) -> None:
    hanging = Hanging(start)
    service.set_replies(hanging)
    with VanceClient(TOKEN, base_url=service.base_url, timeouts=ENDLESS) as client:
        error = abort_during(client, CALLS[name], hanging.reached)
    hanging.released.set()
    assert isinstance(error, ServiceUnreachable)
    assert len(service.requests) == 1


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_call_over_tls_is_broken_off(tmp_path: Path) -> None:
    hanging = Hanging(begin_json)
    session = build_http_session()
    session.verify, session.trust_env = False, False
    with run_fake_service() as service:
        service.set_replies(hanging)
        service.socket = build_tls_context(tmp_path).wrap_socket(service.socket, server_side=True)
        url = service.base_url.replace("http:", "https:")
        with VanceClient(TOKEN, base_url=url, timeouts=ENDLESS, session=session) as client:
            error = abort_during(client, CALLS["progress"], hanging.reached)
        hanging.released.set()
        session.close()
        assert isinstance(error, ServiceUnreachable)
        assert len(service.requests) == 1


def build_tls_context(folder: Path) -> ssl.SSLContext:
    """Return a server's context with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(secret + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def test_the_pause_before_a_retry_ends(service: FakeService) -> None:
    reached = threading.Event()

    def fail(handler: Handler) -> None:
        drop_connection(handler)
        reached.set()

    service.set_replies(fail)
    retries = Retries(attempts=5, first_pause=600, longest_pause=600)
    with VanceClient(TOKEN, base_url=service.base_url, retries=retries) as client:
        error = abort_during(client, CALLS["progress"], reached)
    assert isinstance(error, ServiceUnreachable)
    assert len(service.requests) == 1


def test_later_calls_fail_before_anything_is_sent(service: FakeService, client: VanceClient) -> None:
    client.abort()
    client.abort()
    with pytest.raises(ServiceUnreachable) as refusal:
        client.get_progress(TRANS_ID)
    assert not refusal.value.may_have_arrived
    assert service.requests == []


def test_other_clients_are_not_affected(service: FakeService, make_client: Callable[..., VanceClient]) -> None:
    service.set_replies(reply_success({"status": "process"}))
    first, second = make_client(), make_client()
    first.get_progress(TRANS_ID)
    second.get_progress(TRANS_ID)
    first.abort()
    assert second.get_progress(TRANS_ID).status == "process"


def test_connections_that_are_kept_open_are_closed_with_the_client(service: FakeService) -> None:
    closed = threading.Event()

    def watch(handler: Handler) -> None:
        reply_success({"status": "process"})(handler)
        connection = handler.connection

        def wait_for_end() -> None:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                if connection.recv(1) == b"":
                    closed.set()
                    return

        handler.close_connection = True
        wait_for_end()

    service.set_replies(watch)
    with VanceClient(TOKEN, base_url=service.base_url) as client:
        client.get_progress(TRANS_ID)
    assert closed.wait(30)


@pytest.mark.parametrize(("given", "sent"), [({}, None), ({"queue_key": "a" * 64}, "a" * 64)])
def test_the_queue_key_is_sent_only_if_given(
    service: FakeService, client: VanceClient, given: dict[str, Any], sent: str | None
) -> None:
    service.set_replies(reply_success({"trans_id": TRANS_ID, "status": "busy"}))
    client.transform(UID, "{}", **given)
    assert service.requests[0].form.get("queue_key") == sent


@pytest.mark.parametrize(("told", "read"), [({}, None), ({"seconds": 2.5}, 2.5), ({"seconds": "3"}, 3.0)])
def test_the_seconds_of_work_are_read(
    service: FakeService, client: VanceClient, told: dict[str, Any], read: float | None
) -> None:
    service.set_replies(reply_success({"status": "process"} | told))
    assert client.get_progress(TRANS_ID).seconds == read
