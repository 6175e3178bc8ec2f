"""Pages and fragments are compressed for browsers that accept it, and nothing else is."""

import gzip
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client

from tests.conftest import as_actor
from tests.factories import make_job
from vanceweb.jobs.models import Job
from vanceweb.lib.html_compression import compress_html_middleware
from vanceweb.teams.models import User

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def assert_equal_bytes(plain: Any, accepting: Any) -> None:
    """Check that a response is the same, headers too, for a client that accepts compression."""
    assert accepting.getvalue() == plain.getvalue()
    # Each request has an id of its own.
    del accepting["X-Request-ID"], plain["X-Request-ID"]
    assert dict(accepting.headers) == dict(plain.headers)
    assert "Content-Encoding" not in accepting
    assert "Accept-Encoding" not in accepting.get("Vary", "")


@pytest.mark.parametrize("page", ["", "gallery/", "jobs/"])
def test_a_page_is_compressed_if_the_client_accepts_it(page: str, visitor: Client, alice: User) -> None:
    address = f"/t/{as_actor(alice).team.slug}/{page}"
    plain, compressed = visitor.get(address), visitor.get(address, headers=GZIP)
    assert "Content-Encoding" not in plain
    assert compressed["Content-Encoding"] == "gzip"
    assert int(compressed["Content-Length"]) == len(compressed.content) < len(plain.content) / 2
    assert b"</html>" in gzip.decompress(compressed.content)
    # A cache between must not give one client what the other asked for.
    assert "Accept-Encoding" in plain["Vary"]
    assert "Accept-Encoding" in compressed["Vary"]


def test_a_fragment_is_compressed(visitor: Client, alice: User) -> None:
    job = make_job(alice, state=Job.State.PROCESSING)
    fragment = visitor.get(f"/jobs/{job.uuid}/progress/", headers=GZIP | {"HX-Request": "true"})
    assert fragment["Content-Encoding"] == "gzip"
    assert b"job-progress" in gzip.decompress(fragment.content)


def test_the_length_doesnt_tell_the_content() -> None:
    html = HttpResponse("<p>secret</p>" * 100)
    compress = compress_html_middleware(lambda _request: HttpResponse(html.content))
    request = HttpRequest()
    request.META["HTTP_ACCEPT_ENCODING"] = "gzip"
    assert len({compress(request)["Content-Length"] for _ in range(20)}) > 1


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=2-400"}, {"Range": "bytes=0-0"}])
@pytest.mark.parametrize("place", ["file/", "file/?download=1", "tile.webp"])
def test_a_picture_stays_as_it_is(place: str, headers: dict[str, str], visitor: Client, alice: User) -> None:
    result = make_job(alice).result
    assert result is not None
    address = f"/gallery/{result.uuid}/{place}"
    plain, accepting = (visitor.get(address, headers=headers | more) for more in ({}, GZIP))
    assert plain.status_code == (206 if headers else 200)
    assert plain["ETag"].startswith('"')
    assert_equal_bytes(plain, accepting)


def test_the_engines_answers_stay_as_they_are(visitor: Client) -> None:
    plain, accepting = (visitor.post("/web_api/v1/point", headers=headers) for headers in ({}, GZIP))
    assert plain["Content-Type"].startswith("application/json")
    assert_equal_bytes(plain, accepting)


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(b"a" * 1000, content_type="image/png"),
        HttpResponse(b"{}" * 1000, content_type="application/json"),
        HttpResponse(b"text" * 1000, content_type="text/plain; charset=utf-8"),
        StreamingHttpResponse([b"<p>" * 1000], content_type="text/html", headers={"Content-Length": "3000"}),
    ],
)
def test_other_responses_go_through(response: Any) -> None:
    request = HttpRequest()
    request.META["HTTP_ACCEPT_ENCODING"] = "gzip"
    before = dict(response.headers)
    assert compress_html_middleware(lambda _request: response)(request) is response
    assert dict(response.headers) == before
