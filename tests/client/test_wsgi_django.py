"""The in-process transport with Django, which keeps state outside the request."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import get_script_prefix, path, set_script_prefix
from django.utils import timezone, translation

from vanceweb.client import build_in_process_session


def show(request: HttpRequest) -> HttpResponse:
    translation.activate("fr")
    timezone.activate("Asia/Tokyo")
    return HttpResponse(f"{get_script_prefix()} {request.META['REMOTE_ADDR']} {len(request.body)}")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    translation.activate("fr")
    return StreamingHttpResponse(translation.get_language().encode() for _ in range(3))


def receive(request: HttpRequest) -> HttpResponse:
    (file,) = request.FILES.values()
    return HttpResponse(f"{file.name} {file.size} {request.POST['job']}")


urlpatterns = [path("show", show), path("stream", stream), path("receive", receive)]


@pytest.fixture
def django_app() -> Iterable[Any]:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["engine.invalid"]):
        yield WSGIHandler()


def test_language_time_zone_and_script_prefix_stay_unchanged(django_app: Any) -> None:
    before = get_script_prefix()
    set_script_prefix("/studio/")
    try:
        with translation.override("de"), timezone.override("Europe/Berlin"):
            answer = build_in_process_session(django_app).post("http://engine.invalid/show", data={"a": "b"})
            assert answer.text == "/ 127.0.0.1 3"
            assert translation.get_language() == "de"
            assert timezone.get_current_timezone_name() == "Europe/Berlin"
            assert get_script_prefix() == "/studio/"
    finally:
        set_script_prefix(before)


def test_a_streamed_response_keeps_its_own_language(django_app: Any) -> None:
    with translation.override("de"):
        with build_in_process_session(django_app).get("http://engine.invalid/stream", stream=True) as answer:
            assert translation.get_language() == "de"
            assert answer.text == "frfrfr"
        assert translation.get_language() == "de"


def test_an_upload_arrives_as_a_file(django_app: Any) -> None:
    files = {"file": ("cat.png", b"x" * 5_000_000)}
    answer = build_in_process_session(django_app).post("http://engine.invalid/receive", files=files, data={"job": "ai"})
    assert answer.text == "cat.png 5000000 ai"
