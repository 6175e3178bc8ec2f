"""The sentence for each kind of failed call: no exception's text is ever part of it."""

import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3.exceptions
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.client.conftest import LONG_TIMEOUTS, QUICK_RETRIES, TOKEN
from vanceweb.client import (
    IN_PROCESS_BASE_URL,
    InvalidResponse,
    ServiceUnreachable,
    Timeouts,
    VanceClient,
    VanceError,
    build_http_session,
)
from vanceweb.client.failed_calls import OTHER_TROUBLE, TROUBLES, build_unreachable

# What exceptions of Python, requests and urllib3 look like in a text.
RIDDLE = re.compile(r"Errno|HTTPS?Connection|object at 0x|Error\b|Exception|Max retries|[<>{}\[\]]|\('|\\n|_ssl")
HTML = b"<html><body>Bad gateway</body></html>"


def answer(status: str, body: bytes = HTML, kind: str = "text/html", more: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
    )
    return head.encode() + body


@dataclass(frozen=True)
class Case:
    """What a server on loopback sends once it has read a request, and the beginning and an end of the sentence."""

    sends: bytes
    sentence: str
    kind: type[VanceError] = ServiceUnreachable
    resets: bool = False


ANSWERS = {
    "closed at once": Case(b"", "{host} closed the connection without an answer."),
    "reset": Case(b"", "{host} closed the connection without an answer.", resets=True),
    "cut off": Case(
        b'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"code": 200',
        "The connection to {host} broke off in the middle of the answer.",
    ),
    "broken chunk": Case(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        "The connection to {host} broke off in the middle of the answer.",
    ),
    "another protocol": Case(b"SSH-2.0-OpenSSH_9.6\r\n", "{host} answers, but not as a web service does."),
    "endless header": Case(
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "{host} answers, but not as a web service does."
    ),
    "wrong packing": Case(
        answer("200 OK", b"not gzip at all", "application/json", "Content-Encoding: gzip\r\n"),
        "The answer of {host} could not be unpacked.",
    ),
    "500": Case(
        answer("500 Oops"), "The service is not available at the moment (HTTP status 500). The fault is on its side."
    ),
    "502": Case(answer("502 Bad Gateway"), "The service is not available at the moment (HTTP status 502)."),
    "503": Case(answer("503 Busy"), "The service is not available at the moment (HTTP status 503)."),
    "429": Case(
        answer("429 Slow down"),
        "The service is not available at the moment (HTTP status 429). It asks for fewer requests.",
    ),
    "429 with an error of the API": Case(
        answer("429 Too Many Requests", b'{"code": 10010, "msg": "Try again later."}', "application/json"),
        "The service is not available at the moment (HTTP status 429). It asks for fewer requests.",
    ),
    "login page": Case(
        answer("200 OK"),
        "The address of the connection does not lead to the API: HTTP status 200 with a web page.",
        InvalidResponse,
    ),
    "missing page": Case(
        answer("404 Not Found"),
        "The address of the connection does not lead to the API: HTTP status 404 with a web page.",
        InvalidResponse,
    ),
    "plain text": Case(
        answer("200 OK", b"hello", "text/plain"),
        "The address of the connection does not lead to the API: HTTP status 200 with other content.",
        InvalidResponse,
    ),
    "empty": Case(
        answer("200 OK", b"", "application/json"),
        "The address of the connection does not lead to the API: HTTP status 200 with other content.",
        InvalidResponse,
    ),
    "password": Case(
        answer("401 No", more='WWW-Authenticate: Basic realm="x"\r\n'),
        "The server at this address lets nobody in without a password of its own (HTTP status 401).",
        InvalidResponse,
    ),
    "redirect": Case(
        answer("302 Found", more="Location: https://elsewhere.example/login\r\n"),
        "The address of the connection redirects to elsewhere.example (HTTP status 302).",
        InvalidResponse,
    ),
    "too long": Case(
        answer("200 OK", b"{" + b" " * 3_000_000, "application/json"),
        "The service's answer was not understood: it is longer than 2 MB.",
        InvalidResponse,
    ),
}


