"""A service that answers every call in one of many hostile ways, over real HTTP on loopback.

A way is a reply that knows the path and the token of the call. `CHANGES` are valid answers with other values,
`ANSWERS` are other bytes in place of an answer, and `HANGS` would last for ever.
"""

from __future__ import annotations

import gzip
import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tests.client.fake_service import BASE_PATH, FakeService, Handler, drop_connection, run_fake_service
from tests.conftest import make_picture_file

UID, TRANS_ID = "0" * 31 + "a", "0" * 31 + "b"
# Hex, so that it could pass for an id.
TOKEN = "5ec4e75ec4e75ec4e75ec4e75ec4e75e"
PICTURE = make_picture_file().getvalue()
ROW = {
    "point_type": "download",
    "job": "denoise",
    "info": "denoise_0.jpg.jpg",
    "point": "1.000",
    "balance": "392.200",
    "created_at": "2021-12-14 04:36:18",
}
VALID: dict[str, dict[str, Any]] = {
    "/upload": {"uid": UID, "name": "cat.png", "thumbnail": "", "w": 24, "h": 16, "filesize": 100},
    "/transform": {"trans_id": TRANS_ID, "status": "busy"},
    "/progress": {
        "status": "finish",
        "filesize": "100",
        "percent": 100,
        "backend": "onnx",
        "version": "engine 1",
        "msg": "A note.",
        "seconds": 1.5,
    },
    "/cancel": {"status": "fatal"},
    "/point": {"max_num": "500.000", "used_num": "107.800"},
    "/points/record": {"datas": [ROW], "current_page": 1, "last_page": 1, "per_page": 20, "total": 1},
}

Data = dict[str, Any]
Change = Callable[[Data, str], object]
Answer = Callable[[Handler, str, str], None]


def envelop(data: object, **members: object) -> bytes:
    return json.dumps({"code": 200, "cscode": 200, "data": data, "ip": "127.0.0.1"} | members).encode()


def change_texts(data: Data, value: object) -> Data:
    """Replace every free text of an answer."""
    texts = {"name", "thumbnail", "backend", "version", "msg", "point_type", "job", "info"}
    changed = {key: value if key in texts else old for key, old in data.items()}
    if "datas" in data:
        changed["datas"] = [change_texts(row, value) for row in data["datas"]]
    return changed


def change_numbers(data: Data, value: object) -> Data:
    """Replace every number of an answer, also those that are strings."""
    numbers = {"w", "h", "filesize", "percent", "seconds", "max_num", "used_num", "point", "balance"}
    numbers |= {"current_page", "last_page", "per_page", "total"}
    changed = {key: value if key in numbers else old for key, old in data.items()}
    if "datas" in data:
        changed["datas"] = [change_numbers(row, value) for row in data["datas"]]
    return changed


def change_ids(data: Data, value: object) -> Data:
    return {key: value if key in ("uid", "trans_id") else old for key, old in data.items()}


def change_all(data: Data, value: object) -> Data:
    return dict.fromkeys(data, value)


def change_dates(data: Data, value: object) -> Data:
    rows = data.get("datas")
    return data if rows is None else data | {"datas": [row | {"created_at": value} for row in rows]}


