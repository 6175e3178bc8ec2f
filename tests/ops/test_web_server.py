"""The web server as `manage.py up` starts it: slow clients, bodies, ends of requests, limits, the stop."""

import contextlib
import http.client
import json
import resource
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.slow_clients import open_slow_connections
from tests.contract.jconfigs import QUICK
from tests.contract.pictures import make_photo
from tests.ops.echo_application import HANG_PATH
from tests.web_process import ANSWER_SECONDS, WebProcess, open_sockets, read_all, read_head
from vanceweb.ops.web_server.limits import CHUNK_LINE_MAX_BYTES, HEADER_MAX_BYTES, HEADER_SECONDS, MAX_CONNECTIONS

pytestmark = pytest.mark.xdist_group("web-server")

# The patience of a person's browser is longer; the benchmark prints how long an answer takes.
CLIENT_SECONDS = 5.0
ECHO = "tests.ops.echo_application.application"
BOUNDARY = "----boundary"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
OK = b"HTTP/1.1 200 OK"
# /transform answers after this long when no worker takes the job: a request that is running for a known time.
PATIENCE_SECONDS = 3.0


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path | None) -> Iterator[WebProcess]:
    folder = tmp_path_factory.mktemp("web")
    with WebProcess(folder, template=migrated_database, ENGINE_PATIENCE=str(PATIENCE_SECONDS)) as web:
        yield web


@pytest.fixture(scope="module")
def token(web: WebProcess) -> str:
    return web.run_manage("create_engine_account", "web-server", "--credits", "10").strip()


def is_answered(web: WebProcess) -> bool:
    """Ask for /healthz with a new connection and a person's patience."""
    with contextlib.closing(web.connect(CLIENT_SECONDS)) as connection:
        connection.request("GET", "/healthz")
        return connection.getresponse().read() == b"ok\n"


def build_upload(token: str, picture: bytes) -> bytes:
    """Return the body of an upload whose token comes after the picture."""
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="cat.png"\r\n'
        "Content-Type: image/png\r\n\r\n".encode()
        + picture
        + f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="api_token"\r\n\r\n{token}'.encode()
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )


UPLOAD_TYPE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def upload(connection: http.client.HTTPConnection, token: str) -> dict[str, Any]:
    connection.request("POST", "/web_api/v1/upload", build_upload(token, make_photo()), UPLOAD_TYPE)
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    return answer


# Slow and vanishing clients


def test_200_slow_headers_and_200_slow_bodies_leave_the_site_answering(web):
    with open_slow_connections(web.port, headers=200, bodies=200) as connections:
        assert len(connections) == 400
        assert all(is_answered(web) for _ in range(10))


@pytest.mark.slow
def test_headers_that_do_not_end_and_bodies_that_pause_are_refused_but_a_slow_upload_gets_through(web, token):
    """A 10 MB upload at 100 kB/s is 24 times as fast as the lowest rate; this one is five times as fast."""
    body = build_upload(token, make_photo(800, 600))
    assert len(body) > 500_000
    slow: list[bytes] = []

    def send_slowly() -> None:
        head = f"POST /web_api/v1/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        head += f"Content-Type: {UPLOAD_TYPE['Content-Type']}\r\nConnection: close\r\n\r\n"
        with web.open_socket() as connection:
            connection.sendall(head.encode())
            for start in range(0, len(body), 20_000):
                connection.sendall(body[start : start + 20_000])
                time.sleep(1)
            slow.append(read_all(connection))

    thread = threading.Thread(target=send_slowly)
    thread.start()
    with open_slow_connections(web.port, headers=1, bodies=1) as (headers, trickle), web.open_socket() as silent:
        silent.sendall(b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000\r\n\r\n" + b"x" * 500_000)
        headers.settimeout(HEADER_SECONDS * 4)
        assert b"408 Request Timeout" in read_all(headers)
        for connection in (trickle, silent):
            connection.settimeout(60)
            assert read_all(connection).startswith(b"HTTP/1."), "closed without an answer"
    thread.join()
    assert json.loads(slow[0].split(b"\r\n\r\n")[1])["code"] == 200


@pytest.mark.slow
def test_a_connection_that_says_nothing_is_closed(web):
    with web.open_socket() as connection:
        connection.settimeout(HEADER_SECONDS * 4)
        assert connection.recv(1) == b""


def test_more_connections_than_the_limit_leave_the_site_answering(web):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4 * MAX_CONNECTIONS, hard), hard))
    try:
        with open_sockets(web, MAX_CONNECTIONS + 100):
            assert is_answered(web)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert is_answered(web)


