"""The client's address behind proxies, trusted and not, and the limit that counts by it."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory

from vanceweb.lib.client_address import get_client_address, parse_networks
from vanceweb.teams.models import User


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.1, 10.1.1.1", "198.51.100.1"),
        ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("127.0.0.1", "2001:DB8:0::1", "2001:db8::1"),
        ("127.0.0.1", "198.51.100.1, nonsense", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "10.1.1.1", "10.1.1.1"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_header_is_believed_as_far_as_trusted_proxies_wrote_it(
    remote: str, forwarded: str | None, expected: str, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = parse_networks(["127.0.0.1", "10.0.0.0/8"])
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    assert get_client_address(RequestFactory().get("/", REMOTE_ADDR=remote, **headers)) == expected


def test_a_wrong_network_is_named() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"TRUSTED_PROXIES: “proxy\.example”"):
        parse_networks(["127.0.0.1", "proxy.example"])


@pytest.mark.django_db
@pytest.mark.parametrize("is_trusted", [True, False])
def test_wrong_passwords_behind_a_proxy_lock_their_sender_only(is_trusted: bool, alice: User, settings: Any) -> None:
    settings.TRUSTED_PROXIES = parse_networks(["127.0.0.1"] if is_trusted else [])
    client = Client()
    for number in range(11):
        last = client.post(
            "/login/",
            {"login": alice.username, "password": "wrong"},
            headers={"X-Forwarded-For": f"1.2.3.{number}, 198.51.100.66"},
        )
    assert last.status_code == 429
    other = client.post(
        "/login/",
        {"login": alice.username, "password": "wrong"},
        headers={"X-Forwarded-For": "198.51.100.7"},
    )
    assert other.status_code == (422 if is_trusted else 429)