CHANGES: dict[str, Change] = {
    "lone surrogates in texts": lambda data, _: change_texts(data, "half \ud83d a pair"),
    "NUL in texts": lambda data, _: change_texts(data, "before\x00after"),
    "control characters in texts": lambda data, _: change_texts(data, "\x1b[31mred\x07\x9b\x85\u2028end"),
    "overrides of the direction in texts": lambda data, _: change_texts(data, "cat\u202egnp.exe\u2066"),
    "noncharacters in texts": lambda data, _: change_texts(data, "\ufeff\ufffe\uffff\ufdd0"),
    "1.9 MB in each text": lambda data, _: change_texts(data, "x" * (1_900_000 // 6)),
    "thousands of combining marks": lambda data, _: change_texts(data, "a" + "\u0301" * 9000),
    "markup in texts": lambda data, _: change_texts(data, "<script>alert(1)</script>{{ 7|add:7 }}%(x)s{0}"),
    "the token in texts": lambda data, token: change_texts(data, f"you sent {token} to us"),
    "the token in upper case": lambda data, token: change_texts(data, f"you sent {token.upper()}"),
    "the token in an address": lambda data, token: change_texts(data, f"https://x.invalid/?t={quote(token)}"),
    "the token behind NUL": lambda data, token: change_texts(data, "\x00".join(token)),
    "the token at the cut": lambda data, token: change_texts(data, "y" * (300 - len(token) // 2) + token),
    "the token in base64": lambda data, token: change_texts(data, b64encode(token.encode()).decode()),
    "the token as an id": lambda data, token: change_ids(data, token),
    "an id with a line break": lambda data, _: change_ids(data, UID + "\n"),
    "an id that is a path": lambda data, _: change_ids(data, "../../../../../../../etc/passwd00"),
    "a number as an id": lambda data, _: change_ids(data, 10**31),
    "amounts of twelve nines": lambda data, _: change_numbers(data, "999999999999.999999999"),
    "amounts that round up": lambda data, _: change_numbers(data, "99999999999.9999"),
    "negative numbers": lambda data, _: change_numbers(data, "-999999999999"),
    "numbers of 60 digits": lambda data, _: change_numbers(data, int("9" * 60)),
    "strings of 60 digits": lambda data, _: change_numbers(data, "9" * 60),
    "numbers beyond 64 bits": lambda data, _: change_numbers(data, 2**63),
    "numbers with an exponent": lambda data, _: change_numbers(data, 1e300),
    "NaN for numbers": lambda data, _: change_numbers(data, float("nan")),
    "Infinity for numbers": lambda data, _: change_numbers(data, float("inf")),
    "digits of other scripts": lambda data, _: change_numbers(data, "٣٤٥"),
    "true for numbers": lambda data, _: change_numbers(data, True),
    "null everywhere": lambda data, _: change_all(data, None),
    "lists everywhere": lambda data, _: change_all(data, []),
    "objects everywhere": lambda data, _: change_all(data, {"a": {"b": []}}),
    "true everywhere": lambda data, _: change_all(data, True),
    "empty strings everywhere": lambda data, _: change_all(data, ""),
    "a list for the data": lambda data, _: [data],
    "a string for the data": lambda data, _: json.dumps(data),
    "dates before the time": lambda data, _: change_dates(data, "0001-01-01 00:00:00"),
    "dates at the end of time": lambda data, _: change_dates(data, "9999-12-31 23:59:59"),
    "a thousand more members": lambda data, _: data | {f"more{number}": number for number in range(1000)},
    "endless rows": lambda data, _: data | ({"datas": [ROW] * 5000} if "datas" in data else {}),
    "endless pages": lambda data, _: data | ({"last_page": 2**31 - 1, "total": 2**31 - 1} if "datas" in data else {}),
}


def send_error(code: object, msg: object) -> Answer:
    """Return an answer with this code and message, in which TOKEN stands for the token."""

    def answer(handler: Handler, path: str, token: str) -> None:
        handler.send(json.dumps({"code": code, "msg": msg}).replace("TOKEN", token).encode())

    return answer


def send_bytes(body: bytes, **options: Any) -> Answer:
    return lambda handler, path, token: handler.send(body, **options)


def send_valid(**options: Any) -> Answer:
    """Return a valid answer whose HTTP is odd."""
    return lambda handler, path, token: handler.send(build_body(path), **options)


def send_raw(build: Callable[[str, str], bytes]) -> Answer:
    """Return an answer whose status line and headers are written by `build`, from the path and the token."""

    def answer(handler: Handler, path: str, token: str) -> None:
        handler.close_connection = True
        handler.wfile.write(build(path, token))

    return answer


def send_headers(*lines: str) -> Answer:
    """Return a valid body behind these headers, in which TOKEN stands for the token."""

    def build(path: str, token: str) -> bytes:
        return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).replace("TOKEN", token).encode("latin-1") + build_body(
            path
        )

    return send_raw(build)


def redirect(location: bytes) -> Answer:
    def build(path: str, token: str) -> bytes:
        line = location.replace(b"TOKEN", token.encode())
        return b"HTTP/1.1 302 Found\r\nLocation: " + line + b"\r\nContent-Length: 0\r\n\r\n"

    return send_raw(build)


def build_body(path: str) -> bytes:
    return PICTURE if path == "/download" else envelop(VALID[path])


def reset(handler: Handler, path: str, token: str) -> None:
    drop_connection(handler)


HTML = b"<!doctype html><html><title>Login</title><script>alert(1)</script></html>"
BOMB = gzip.compress(b'{"a": "' + b"0" * 30_000_000 + b'"}')
LENGTH = "Content-Length: 9999999"

ANSWERS: dict[str, Answer] = {
    "a code of 60 digits": send_error(int("9" * 60), "Odd"),
    "a code of 33 bits": send_error(2**32, "Odd"),
    "a negative code": send_error(-1, "Odd"),
    "a code of 5000 digits": send_bytes(b'{"code": ' + b"9" * 5000 + b', "msg": "Odd"}'),
    "a list as code": send_error([30001], "Odd"),
    "a lone surrogate in the message": send_error(10014, "It failed \udc80 there"),
    "NUL in the message": send_error(10014, {"a": ["\x00\x00", "b\x00c"]}),
    "a message of 400 kB": send_error(10014, "x " * 200_000),
    "the token in the message": send_error(10001, {"api_token": ["TOKEN is wrong, TOKEN!"]}),
    "the token at the message's cut": send_error(10014, "z" * 485 + "TOKEN"),
    "a message of objects": send_error(10001, [{"a": [{"b": "TOKEN"}]}]),
    "deep nesting": send_bytes(b'{"code": 200, "data": ' + b"[" * 900_000),
    "an exponent beyond Decimal": send_bytes(b'{"code": 200, "data": {"max_num": 1e9999999999999999999}}'),
    "two codes": send_bytes(b'{"code": 200, "code": 30001, "data": {}}'),
    "megabytes of JSON": send_bytes(b'{"code": 200, "data": {"a": "' + b"a" * 5_000_000 + b'"}}'),
    "another charset": send_bytes('{"code": 10014, "msg": "失败"}'.encode("gbk")),
    "UTF-16": send_bytes('{"code": 10014, "msg": "Odd"}'.encode("utf-16")),
    "a byte order mark": send_bytes(b'\xef\xbb\xbf{"code": 10014, "msg": "Odd"}'),
    "raw surrogates": send_bytes(b'{"code": 10014, "msg": "\xed\xa0\x80"}'),
    "nothing": send_bytes(b""),
    "white space": send_bytes(b" \n" * 1000),
    "a page": send_bytes(HTML, kind="text/html"),
    "a page called JSON": send_bytes(HTML),
    "a picture": send_bytes(PICTURE, kind="image/png"),
    "a picture called JSON": send_bytes(PICTURE),
    "half a picture": send_bytes(PICTURE[: len(PICTURE) // 2], kind="image/png"),
    "no content": send_raw(lambda path, token: b"HTTP/1.1 204 No Content\r\n\r\n"),
    "a teapot": send_bytes(HTML, status=418, kind="text/html"),
    "not authorised": send_bytes(b"TOKEN", status=401, headers={"WWW-Authenticate": 'Basic realm="x"'}),
    "an error of the server": send_bytes(b"Traceback", status=500, kind="text/plain"),
    "too many requests": send_bytes(b"", status=429, headers={"Retry-After": "9" * 400}),
    "success under an error": send_valid(status=500),
    "a bomb of gzip": send_bytes(BOMB, headers={"Content-Encoding": "gzip"}),
    "a bomb in a bomb": send_bytes(gzip.compress(BOMB), headers={"Content-Encoding": "gzip, gzip"}),
    "no gzip, but called so": send_valid(headers={"Content-Encoding": "gzip"}),
    "an unknown encoding": send_valid(headers={"Content-Encoding": "zstd-of-tomorrow"}),
    "a longer length": send_headers("Content-Type: application/json", LENGTH),
    "a shorter length": send_headers("Content-Type: application/json", "Content-Length: 5"),
    "a negative length": send_headers("Content-Length: -1"),
    "a length of 5000 digits": send_headers("Content-Length: " + "9" * 5000),
    "two lengths": send_headers("Content-Length: 5", "Content-Length: 6"),
    "odd chunks": send_headers("Transfer-Encoding: chunked"),
    "a redirect": redirect(b"https://elsewhere.invalid/login"),
    "a redirect to the token": redirect(b"https://TOKEN.invalid/TOKEN"),
    "a redirect to no address": redirect(b"http://[::1/"),
    "a redirect that is no text": redirect(b"http://\xff\xfe\x80/"),
    "a redirect to itself": redirect(b"/web_api/v1/point?api_token=TOKEN"),
    "a redirect to a file": redirect(b"file:///etc/passwd"),
    "a flood of headers": send_headers(*(f"X-{number}: 1" for number in range(5000))),
    "a long header": send_headers("X-Long: " + "x" * 100_000),
    "a flood of cookies": send_headers(*(f"Set-Cookie: a{number}=TOKEN; Max-Age=9{'9' * 60}" for number in range(90))),
    "a header without a colon": send_headers("no header", "Content-Length: 2"),
    "interim responses": send_raw(
        lambda path, token: b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50 + b"HTTP/1.1 100 Continue\r\n\r\n"
    ),
    "no HTTP": send_raw(lambda path, token: b"SSH-2.0-OpenSSH_9.2\r\n"),
    "HTTP of tomorrow": send_raw(lambda path, token: b"HTTP/9.9 9999 \xff\r\n\r\n"),
    "a name with the token": send_valid(headers={"Content-Disposition": f'attachment; filename="{TOKEN}.png"'}),
    "an odd name": send_valid(headers={"Content-Disposition": f"attachment; filename*{'9' * 5000}*=a; filename*1=b"}),
    "a reset": reset,
}


def hang(handler: Handler, path: str, token: str) -> None:
    time.sleep(20)
    handler.close_connection = True


def repeat(head: bytes, piece: bytes, pause: float) -> Answer:
    """Return an answer that sends `head` and then `piece` again and again, until the client closes the connection."""

    def answer(handler: Handler, path: str, token: str) -> None:
        handler.close_connection = True
        with suppress(OSError):
            handler.wfile.write(head)
            while True:
                handler.wfile.write(piece)
                time.sleep(pause)

    return answer


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HANGS: dict[str, Answer] = {
    "silence": hang,
    "a body that drips": repeat(OK + b"\r\n", b" ", 0.05),
    "a body that never ends": repeat(OK + b"\r\n", b" " * 65536, 0.001),
    "a redirect whose body never ends": repeat(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", b" " * 65536, 0.001),
    "headers that drip": repeat(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", 0.05),
    "endless interim responses": repeat(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
    "endless trailers": repeat(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n", 0.01),
    "a chunk's size that drips": repeat(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0", 0.05),
    "empty blocks of gzip": repeat(OK + b"Content-Encoding: deflate\r\n\r\nx\x9c", b"\x00\x00\x00\xff\xff" * 100, 0.01),
}


def build_change(change: Change) -> Answer:
    def answer(handler: Handler, path: str, token: str) -> None:
        if path == "/download":
            handler.send(PICTURE, kind="image/png")
        else:
            handler.send(envelop(change(dict(VALID[path]), token)))

    return answer


WAYS: dict[str, Answer] = {name: build_change(change) for name, change in CHANGES.items()} | ANSWERS


class HostileService:
    """A running service. It answers the `paths` in the current `way`, and the others as a good service does."""

    def __init__(self, server: FakeService) -> None:
        self.server = server
        self.way: Answer | None = None
        self.paths = frozenset((*VALID, "/download"))
        server.set_replies(self._answer)

    @property
    def base_url(self) -> str:
        return self.server.base_url

    def _answer(self, handler: Handler) -> None:
        url = urlsplit(handler.path)
        path = url.path.removeprefix(BASE_PATH)
        way = self.way if path in self.paths else None
        (way or send_valid())(handler, path, TOKEN if way is None else self._find_token())

    def _find_token(self) -> str:
        """Return the token of the last request."""
        seen = self.server.requests[-1]
        fields = {**seen.query, **parse_qs(seen.body.decode("latin-1"))}
        return fields["api_token"][0] if "api_token" in fields else TOKEN


@contextmanager
def run_hostile_service() -> Iterator[HostileService]:
    with run_fake_service() as server:
        yield HostileService(server)