@dataclass
class OneAnswerServer:
    """A server that gives every connection the same bytes, whatever it is asked, over TLS if it has a context."""

    sends: bytes = b""
    resets: bool = False
    context: ssl.SSLContext | None = None
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                connection, _address = self.listener.accept()
            except OSError:
                return
            try:
                self.respond(connection)
            except OSError:
                pass
            finally:
                connection.close()

    def respond(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        if self.context is not None:
            connection = self.context.wrap_socket(connection, server_side=True)
        connection.recv(65536)
        if self.resets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(self.sends)


@contextmanager
def run_server(**options: Any) -> Iterator[OneAnswerServer]:
    server = OneAnswerServer(**options)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        thread.join(5)


def ask(base_url: str, **options: Any) -> VanceError:
    """Return the error of a call whose token must not show."""
    given: dict[str, Any] = {"timeouts": LONG_TIMEOUTS, "retries": QUICK_RETRIES, **options}
    with VanceClient(TOKEN, base_url=base_url, **given) as client, pytest.raises(VanceError) as caught:
        client.get_balance()
    assert TOKEN not in repr(caught.value)
    check_sentence(caught.value.message)
    return caught.value


def check_sentence(sentence: str) -> None:
    assert RIDDLE.search(sentence) is None, sentence
    assert sentence.endswith(".")
    assert len(sentence) < 250


@pytest.mark.parametrize("case", ANSWERS.values(), ids=ANSWERS.keys())
def test_line_21_each_answer_that_is_none_has_its_sentence(case: Case) -> None:
    with run_server(sends=case.sends, resets=case.resets) as server:
        error = ask(f"http://{server.host}/web_api/v1")
        assert type(error) is case.kind
        assert error.message.startswith(case.sentence.format(host="127.0.0.1"))


@pytest.mark.parametrize("name", ["name.invalid", "no-such-service.invalid"])
def test_line_21_a_name_without_an_address_is_named(name: str) -> None:
    error = ask(f"https://{name}/web_api/v1")
    assert isinstance(error, ServiceUnreachable)
    assert error.message.startswith(f"The name {name} is not known on the network. Check the address of the connection")
    assert (error.may_have_arrived, error.is_lasting) == (False, True)


@pytest.mark.parametrize("name", [f"{'a' * 70}.example", "a..example", "*.example"])
def test_line_21_what_is_no_name_is_said(name: str) -> None:
    assert ask(f"https://{name}/web_api/v1").message.startswith((f"{name} is not the name of a host", "The name "))


def test_line_21_a_closed_port_refuses_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    error = ask(f"http://{host}/web_api/v1")
    assert error.message.startswith(f"127.0.0.1 does not accept connections on port {host.split(':')[1]}. The service")


def test_line_21_a_service_that_takes_no_connection_is_too_slow() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for other in waiting:
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        host = f"127.0.0.1:{full.getsockname()[1]}"
        error = ask(f"http://{host}/web_api/v1", timeouts=Timeouts(connect=0.1))
        for other in waiting:
            other.close()
    assert error.message.startswith("127.0.0.1 did not accept the connection within 0.1 s.")


def test_line_21_a_service_that_hangs_is_too_slow() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        host = f"127.0.0.1:{mute.getsockname()[1]}"
        error = ask(f"http://{host}/web_api/v1", timeouts=Timeouts(balance=0.1))
    assert error.message.startswith("127.0.0.1 took the request, but did not answer within 0.1 s.")


def test_line_21_a_proxy_that_is_gone_is_named_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        proxy = f"http://127.0.0.1:{probe.getsockname()[1]}"
    session = build_http_session()
    session.proxies = {"http": proxy, "https": proxy}
    error = ask("https://service.example/web_api/v1", session=session)
    assert error.message.startswith("The proxy between this site and service.example did not pass the request on.")


@dataclass(frozen=True)
class Authority:
    """An authority whose certificate is in the file, and the certificates it issues for loopback."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    @property
    def file(self) -> str:
        return str(self.folder / "authority.pem")

    def build_context(
        self, *, host: str = "127.0.0.1", begins: int = -1, ends: int = 1, own: bool = False
    ) -> ssl.SSLContext:
        """Return a server's context with a certificate that is valid from and to so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "service")])
        issuer, signer = (subject, key) if own else (self.name, self.key)
        names: list[x509.GeneralName] = [x509.IPAddress(IPv4Address(host)) if host[0].isdigit() else x509.DNSName(host)]
        builder = build_certificate(subject, issuer, key, begins=begins, ends=ends)
        signed = builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(signer, hashes.SHA256())
        path = self.folder / f"{signed.serial_number}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + signed.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def build_trusting_session(authority: Authority) -> requests.Session:
    session = build_http_session()
    # An authority that the environment names would replace this one.
    session.trust_env = False
    session.verify = authority.file
    return session


def build_certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, begins: int, ends: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
    )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    made = Authority(tmp_path_factory.mktemp("authority"), key, name)
    builder = build_certificate(name, name, key, begins=-1, ends=1)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    Path(made.file).write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return made


