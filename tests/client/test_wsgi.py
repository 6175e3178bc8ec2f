"""The in-process transport, which `requests` can't distinguish from the network."""

import io
import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any
from wsgiref.validate import validator

import pytest
import requests
from requests_toolbelt import MultipartEncoder

from tests.client.conftest import TRANS_ID
from vanceweb.client import IN_PROCESS_BASE_URL, Retries, ServiceUnreachable, VanceClient, build_in_process_session

Start = Callable[..., Any]
URL = "http://engine.invalid"


class RecordedBody:
    """A response body that counts the chunks read and the calls of `close`."""

    def __init__(self, pieces: Iterable[bytes | Exception]) -> None:
        self._pieces = iter(pieces)
        self.given = 0
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        if isinstance(piece, Exception):
            raise piece
        self.given += 1
        return piece

    def close(self) -> None:
        self.closed += 1


def build_app(
    body: Iterable[bytes], *, status: str = "200 OK", headers: tuple[tuple[str, str], ...] = ()
) -> Callable[..., Any]:
    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "text/plain"), *headers])
        return body

    return app


def echo(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Method", environ["REQUEST_METHOD"])])
    return [body]


def test_the_application_sees_an_ordinary_request() -> None:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        seen.update(environ)
        return echo(environ, start_response)

    answer = build_in_process_session(app).post(
        f"{URL}:8080/a%20b/%C3%A4?x=1&y=%26", data={"k": "ü"}, headers={"X-A": "b"}
    )
    assert answer.content == b"k=%C3%BC"
    assert answer.headers["X-Method"] == "POST"
    assert (seen["PATH_INFO"], seen["SCRIPT_NAME"]) == ("/a b/ä".encode().decode("latin-1"), "")
    assert seen["QUERY_STRING"] == "x=1&y=%26"
    assert (seen["SERVER_NAME"], seen["SERVER_PORT"]) == ("engine.invalid", "8080")
    assert seen["HTTP_HOST"] == "engine.invalid:8080"
    assert seen["REMOTE_ADDR"] == "127.0.0.1"
    assert seen["wsgi.url_scheme"] == "http"
    assert seen["HTTP_X_A"] == "b"
    assert seen["CONTENT_TYPE"] == "application/x-www-form-urlencoded"
    assert seen["CONTENT_LENGTH"] == "8"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_the_application_is_called_by_the_rules_of_pep_3333(method: str) -> None:
    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            assert environ["wsgi.input"].read(3) == b"one"
            assert environ["wsgi.input"].readline() == b"\n"
            assert list(environ["wsgi.input"]) == [b"two\n", b"three"]
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [b"fine"]

    body = io.BytesIO(b"one\ntwo\nthree") if method == "POST" else None
    answer = build_in_process_session(validator(app)).request(method, f"{URL}/", data=body)
    assert answer.status_code == 200


def test_a_large_upload_is_not_held_in_memory() -> None:
    class Endless(io.RawIOBase):
        """200 MB of zeros, which may not be read at once."""

        len = 200_000_000
        position = 0
        largest = 0

        def read(self, size: int = -1) -> bytes:
            self.largest = max(self.largest, size if size >= 0 else self.len)
            size = min(size, self.len - self.position)
            self.position += size
            return bytes(size)

        def tell(self) -> int:
            return self.position

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        total = 0
        while piece := environ["wsgi.input"].read(65536):
            total += len(piece)
        start_response("200 OK", [])
        return [str(total).encode()]

    file = Endless()
    encoder = MultipartEncoder({"file": ("a.png", file, "image/png")})
    length = encoder.len
    answer = build_in_process_session(app).post(URL, data=encoder, headers={"Content-Type": encoder.content_type})
    assert int(answer.text) == length > 200_000_000
    assert file.largest <= 1_000_000


def test_a_generator_is_sent_chunked() -> None:
    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", [("X-Encoding", environ["HTTP_TRANSFER_ENCODING"])])
        return [environ["wsgi.input"].read()]

    answer = build_in_process_session(app).post(URL, data=(piece for piece in (b"one", b"", b"two")))
    assert answer.content == b"onetwo"
    assert answer.headers["X-Encoding"] == "chunked"


def test_a_response_is_read_on_demand() -> None:
    pieces = RecordedBody(bytes([number]) * 1000 for number in range(200))
    answer = build_in_process_session(build_app(pieces)).get(URL, stream=True)
    assert pieces.given == 1, "only the chunk that makes the headers final"
    body = answer.iter_content(1000)
    assert next(body) == bytes(1000)
    assert pieces.given <= 2
    assert pieces.closed == 0
    assert len(b"".join(body)) == 199_000
    assert pieces.closed == 1


@pytest.mark.parametrize("way", ["read", "closed", "left", "head"])
def test_the_iterable_is_always_closed_once(way: str) -> None:
    pieces = RecordedBody([b"a" * 100, b"b" * 100])
    session = build_in_process_session(build_app(pieces))
    if way == "head":
        assert session.head(URL).content == b""
    else:
        with session.get(URL, stream=True) as answer:
            if way == "read":
                assert len(answer.content) == 200
            elif way == "closed":
                answer.close()
    assert pieces.closed == 1


def test_head_has_headers_and_no_body() -> None:
    app = build_app([b"must not be sent"], headers=(("Content-Length", "16"),))
    answer = build_in_process_session(app).head(URL)
    assert answer.content == b""
    assert answer.headers["Content-Length"] == "16"


def test_an_exception_before_the_response_is_a_failed_connection(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        raise ZeroDivisionError("inside")

    with pytest.raises(requests.ConnectionError):
        build_in_process_session(app).get(URL)
    assert "ZeroDivisionError: inside" in caplog.text, "the cause is logged"


def test_an_exception_before_the_first_chunk_is_a_failed_connection() -> None:
    pieces = RecordedBody([ZeroDivisionError()])
    with pytest.raises(requests.ConnectionError):
        build_in_process_session(build_app(pieces)).get(URL)
    assert pieces.closed == 1


@pytest.mark.parametrize("headers", [(), (("Content-Length", "20"),)])
def test_an_exception_in_the_middle_breaks_the_body(headers: tuple[tuple[str, str], ...]) -> None:
    pieces = RecordedBody([b"first", ZeroDivisionError("inside")])
    answer = build_in_process_session(build_app(pieces, headers=headers)).get(URL, stream=True)
    body = answer.iter_content(5)
    assert next(body) == b"first"
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        next(body)
    answer.close()
    assert pieces.closed == 1


def test_a_body_shorter_than_announced_is_broken() -> None:
    app = build_app([b"short"], headers=(("Content-Length", "20"),))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        build_in_process_session(app).get(URL)


def test_a_missing_response_is_a_failed_connection() -> None:
    with pytest.raises(requests.ConnectionError):
        build_in_process_session(lambda environ, start_response: [b"body"]).get(URL)


def test_a_status_may_be_replaced_before_anything_was_sent() -> None:
    def app(environ: dict[str, Any], start_response: Start) -> Iterator[bytes]:
        start_response("200 OK", [("X-First", "1")])
        try:
            int("a mistake")
        except ValueError as exc:
            start_response("500 Oh", [("X-Second", "2")], (type(exc), exc, exc.__traceback__))
        yield b""
        yield b"sorry"

    answer = build_in_process_session(app).get(URL)
    assert (answer.status_code, answer.reason, answer.content) == (500, "Oh", b"sorry")
    assert "X-First" not in answer.headers


def test_the_old_write_function_works() -> None:
    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        write(b"one ")
        write(b"two ")
        return [b"three"]

    assert build_in_process_session(app).get(URL).content == b"one two three"


def test_repeated_headers_and_cookies_are_accepted() -> None:
    app = build_app([b""], headers=(("X-A", "1"), ("X-A", "2"), ("Set-Cookie", "a=b")))
    answer = build_in_process_session(app).get(URL)
    assert answer.headers["X-A"] == "1, 2"


def test_context_changes_by_the_application_end_with_the_response() -> None:
    language: ContextVar[str] = ContextVar("language", default="none")
    seen: list[str] = []

    class Body(RecordedBody):
        def __next__(self) -> bytes:
            seen.append(language.get())
            language.set("body")
            return super().__next__()

        def close(self) -> None:
            seen.append(language.get())

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        seen.append(language.get())
        language.set("application")
        start_response("200 OK", [])
        return Body([b"one", b"two"])

    language.set("caller")
    with build_in_process_session(app).get(URL, stream=True) as answer:
        assert language.get() == "caller"
        assert answer.content == b"onetwo"
    assert language.get() == "caller"
    assert seen[:3] == ["caller", "application", "body"]
    assert seen[-1] == "body"


def test_a_response_may_be_read_in_another_thread() -> None:
    answer = build_in_process_session(build_app(RecordedBody([b"one", b"two"]))).get(URL, stream=True)
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.append(answer.content))
    thread.start()
    thread.join()
    assert got == [b"onetwo"]


def test_no_url_reaches_the_network() -> None:
    session = build_in_process_session(echo)
    assert session.get("https://example.org/").status_code == 200
    with pytest.raises(requests.exceptions.InvalidSchema):
        session.get("ftp://example.org/")


def test_the_client_works_over_it() -> None:
    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b'{"code": 200, "data": {"status": "finish", "filesize": "5"}}']

    client = VanceClient("t", base_url=IN_PROCESS_BASE_URL, session=build_in_process_session(app))
    assert client.get_progress(TRANS_ID).filesize == 5


def test_a_broken_application_is_an_unreachable_service() -> None:
    calls: list[str] = []

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        calls.append(environ["PATH_INFO"])
        raise ZeroDivisionError

    quick = Retries(attempts=3, first_pause=0)
    client = VanceClient("t", base_url=IN_PROCESS_BASE_URL, session=build_in_process_session(app), retries=quick)
    with pytest.raises(ServiceUnreachable) as caught:
        client.transform("0" * 32, "{}")
    assert caught.value.may_have_arrived
    assert calls == ["/web_api/v1/transform"]
    with pytest.raises(ServiceUnreachable):
        client.get_balance()
    assert len(calls) == 4