def test_a_client_that_disappears_in_the_middle_of_an_upload_is_forgotten(web, token):
    for _ in range(20):
        with web.open_socket() as connection:
            connection.sendall(b"POST /web_api/v1/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, as of a crash
    assert is_answered(web)
    with contextlib.closing(web.connect()) as connection:
        assert upload(connection, token)["code"] == 200
    assert "Traceback" not in web.read_log()


# Bodies


def test_a_chunked_upload_reaches_the_view_with_its_fields(web, token):
    picture, pieces = make_photo(), []
    body = build_upload(token, picture)
    pieces = [body[start : start + 1000] for start in range(0, len(body), 1000)]
    with contextlib.closing(web.connect()) as connection:
        connection.request("POST", "/web_api/v1/upload", iter(pieces), UPLOAD_TYPE, encode_chunked=True)
        answer = json.loads(connection.getresponse().read())
        assert answer["code"] == 200
        assert answer["data"]["filesize"] == len(picture)
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"ok\n"


def test_the_request_after_an_unread_body_is_answered(web):
    with contextlib.closing(web.connect()) as connection:
        for method, body in (("POST", b"GET /login/ HTTP/1.1\r\n\r\n" * 40_000), ("GET", None)):
            connection.request(method, "/healthz", body)
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b"ok\n")
            assert not answer.will_close


def test_an_upload_that_expects_to_be_told_continues(web, token):
    body = build_upload(token, make_photo())
    with web.open_socket() as connection:
        head = f"POST /web_api/v1/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        head += f"Content-Type: {UPLOAD_TYPE['Content-Type']}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        assert read_head(connection) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        answer = read_all(connection)
    assert answer.startswith(OK)
    assert json.loads(answer.split(b"\r\n\r\n")[1])["code"] == 200


@pytest.mark.parametrize("length", [b"Content-Length: 0\r\n", b""])
def test_a_request_without_a_body_that_expects_to_be_told_is_answered(web, length):
    answer = web.send(HEALTH + length + b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
    assert answer.startswith(OK)


def test_the_refusal_of_a_body_beyond_the_limit_reaches_a_client_that_goes_on_sending(web):
    """It is neither told to continue nor read, and what it sends meanwhile doesn't reset the connection."""
    with web.open_socket() as connection:
        head = b"POST /login/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 200000000\r\n\r\n"
        connection.sendall(head)
        with contextlib.suppress(OSError):
            for _ in range(50):
                connection.sendall(b"x" * 50_000)
        assert read_all(connection).startswith(b"HTTP/1.1 413 ")


def test_a_refusal_of_a_call_of_the_api_is_json(web):
    head = b"POST /web_api/v1/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 200000000\r\n\r\n"
    answered, body = web.send(head).split(b"\r\n\r\n")
    assert answered.startswith(OK)
    assert b"Content-Type: application/json" in answered
    assert json.loads(body)["code"] == 10012


def test_a_body_in_chunks_without_end_is_refused_at_the_limit_of_a_line(web):
    head = b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b" 400 Bad Request" in web.send(head + b"1" * (CHUNK_LINE_MAX_BYTES + 1))
    assert b" 431 " in web.send(head + b"0\r\n" + b"X-Trailer: " + b"1" * HEADER_MAX_BYTES)


# Where a request ends


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(b"Content-Length: 4\r\nTransfer-Encoding: chunked", id="both"),
        pytest.param(b"Transfer-Encoding: chunked\r\nContent-Length: 4", id="both, the other way round"),
        pytest.param(b"Content-Length: 4\r\nContent-Length: 5", id="two lengths"),
        pytest.param(b"Content-Length: 4\r\nContent-Length: 4", id="the same length twice"),
        pytest.param(b"Content-Length: +4", id="a length with a sign"),
        pytest.param(b"Content-Length: 4 4", id="a length with a space"),
        pytest.param(b"Content-Length: 0x4", id="a hexadecimal length"),
        pytest.param(b"Content-Length : 4", id="a space before the colon"),
        pytest.param(b"Transfer-Encoding : chunked", id="a space before the encoding's colon"),
        pytest.param(b"Transfer-Encoding: chunked, chunked", id="chunked twice"),
        pytest.param(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", id="two encodings"),
        pytest.param(b"Transfer-Encoding: gzip, chunked", id="another encoding before"),
        pytest.param(b"Transfer-Encoding: chunked, identity", id="another encoding after"),
        pytest.param(b"Transfer-Encoding: xchunked", id="an unknown encoding"),
        pytest.param(b"Transfer-Encoding: \x0bchunked", id="an odd space"),
        pytest.param(b"Transfer-Encoding:\r\n chunked", id="a folded encoding"),
        pytest.param(b"Transfer-Encoding:", id="an empty encoding"),
        pytest.param(b"X: y\nTransfer-Encoding: chunked", id="a bare line feed"),
    ],
)
def test_a_request_whose_end_can_be_seen_in_two_places_is_refused_and_the_connection_closed(web, headers):
    answer = web.send(b"POST /healthz HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n0\r\n\r\n" + HEALTH + b"\r\n")
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ", b"HTTP/1.1 501 "))
    assert OK not in answer, "the rest was taken for a request"