CERTIFICATES: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"begins": -9, "ends": -1}, "has expired, so nothing was sent."),
    "of the future": ({"begins": 1, "ends": 9}, "is not valid yet, so nothing was sent."),
    "of another name": ({"host": "other.example"}, "is for another name, so nothing was sent."),
    "of another address": ({"host": "192.0.2.1"}, "is for another name, so nothing was sent."),
    "signed by itself": ({"own": True}, "comes from nobody this site trusts, so nothing was sent."),
}


@pytest.mark.parametrize(("options", "sentence"), CERTIFICATES.values(), ids=CERTIFICATES.keys())
def test_line_21_a_certificate_is_refused_with_the_reason(
    authority: Authority, options: dict[str, Any], sentence: str
) -> None:
    session = build_trusting_session(authority)
    with run_server(context=authority.build_context(**options)) as server:
        error = ask(f"https://{server.host}/web_api/v1", session=session)
        assert error.message.startswith(f"The certificate of 127.0.0.1 {sentence}")
    assert isinstance(error, ServiceUnreachable)
    assert error.is_lasting


def test_line_21_an_unknown_authority_is_refused(authority: Authority) -> None:
    with run_server(context=authority.build_context()) as server:
        error = ask(f"https://{server.host}/web_api/v1")
        assert error.message.startswith("The certificate of 127.0.0.1 comes from nobody this site trusts")


def test_a_certificate_of_a_trusted_authority_is_taken(authority: Authority) -> None:
    session = build_trusting_session(authority)
    with run_server(context=authority.build_context(), sends=answer("503 Busy")) as server:
        assert "HTTP status 503" in ask(f"https://{server.host}/web_api/v1", session=session).message


@pytest.mark.parametrize("sends", [answer("200 OK"), b"SSH-2.0-OpenSSH_9.6\r\n"])
def test_line_21_tls_to_a_service_without_it_says_so(sends: bytes) -> None:
    with run_server(sends=sends) as server:
        error = ask(f"https://{server.host}/web_api/v1")
        assert error.message.startswith("No secure connection to 127.0.0.1 could be made: it does not speak TLS.")


RAW: tuple[Callable[[], Exception], ...] = (
    lambda: requests.ConnectionError("HTTPConnectionPool(host='x', port=80): Max retries exceeded"),
    lambda: urllib3.exceptions.ProtocolError("Connection aborted.", OSError(5, "Input/output error")),
    lambda: requests.ConnectionError(OSError(101, "Network is unreachable")),
    lambda: requests.exceptions.SSLError(ssl.SSLError(1, "[SSL: NO_PROTOCOLS_AVAILABLE] (_ssl.c:1129)")),
    lambda: requests.RequestException(),
)


@pytest.mark.parametrize("build", RAW)
def test_line_21_an_exceptions_text_is_never_in_the_sentence(build: Callable[[], Exception]) -> None:
    for base_url in ("https://service.example/web_api/v1", IN_PROCESS_BASE_URL):
        error = build_unreachable(build(), base_url=base_url, request="GET /point", connect=1, read=1)
        check_sentence(error.message)
        assert "engine.invalid" not in error.message


def test_each_sentence_tells_what_to_do_or_whose_fault_it_is() -> None:
    for trouble in (*TROUBLES, OTHER_TROUBLE):
        sentence = trouble.sentence.format(host="service.example", port=443, connect=1, read=1)
        check_sentence(sentence)
        assert sentence.count(".") >= 3 or ": " in sentence
