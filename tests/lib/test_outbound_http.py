"""POST requests to untrusted URLs: refused addresses, and the request that the receiver gets."""

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.lib.proxy_server import run_proxy
from vanceweb.lib.outbound_http import DeliveryFailed, DeliveryTimeouts, check_public_url, post_json_to_public_url
from vanceweb.lib.outbound_proxy import parse_proxy
from vanceweb.lib.public_addresses import AddressRefused, HostNotFound, is_public

QUICK = DeliveryTimeouts(connect=2, total=3)
SHORT = DeliveryTimeouts(connect=0.5, total=1)


@dataclass
class RecordingServer:
    """A real HTTP server that records the requests it receives."""

    port: int
    status: int = 200
    location: str = ""
    seen: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)


@contextmanager
def run_recording_server(context: ssl.SSLContext | None = None) -> Iterator[RecordingServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.seen.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver = RecordingServer(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.9", "0.0.0.0", "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254",  # noqa: S104
        "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "fec0::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:c0a8:101::1", "2001:0:7f00:1::80ff:fffe", "nonsense",
        # Globally reachable according to registries, but not on the internet.
        "192.0.0.1", "192.0.0.9", "192.0.0.10", "192.0.0.171", "192.0.0.255", "192.88.99.1", "168.63.129.16",
        "3fff::1", "3fff:fff:ffff::1", "5f00::1", "::ffff:168.63.129.16", "64:ff9b::a83f:8110", "64:ff9b:1::808:808",
        # ISATAP, of a private and of a global network, and the translated form.
        "2606:4700::5efe:a00:1", "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:c0a8:101", "fe80::5efe:808:808",
        "2a00:1450::200:5efe:a9fe:a9fe", "::ffff:0:7f00:1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "93.184.216.34",
        "192.0.1.1",
        "168.63.129.15",
        "192.88.98.1",
        "2606:4700:4700::1111",
        "2a00:1450::1",
        "2606:4700::5efe:808:808",
    ],
)
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://LOCALHOST./", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
        "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://0/",
        "http://169.254.169.254/latest/meta-data/", "https://10.1.2.3:8443/x", "http://[fe80::1%25lo]/",
        "ftp://8.8.8.8/", "file:///etc/passwd", "gopher://8.8.8.8/", "//8.8.8.8/", "8.8.8.8", "", "http://", "http:///x",
        "http://user:secret@8.8.8.8/", "http://8.8.8.8:99999/", "http://8.8.8.8:x/", "http://[8.8.8.8/",
        "http://" + "a" * 300 + ".com/", "http://a b/", "http://256.1.1.1/",
        "http://a..b.invalid/", "http://[::zz]/",
    ],
)  # fmt: skip
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(AddressRefused) as refusal:
        check_public_url(url, allowed_hosts=())
    assert not isinstance(refusal.value, HostNotFound)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "your-domain", "bücher.invalid", "a_b.invalid", "1.invalid"])
def test_a_name_without_an_address_is_told_from_a_wrong_url(host: str) -> None:
    with pytest.raises(HostNotFound):
        check_public_url(f"https://{host}/hook", allowed_hosts=())


def test_a_url_is_split_and_quoted() -> None:
    target = check_public_url("https://8.8.8.8/a b/ü%20?q=ß&r=1#part", allowed_hosts=())
    assert (target.scheme, target.host, target.port) == ("https", "8.8.8.8", 443)
    assert target.path == "/a%20b/%C3%BC%20?q=%C3%9F&r=1"
    assert target.addresses == ("8.8.8.8",)


def test_nothing_is_sent_to_a_refused_address() -> None:
    with run_recording_server() as receiver:
        with pytest.raises(AddressRefused):
            post_json_to_public_url(f"http://127.0.0.1:{receiver.port}/", {}, timeouts=QUICK)
        assert receiver.seen == []


def test_an_allowed_host_gets_the_json() -> None:
    with run_recording_server() as receiver:
        url = f"http://localhost:{receiver.port}/hook/secret?x=1"
        assert post_json_to_public_url(url, {"a": "ü"}, timeouts=QUICK, allowed_hosts=["localhost"]) == 200
        ((path, headers, body),) = receiver.seen
    assert (path, body) == ("/hook/secret?x=1", {"a": "ü"})
    assert headers["Host"] == f"localhost:{receiver.port}"
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [200, 204, 302, 404, 500])
def test_the_status_is_returned_and_redirects_are_not_followed(status: int) -> None:
    with run_recording_server() as other, run_recording_server() as receiver:
        receiver.status, receiver.location = status, f"http://localhost:{other.port}/"
        url = f"http://localhost:{receiver.port}/"
        assert post_json_to_public_url(url, {}, timeouts=QUICK, allowed_hosts=["localhost"]) == status
        assert other.seen == []


