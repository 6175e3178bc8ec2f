"""A site with an https address: everything else leads there, and browsers remember it."""

import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from tests.live_site import build_environment

PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}


@pytest.fixture
def https(settings: Any) -> Client:
    """A visitor of a site with the settings that PUBLIC_URL=https://pictures.example makes."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_SSL_HOST = "pictures.example"
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.ALLOWED_HOSTS = ["pictures.example", "testserver"]
    return Client()


def read_settings(tmp_path: Any, **env: str) -> list[str]:
    code = (
        "from vanceweb import settings as s;"
        "print(s.SECURE_SSL_REDIRECT, s.SECURE_SSL_HOST, s.SECURE_HSTS_SECONDS, s.SESSION_COOKIE_SECURE)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], env=build_environment(tmp_path, **env), capture_output=True, text=True, check=True
    )
    return run.stdout.split()


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"PUBLIC_URL": "https://pictures.example:8443"}, ["True", "pictures.example:8443", "31536000", "True"]),
        ({"PUBLIC_URL": "https://pictures.example", "HSTS_SECONDS": "0"}, ["True", "pictures.example", "0", "True"]),
        ({"PUBLIC_URL": "http://pictures.example"}, ["False", "pictures.example", "0", "False"]),
    ],
)
def test_the_address_decides(env: dict[str, str], expected: list[str], tmp_path: Any) -> None:
    assert read_settings(tmp_path, **env) == expected


@pytest.mark.parametrize("host", ["testserver", "pictures.example", "elsewhere.example"])
def test_a_page_without_tls_leads_to_the_sites_own_address(https: Client, host: str) -> None:
    answer = https.get("/login/?next=/t/studio/", headers={"host": host})
    assert (answer.status_code, answer["Location"]) == (301, "https://pictures.example/login/?next=/t/studio/")
    assert "Strict-Transport-Security" not in answer


@pytest.mark.django_db
def test_28_a_page_over_tls_says_so_for_a_year(https: Client) -> None:
    answer = https.get("/login/", headers=PROXIED)
    assert answer.status_code == 200
    assert answer["Strict-Transport-Security"] == "max-age=31536000"


def test_a_form_and_an_api_call_keep_their_bodies(https: Client) -> None:
    assert https.post("/login/", {}).status_code == 308
    for headers in ({"X-Forwarded-For": "198.51.100.7"}, {"X-Forwarded-Proto": "http"}, {"Via": "1.1 proxy"}):
        answer = https.post("/web_api/v1/progress", {}, headers=headers)
        assert (answer.status_code, answer["Location"]) == (308, "https://pictures.example/web_api/v1/progress")
    assert https.post("/web_api/v1/progress", {}, REMOTE_ADDR="198.51.100.7").status_code == 308


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_programs_on_this_machine_may_call_the_api(https: Client, address: str) -> None:
    assert https.post("/web_api/v1/progress", {}, REMOTE_ADDR=address).json()["code"] == 30001


@pytest.mark.django_db
def test_the_health_check_needs_no_tls(https: Client) -> None:
    assert https.get("/healthz", headers={"host": "10.0.0.7"}).status_code == 200