def test_chunks_in_http_1_0_are_refused(web):
    answer = web.send(b"POST /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert b" 400 Bad Request" in answer


@pytest.mark.parametrize(
    "chunks", [b"-1\r\nx", b"0x1\r\nx\r\n", b"1\r\nxy\r\n0\r\n\r\n", b"1;\x00\r\nx\r\n", b" 1\r\nx"]
)
def test_broken_chunks_are_refused(web, chunks):
    answer = web.send(b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert b" 400 Bad Request" in answer


@pytest.mark.parametrize(
    "line", [b"GARBAGE", b"\x16\x03\x01\x02\x00\x01", b"get / HTTP/1.1", b"GET / HTTP/1.1 x", b": x"]
)
def test_a_line_that_is_no_request_is_refused(web, line):
    assert b" 400 Bad Request" in web.send(line + b"\r\n\r\n")


def test_headers_that_are_too_large_are_refused(web):
    assert b" 431 Request Header Fields Too Large" in web.send(HEALTH + b"X: " + b"x" * HEADER_MAX_BYTES + b"\r\n\r\n")
    assert web.send(HEALTH + b"Connection: close\r\nX: " + b"x" * 16_000 + b"\r\n\r\n").startswith(OK)


# Connections


def test_requests_follow_each_other_on_a_connection_also_when_sent_together(web):
    answer = web.send(HEALTH + b"\r\n" + HEALTH + b"\r\n" + HEALTH + b"Connection: close\r\n\r\n")
    assert answer.count(OK) == 3
    assert answer.count(b"ok\n") == 3


def test_head_is_answered_without_a_body_and_keeps_the_connection(web):
    with web.open_socket() as connection:
        connection.sendall(b"HEAD /web_api/v1/point HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        head = read_head(connection)
        assert head.startswith(OK)
        assert b"\r\nContent-Length: " in head
        connection.sendall(HEALTH + b"Connection: close\r\n\r\n")
        assert read_all(connection).startswith(OK)


def test_what_a_proxy_says_reaches_django_which_decides_whether_to_believe_it(tmp_path):
    head = HEALTH + b"X-Forwarded-Proto: https\r\nX_Forwarded_Proto: https\r\nX-Forwarded-For: 10.0.0.1\r\n"
    with WebProcess(tmp_path, application=ECHO) as web:
        environ = json.loads(web.send(head + b"Connection: close\r\n\r\n").split(b"\r\n\r\n")[1])
    assert environ["HTTP_X_FORWARDED_PROTO"] == "https"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["wsgi.url_scheme"] == "http"


def test_a_process_whose_main_loop_hangs_ends_and_says_where(tmp_path):
    with WebProcess(tmp_path, application=ECHO, WEB_TIMEOUT="2") as web, web.open_socket() as connection:
        connection.sendall(f"GET {HANG_PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert web.process.wait(ANSWER_SECONDS) == 1
        assert "echo_application.py" in web.read_log()


# The stop


def count_jobs(web: WebProcess) -> int:
    with contextlib.closing(sqlite3.connect(web.database)) as database:
        return int(database.execute("SELECT COUNT(*) FROM engine_transform").fetchone()[0])


def test_a_stop_finishes_the_running_request_and_then_refuses_nothing_it_has_promised(web, token):
    answers: list[dict[str, Any]] = []
    with contextlib.closing(web.connect()) as connection:
        uid = upload(connection, token)["data"]["uid"]
    before = count_jobs(web)

    def transform() -> None:
        with contextlib.closing(web.connect()) as connection:
            fields = json.dumps({"api_token": token, "uid": uid, "jconfig": QUICK})
            connection.request("POST", "/web_api/v1/transform", fields, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answers.append({"close": answer.getheader("Connection"), **json.loads(answer.read())})

    thread = threading.Thread(target=transform)
    thread.start()
    give_up_at = time.monotonic() + 30
    while count_jobs(web) == before:
        assert time.monotonic() < give_up_at, "the request did not start"
        time.sleep(0.05)
    with web.open_socket():  # an idle connection doesn't hold up the stop
        assert web.stop() == 0
    thread.join()
    assert [(answer["code"], answer["close"]) for answer in answers] == [(200, "close")]
    web.start()
    assert is_answered(web)


def test_the_port_stays_open_while_the_process_is_replaced(web):
    web.process.kill()
    web.process.wait()
    with web.open_socket() as connection:
        connection.sendall(HEALTH + b"Connection: close\r\n\r\n")
        web.start()
        assert read_all(connection).startswith(OK)
