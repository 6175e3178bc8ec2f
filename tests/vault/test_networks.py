"""The addresses to which calls for a connection go. Names lead to this machine, as a resolver would tell it."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.client.fake_service import FakeService, reply_success, run_fake_service
from tests.conftest import as_actor
from tests.lib.proxy_server import ProxyServer, run_proxy
from vanceweb.client import ServiceUnreachable
from vanceweb.lib.outbound_proxy import parse_proxy
from vanceweb.teams.models import User
from vanceweb.vault.clients import build_client
from vanceweb.vault.models import Connection
from vanceweb.vault.services import add_connection

pytestmark = pytest.mark.django_db

TOKEN = "token-of-some-length"
NAME = "service.example"
BALANCE = reply_success({"max_num": "100.000", "used_num": "10.000"})


@pytest.fixture(autouse=True)
def _default(settings: Settings) -> None:
    settings.PRIVATE_ADDRESSES = "administrators"
    settings.CLIENT_ATTEMPTS = 1


@pytest.fixture
def service() -> Iterator[FakeService]:
    with run_fake_service() as running:
        running.set_replies(BALANCE)
        yield running


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The answers of the resolver for NAME, one for each question; the last one is repeated."""
    answers: list[tuple[str, ...]] = [("127.0.0.1",)]
    resolve = socket.getaddrinfo

    def look_up(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        if host != NAME:
            return resolve(host, port, *arguments, **options)
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [entry for address in found for entry in resolve(address, port, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return answers


def add(user: User, service: FakeService, host: str = NAME) -> Connection:
    base_url = f"http://{host}:{service.server_port}/web_api/v1"
    return add_connection(actor=as_actor(user), name="Mine", base_url=base_url, token=TOKEN)


def ask(connection: Connection) -> Any:
    with build_client(connection) as client:
        return client.get_balance().granted


def ask_in_vain(connection: Connection) -> str:
    with build_client(connection) as client, pytest.raises(ServiceUnreachable) as failure:
        client.get_balance()
    assert failure.value.is_lasting
    assert not failure.value.may_have_arrived
    return failure.value.message


@pytest.mark.usefixtures("lookups")
class TestNames:
    def test_a_members_call_to_a_private_address_is_refused(self, bob: User, service: FakeService) -> None:
        assert "service.example leads to an address that is not public" in ask_in_vain(add(bob, service))
        assert service.peers == set()

    def test_an_administrators_call_is_made(self, alice: User, service: FakeService) -> None:
        assert ask(add(alice, service)) == 100
        assert service.requests[0].headers["host"] == f"{NAME}:{service.server_port}"

    def test_the_setting_may_allow_everyone_or_nobody(
        self, alice: User, bob: User, service: FakeService, settings: Settings
    ) -> None:
        connections = [add(alice, service), add(bob, service)]
        settings.PRIVATE_ADDRESSES = "everyone"
        assert [ask(connection) for connection in connections] == [100, 100]
        settings.PRIVATE_ADDRESSES = "nobody"
        assert all("not public" in ask_in_vain(connection) for connection in connections)

    def test_the_service_of_the_settings_may_be_private(
        self, bob: User, service: FakeService, settings: Settings
    ) -> None:
        settings.HOSTED_BASE_URL = f"http://{NAME}:{service.server_port}/web_api/v1"
        settings.PRIVATE_ADDRESSES = "nobody"
        assert ask(add_connection(actor=as_actor(bob), name="Hosted", base_url="", token=TOKEN)) == 100


def test_one_private_address_among_public_ones_is_enough(
    bob: User, service: FakeService, lookups: list[tuple[str, ...]]
) -> None:
    lookups[:] = [("127.0.0.1", "93.184.215.14")]
    assert "not public" in ask_in_vain(add(bob, service))


def test_each_call_is_checked_anew(bob: User, service: FakeService, lookups: list[tuple[str, ...]]) -> None:
    connection = add(bob, service)
    lookups[:] = [("127.0.0.1",), ("169.254.169.254",), ("::1",)]
    for _number in range(3):
        assert "not public" in ask_in_vain(connection)


def test_a_call_goes_to_an_address_that_was_checked(
    alice: User, service: FakeService, lookups: list[tuple[str, ...]]
) -> None:
    """A second look-up, with another answer, would lead nowhere."""
    connection = add(alice, service)
    lookups[:] = [("127.0.0.1",), ()]
    assert ask(connection) == 100


def test_the_next_address_is_tried(alice: User, service: FakeService, lookups: list[tuple[str, ...]]) -> None:
    lookups[:] = [("127.0.0.2", "127.0.0.1")]  # nobody listens on the first
    assert ask(add(alice, service)) == 100


def test_a_written_private_address_is_refused_when_the_setting_changes(
    alice: User, bob: User, service: FakeService, settings: Settings
) -> None:
    connection = add(alice, service, "127.0.0.1")
    assert ask(connection) == 100
    settings.PRIVATE_ADDRESSES = "nobody"
    assert "127.0.0.1 leads to an address that is not public" in ask_in_vain(connection)


class TestEnvironment:
    def test_proxies_of_the_environment_are_not_used(
        self, alice: User, service: FakeService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert ask(add(alice, service, "127.0.0.1")) == 100

    def test_passwords_of_netrc_are_not_sent(
        self, alice: User, service: FakeService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        netrc = tmp_path / ".netrc"
        netrc.write_text("default login someone password secret\n")
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HOME", str(tmp_path))
        assert ask(add(alice, service, "127.0.0.1")) == 100
        assert "authorization" not in service.requests[0].headers


class TestProxy:
    @pytest.fixture
    def proxy(self, settings: Settings) -> Iterator[ProxyServer]:
        with run_proxy() as running:
            settings.OUTBOUND_PROXY = parse_proxy(f"http://user:pass%20word@127.0.0.1:{running.port}")
            yield running

    def test_calls_to_the_internet_go_through_it(self, bob: User, service: FakeService, proxy: ProxyServer) -> None:
        """The proxy looks up the name: here it leads every name to this machine."""
        assert ask(add(bob, service)) == 100
        assert proxy.targets == [("GET", f"http://{NAME}:{service.server_port}")]
        assert proxy.authorizations == ["Basic dXNlcjpwYXNzIHdvcmQ="]

    def test_tls_goes_through_a_tunnel(self, bob: User, service: FakeService, proxy: ProxyServer) -> None:
        connection = add(bob, service)
        Connection.objects.update(base_url=connection.base_url.replace("http:", "https:"))
        with build_client(Connection.objects.get(pk=connection.pk)) as client, pytest.raises(ServiceUnreachable):
            client.get_balance()  # the service doesn't speak TLS
        assert proxy.targets == [("CONNECT", f"{NAME}:{service.server_port}")]

    def test_services_on_the_own_network_are_called_directly(
        self, alice: User, service: FakeService, proxy: ProxyServer
    ) -> None:
        assert ask(add(alice, service, "127.0.0.1")) == 100
        assert proxy.targets == []

    def test_a_written_private_address_is_not_passed_on(
        self, alice: User, service: FakeService, proxy: ProxyServer, settings: Settings
    ) -> None:
        connection = add(alice, service, "127.0.0.1")
        settings.PRIVATE_ADDRESSES = "nobody"
        assert "not public" in ask_in_vain(connection)
        assert proxy.targets == []


@pytest.mark.parametrize(
    "url", ["socks5://proxy:1080", "proxy:3128", "http://", "http://proxy/path", "https://proxy:1"]
)
def test_a_wrong_proxy_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must consist of"):
        parse_proxy(url)


def test_a_proxys_password_is_not_shown() -> None:
    assert "secret" not in repr(parse_proxy("http://user:secret@proxy.example:3128"))
