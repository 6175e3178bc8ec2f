"""Pictures from a URL: fetched in the background, guarded, with the checks of uploads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from tests.api.conftest import Caller, assert_problem
from tests.conftest import make_picture_file
from vanceweb.api import picture_fetches
from vanceweb.api.models import PictureFetch
from vanceweb.api.picture_fetches import FETCH_PAUSES, fetch_next_picture
from vanceweb.api.sweeps import remove_old_rows
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.lib.outbound_fetch import MAX_REDIRECTS
from vanceweb.teams.models import User

PNG = make_picture_file(30, 20).read()


@dataclass
class FileServer:
    """A real HTTP server: the answers by path, and the paths that were asked for."""

    port: int
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def get_url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def run_file_server() -> Iterator[FileServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.seen.append(self.path)
            status, headers, body = server.answers.get(self.path.split("?")[0], (404, {}, b""))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = FileServer(http.server_port)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


@pytest.fixture
def server() -> Iterator[FileServer]:
    with run_file_server() as server:
        server.answers["/beach.png"] = (200, {}, PNG)
        yield server


def request_picture(caller: Caller, url: str) -> str:
    answer = caller.post("/pictures", json={"url": url})
    assert answer.status_code == 202, answer.content
    fetched = answer.json()
    assert (fetched["state"], fetched["error"]) == ("fetching", None)
    assert answer["Location"] == f"/api/v1/pictures/{fetched['id']}"
    return str(fetched["id"])


def get_error(caller: Caller, uuid: str) -> Any:
    answer = caller.get(f"/pictures/{uuid}").json()
    assert answer["state"] == "failed"
    return answer["error"]["code"]


def test_a_picture_is_fetched_under_the_same_id(bobs: Caller, viewers: Caller, server: FileServer) -> None:
    uuid = request_picture(bobs, server.get_url("/beach.png?signature=x"))
    assert viewers.get(f"/pictures/{uuid}").json()["state"] == "fetching"
    assert fetch_next_picture()
    answer = viewers.get(f"/pictures/{uuid}").json()
    assert (answer["state"], answer["name"], answer["width"], answer["person"]) == ("ready", "beach.png", 30, "bob")
    assert not PictureFetch.objects.exists()
    assert not fetch_next_picture()


def test_a_redirect_is_followed_and_checked_anew(bobs: Caller, server: FileServer, settings: Any) -> None:
    server.answers["/short"] = (302, {"Location": "/beach.png"}, b"")
    uuid = request_picture(bobs, server.get_url("/short"))
    assert fetch_next_picture()
    assert bobs.get(f"/pictures/{uuid}").json()["state"] == "ready"
    # Only the name of the first hop is allowed.
    settings.PRIVATE_ADDRESSES, settings.ENGINE_WEBHOOK_ALLOWED_HOSTS = "nobody", ["localhost"]
    server.answers["/short"] = (302, {"Location": server.get_url("/beach.png")}, b"")
    uuid = request_picture(bobs, f"http://localhost:{server.port}/short")
    assert fetch_next_picture()
    assert get_error(bobs, uuid) == "address"
    assert server.seen[-1] == "/short"


def test_redirects_come_to_an_end(bobs: Caller, server: FileServer) -> None:
    server.answers["/loop"] = (302, {"Location": "/loop"}, b"")
    uuid = request_picture(bobs, server.get_url("/loop"))
    assert fetch_next_picture()
    assert get_error(bobs, uuid) == "answer"
    assert len(server.seen) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/a.png", "http://169.254.169.254/latest/", "http://[::1]/", "file:///etc/passwd", "x"]
)
def test_private_addresses_are_never_asked(url: str, bobs: Caller, settings: Any) -> None:
    settings.PRIVATE_ADDRESSES = "administrators"
    uuid = request_picture(bobs, url)
    assert fetch_next_picture()
    assert get_error(bobs, uuid) == "address"
    assert PictureFetch.objects.get().url == ""


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((404, {}, b""), "answer"),
        ((200, {}, b"<html>"), "picture"),
        ((200, {}, b""), "picture"),
        ((200, {"Content-Length": "99999999999"}, b""), "answer"),
        ((302, {}, b""), "answer"),
        ((302, {"Location": "http://[x"}, b""), "answer"),
    ],
)
def test_other_answers_are_refused(answer: Any, code: str, bobs: Caller, server: FileServer) -> None:
    server.answers["/x"] = answer
    uuid = request_picture(bobs, server.get_url("/x"))
    assert fetch_next_picture()
    assert get_error(bobs, uuid) == code
    assert not Asset.objects.exists()


def test_a_file_beyond_the_limit_is_not_read_to_its_end(bobs: Caller, server: FileServer, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 10
    uuid = request_picture(bobs, server.get_url("/beach.png"))
    assert fetch_next_picture()
    assert get_error(bobs, uuid) == "answer"


def test_a_server_that_breaks_off_is_asked_again(bobs: Caller, server: FileServer) -> None:
    server.answers["/half.png"] = (200, {"Content-Length": str(len(PNG) + 10)}, PNG)
    uuid = request_picture(bobs, server.get_url("/half.png"))
    for _ in range(len(FETCH_PAUSES) + 1):
        assert bobs.get(f"/pictures/{uuid}").json()["state"] == "fetching"
        PictureFetch.objects.update(not_before=timezone.now())
        assert fetch_next_picture()
    assert get_error(bobs, uuid) == "unreachable"


def test_a_slow_server_is_given_up(bobs: Caller, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_fetches, "CONNECT_SECONDS", 0.1)
    monkeypatch.setattr(picture_fetches, "TOTAL_SECONDS", 0.2)
    server.answers["/slow.png"] = (200, {"Content-Length": "100000"}, PNG)
    request_picture(bobs, server.get_url("/slow.png"))
    assert fetch_next_picture()
    assert PictureFetch.objects.get().state == "fetching"


def test_whoever_has_left_gets_no_picture(bobs: Caller, alices: Caller, bob: User, server: FileServer) -> None:
    uuid = request_picture(bobs, server.get_url("/beach.png"))
    bob.memberships.all().delete()
    assert fetch_next_picture()
    assert get_error(alices, uuid) == "permission"
    assert server.seen == []


def test_a_stranger_learns_nothing_of_a_fetch(bobs: Caller, strangers: Caller, server: FileServer) -> None:
    uuid = request_picture(bobs, server.get_url("/beach.png"))
    assert_problem(strangers.get(f"/pictures/{uuid}"), 404)


def test_a_job_waits_for_its_picture(bobs: Caller, server: FileServer) -> None:
    uuid = request_picture(bobs, server.get_url("/beach.png"))
    body = {"picture": uuid, "steps": [{"module": "enlarge3"}]}
    assert_problem(bobs.post("/jobs", json=body), 409)
    assert fetch_next_picture()
    assert bobs.post("/jobs", json=body).status_code == 202
    assert Job.objects.count() == 1


def test_too_many_at_once_are_refused(bobs: Caller, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_fetches, "FETCHES_PER_PERSON", 1)
    request_picture(bobs, server.get_url("/beach.png"))
    answer = bobs.post("/pictures", json={"url": server.get_url("/beach.png")})
    assert_problem(answer, 429)
    assert answer["Retry-After"]


def test_failed_ones_are_forgotten_after_a_day(bobs: Caller, server: FileServer) -> None:
    request_picture(bobs, server.get_url("/nothing"))
    assert fetch_next_picture()
    PictureFetch.objects.update(created_at=timezone.now() - timedelta(days=2))
    remove_old_rows()
    assert not PictureFetch.objects.exists()


@pytest.mark.parametrize(
    "body", [{}, {"url": ""}, {"url": 5}, {"url": "http://a b/"}, {"url": "x" * 2001}, {"u": "x"}, []]
)
def test_invalid_bodies_are_refused(body: Any, bobs: Caller) -> None:
    assert_problem(bobs.post("/pictures", json=body), 422)