@pytest.mark.parametrize(("credentials", "sent"), [("", None), ("me:se%3Acret@", "Basic bWU6c2U6Y3JldA==")])
def test_a_delivery_goes_through_the_proxy(credentials: str, sent: str | None) -> None:
    with run_recording_server() as receiver, run_proxy() as server:
        proxy = parse_proxy(f"http://{credentials}127.0.0.1:{server.port}")
        url = f"http://receiver.example:{receiver.port}/hook?x=1"
        assert post_json_to_public_url(url, {"a": 1}, timeouts=QUICK, proxy=proxy) == 200
        assert server.targets == [("POST", f"http://receiver.example:{receiver.port}")]
        assert server.authorizations == [sent]
        ((path, headers, body),) = receiver.seen
    assert (path, body) == ("/hook?x=1", {"a": 1})
    assert headers["Host"] == f"receiver.example:{receiver.port}"
    assert "Proxy-Authorization" not in headers


def test_allowed_hosts_are_called_without_the_proxy() -> None:
    with run_recording_server() as receiver:
        url, proxy = f"http://localhost:{receiver.port}/", parse_proxy("http://127.0.0.1:9")
        assert post_json_to_public_url(url, {}, timeouts=QUICK, allowed_hosts=["localhost"], proxy=proxy) == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f000001", "[::1]", "169.254.169.254"])
def test_a_private_address_is_not_passed_on_to_the_proxy(host: str) -> None:
    with run_proxy() as server:
        with pytest.raises(AddressRefused, match="not public"):
            post_json_to_public_url(
                f"http://{host}/", {}, timeouts=QUICK, proxy=parse_proxy(f"http://127.0.0.1:{server.port}")
            )
        assert server.targets == []


def test_a_closed_port_is_a_failed_delivery() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(DeliveryFailed):
        post_json_to_public_url(f"http://127.0.0.1:{port}/", {}, timeouts=QUICK, allowed_hosts=["127.0.0.1"])


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 twohundred OK\r\n\r\n", b"x" * 100_000])
def test_an_invalid_http_response_is_a_failed_delivery(answer: bytes) -> None:
    with run_raw_server(answer) as port, pytest.raises(DeliveryFailed):
        post_json_to_public_url(f"http://127.0.0.1:{port}/", {}, timeouts=QUICK, allowed_hosts=["127.0.0.1"])


def test_the_time_limit_stops_a_receiver_that_trickles() -> None:
    start = time.monotonic()
    with run_raw_server(b"H" * 100, pause=0.2) as port, pytest.raises(DeliveryFailed):
        post_json_to_public_url(f"http://127.0.0.1:{port}/", {}, timeouts=SHORT, allowed_hosts=["127.0.0.1"])
    assert time.monotonic() - start < 5


def test_the_time_limit_stops_an_endless_handshake() -> None:
    start = time.monotonic()
    with run_raw_server(b"\x16", pause=0.2, repeat=100) as port, pytest.raises(DeliveryFailed):
        post_json_to_public_url(f"https://127.0.0.1:{port}/", {}, timeouts=SHORT, allowed_hosts=["127.0.0.1"])
    assert time.monotonic() - start < 5


@contextmanager
def run_raw_server(answer: bytes, *, pause: float = 0, repeat: int = 1) -> Iterator[int]:
    """Send these bytes to the first connection, one at a time if there is a pause, and yield the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def speak() -> None:
        caller, _ = listener.accept()
        with caller:
            try:
                if not pause:
                    caller.recv(65536)
                    caller.sendall(answer)
                for byte in answer * repeat if pause else b"":
                    caller.sendall(bytes([byte]))
                    time.sleep(pause)
            except OSError:
                return

    thread = threading.Thread(target=speak)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join()
        listener.close()


class TestCertificates:
    @pytest.fixture
    def context(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
        """A TLS context with a certificate for `localhost` only, which this process trusts."""
        key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
            check=True, capture_output=True,
        )  # fmt: skip
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context

    def test_the_certificate_is_checked_against_the_name_in_the_url(self, context: ssl.SSLContext) -> None:
        with run_recording_server(context) as receiver:
            url = f"https://localhost:{receiver.port}/"
            assert post_json_to_public_url(url, {}, timeouts=QUICK, allowed_hosts=["localhost"]) == 200

    def test_a_tunnel_through_the_proxy_ends_at_the_receiver(self, context: ssl.SSLContext) -> None:
        with run_recording_server(context) as receiver, run_proxy() as server:
            proxy = parse_proxy(f"http://me:secret@127.0.0.1:{server.port}")
            url = f"https://localhost:{receiver.port}/"
            with pytest.raises(DeliveryFailed):
                post_json_to_public_url(url.replace("localhost", "other.example"), {}, timeouts=QUICK, proxy=proxy)
            assert post_json_to_public_url(url, {}, timeouts=QUICK, proxy=proxy) == 200
            assert server.targets[1] == ("CONNECT", f"localhost:{receiver.port}")
            ((_path, headers, _body),) = receiver.seen
        assert "Proxy-Authorization" not in headers

    def test_a_certificate_for_another_name_is_a_failed_delivery(self, context: ssl.SSLContext) -> None:
        with run_recording_server(context) as receiver:
            url = f"https://127.0.0.1:{receiver.port}/"
            with pytest.raises(DeliveryFailed):
                post_json_to_public_url(url, {}, timeouts=QUICK, allowed_hosts=["127.0.0.1"])
            assert receiver.seen == []
