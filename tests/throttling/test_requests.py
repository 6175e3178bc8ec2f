"""Requests that are one too many: a page for people, JSON for programs, each with Retry-After."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from tests.conftest import as_actor, make_picture_file
from vanceweb.client.wsgi import IN_PROCESS_BASE_URL, build_in_process_session
from vanceweb.engine.accounts import create_account
from vanceweb.engine.wsgi import application
from vanceweb.lib.client_address import parse_networks
from vanceweb.teams.api_tokens import create_api_token
from vanceweb.teams.audit import COMMAND
from vanceweb.teams.models import Invitation, Scope, User
from vanceweb.throttling.middleware import ThrottleMiddleware
from vanceweb.throttling.rates import parse_rates
from vanceweb.throttling.rules import SHARE_PASSWORD
from vanceweb.throttling.services import Throttled

ENGINE = "/web_api/v1/point"


def limit(settings: Any, **texts: str) -> None:
    rules = {name.replace("_", "-"): parse_rates(name, text) for name, text in texts.items()}
    settings.THROTTLES = settings.THROTTLES | rules


def log_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def upload(user: User, **headers: str) -> Any:
    """Submit the form of a tool without a picture, which would be answered with 422."""
    return log_in(user).post(f"/t/{as_actor(user).team.slug}/features/enlarge3/", headers=headers)


def test_a_picture_too_many_gets_a_page_that_says_when_to_try_again(alice: User, bob: User, settings: Any) -> None:
    limit(settings, upload="2/10 minutes by account, 3/10 minutes by address")
    assert [upload(alice).status_code for _ in range(2)] == [422, 422]
    refused = upload(alice)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 600
    page = refused.content.decode()
    assert "Too many pictures at once" in page
    assert re.search(r"Try again in (10|9) min \d+ s\.", page)
    # Somebody else at the same address still may, until the limit of the address.
    assert [upload(bob).status_code for _ in range(2)] == [422, 429]


def test_converting_a_picture_counts_as_uploading_it(alice: User, settings: Any) -> None:
    limit(settings, upload="1/minute by account")
    assert upload(alice).status_code == 422
    refused = log_in(alice).post(f"/t/{as_actor(alice).team.slug}/pictures/convert/")
    assert refused.status_code == 429


def test_looking_at_pages_is_not_throttled(alice: User, settings: Any) -> None:
    limit(settings, upload="1/minute by account")
    client, address = log_in(alice), f"/t/{as_actor(alice).team.slug}/features/enlarge3/"
    assert [client.get(address).status_code for _ in range(3)] == [200] * 3


def test_fifty_people_behind_one_address_upload_two_hundred_pictures_each(settings: Any) -> None:
    by_account, by_address = (rate.item for rate in settings.THROTTLES["upload"])
    assert by_account.amount >= 200
    assert by_address.amount >= 50 * 200


@pytest.mark.parametrize("is_trusted", [True, False])
def test_behind_a_proxy_each_client_has_an_address_of_its_own(is_trusted: bool, alice: User, settings: Any) -> None:
    settings.TRUSTED_PROXIES = parse_networks(["127.0.0.1"] if is_trusted else [])
    limit(settings, upload="1/minute by address")
    # What stands before the proxy's own entry may be invented.
    senders = ["1.2.3.4, 198.51.100.7", "1.2.3.5, 198.51.100.7", "1.2.3.4, 203.0.113.9"]
    found = [upload(alice, **{"X-Forwarded-For": sender}).status_code for sender in senders]
    assert found == ([422, 429, 422] if is_trusted else [422, 429, 429])


@pytest.mark.django_db
def test_a_call_of_the_engine_too_many_gets_the_envelope(settings: Any) -> None:
    limit(settings, engine_api="2/minute by address")
    token, client = create_account(name="Alice", credits=1), Client()
    assert [client.get(ENGINE, {"api_token": token}).status_code for _ in range(2)] == [200, 200]
    refused = client.get(ENGINE, {"api_token": token})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert refused.json() == {"code": 10010, "msg": "There were too many requests. Try again later."}


@pytest.mark.django_db
def test_calls_of_the_engine_are_counted_by_token(settings: Any) -> None:
    limit(settings, engine_api="2/minute by account")
    tokens, client = [create_account(name=name, credits=1) for name in ("Alice", "Bob")], Client()
    found = [client.get(ENGINE, {"api_token": tokens[number]}).status_code for number in (0, 0, 0, 1)]
    assert found == [200, 200, 429, 200]


@pytest.mark.django_db
def test_guessing_tokens_of_the_engine_counts_by_address(settings: Any) -> None:
    limit(settings, engine_api="2/minute by address")
    found = [Client().get(ENGINE, {"api_token": f"guess {number}"}).status_code for number in range(3)]
    assert found == [200, 200, 429]


@pytest.mark.django_db(transaction=True)
def test_the_sites_own_calls_to_its_engine_are_never_throttled(settings: Any) -> None:
    limit(settings, engine_api="1/hour by account, 1/hour by address")
    token, session = create_account(name="Alice", credits=1), build_in_process_session(application)
    answers = [session.get(f"{IN_PROCESS_BASE_URL}/point", params={"api_token": token}) for _ in range(3)]
    assert [answer.json()["code"] for answer in answers] == [200] * 3


@pytest.mark.django_db
def test_nobody_on_the_network_passes_as_the_site_itself(settings: Any) -> None:
    limit(settings, engine_api="1/hour by address")
    headers = {"Host": settings.IN_PROCESS_HOST, "vanceweb.in_process_call": "1", "Vanceweb-In-Process-Call": "1"}
    assert [Client().get(ENGINE, headers=headers).status_code for _ in range(2)] == [200, 429]


@pytest.mark.django_db
def test_without_its_throttle_the_engine_counts_nothing(settings: Any) -> None:
    settings.ENGINE_CALL_THROTTLE = ""
    limit(settings, engine_api="1/hour by address")
    assert [Client().get(ENGINE).status_code for _ in range(3)] == [200] * 3


@pytest.mark.django_db
def test_a_call_of_the_sites_api_too_many_gets_a_problem_document(settings: Any) -> None:
    limit(settings, site_api="1/minute by account")
    client, headers = Client(), {"Authorization": "Bearer vw_1"}
    client.get("/api/v1/me", headers=headers)
    refused = client.get("/api/v1/me", headers=headers)
    if refused.status_code == 404:
        refused = send_to_middleware("/api/v1/me", headers=headers, times=2)
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert 0 < int(refused["Retry-After"]) <= 60
    assert client.get("/api/v1/me", headers={"Authorization": "Bearer vw_2"}).status_code != 429


def send_to_middleware(path: str, *, headers: dict[str, str], times: int) -> HttpResponse:
    """Return the last of several responses of a view at the path, which needs no URL."""
    middleware = ThrottleMiddleware(lambda _request: HttpResponse())
    for _ in range(times):
        request = RequestFactory().get(path, headers=headers)
        response = middleware.process_view(request, None, (), {}) or HttpResponse()
    return response


@pytest.mark.django_db
def test_what_a_view_throttles_becomes_a_page(client: Client) -> None:
    middleware = ThrottleMiddleware(lambda _request: HttpResponse())
    request: HttpRequest = client.get("/login/").wsgi_request
    response = middleware.process_exception(request, Throttled(SHARE_PASSWORD, 30))
    assert response is not None
    assert (response.status_code, response["Retry-After"]) == (429, "30")
    assert "Too many wrong passwords" in response.content.decode()
    assert middleware.process_exception(request, ValueError()) is None


def test_pictures_by_the_api_count_with_those_on_pages(alice: User, settings: Any) -> None:
    limit(settings, upload="2/10 minutes by account")
    tokens = [make_token(alice) for _ in range(2)]
    given = {"file": SimpleUploadedFile("a.png", make_picture_file().read(), "image/png")}
    assert Client().post("/api/v1/pictures", given, headers=tokens[0]).status_code == 201
    assert upload(alice).status_code == 422
    refused = Client().post("/api/v1/pictures", {"url": "x"}, "application/json", headers=tokens[1])
    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert 0 < int(refused["Retry-After"]) <= 600
    # What isn't an upload goes on.
    assert Client().get("/api/v1/pictures", headers=tokens[1]).status_code == 200


def make_token(user: User) -> dict[str, str]:
    issued = create_api_token(
        user=user, team=as_actor(user).team, name="Test", scopes=list(Scope), lifetime=timedelta(days=1), by=COMMAND
    )
    return {"Authorization": f"Bearer {issued.text}"}


@pytest.mark.parametrize("mail", ["", "mona@studio.example"])
def test_an_invitation_too_many_is_refused_and_nobody_is_invited(mail: str, alice: User, settings: Any) -> None:
    settings.HAS_MAIL = True
    limit(settings, invitation="2/hour by account")
    given = {"invite-role": "member", "invite-days": "7"}
    answers = [
        log_in(alice).post("/t/studio/people/invite/", given | ({"invite-email": f"{number}{mail}"} if mail else {}))
        for number in range(3)
    ]
    assert [answer.status_code for answer in answers] == ([302, 302, 429] if mail else [200, 200, 429])
    assert "Too many invitations" in answers[-1].content.decode()
    assert Invitation.objects.count() == 2
    # One that isn't valid counts nothing.
    limit(settings, invitation="1/hour by address")
    assert log_in(alice).post("/t/studio/people/invite/", {"invite-role": "emperor"}).status_code == 422
    assert log_in(alice).post("/t/studio/people/invite/", given).status_code != 429
