"""The guard that keeps what tests send on this machine."""

import socket

import pytest

from tests.loopback_only import LeftThisMachine


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "169.254.169.254", "8.8.8.8"])
def test_no_connection_leaves_this_machine(address: str) -> None:
    with socket.socket() as connection, pytest.raises(LeftThisMachine):
        connection.connect((address, 80))
    with socket.socket(type=socket.SOCK_DGRAM) as connection, pytest.raises(LeftThisMachine):
        connection.sendto(b"", (address, 53))


@pytest.mark.parametrize("address", ["2001:db8::1", "::ffff:8.8.8.8"])
def test_no_connection_leaves_this_machine_by_ipv6(address: str) -> None:
    with socket.socket(socket.AF_INET6) as connection, pytest.raises(LeftThisMachine):
        connection.connect((address, 80))


@pytest.mark.parametrize("name", ["example.com", "no-such-host.invalid", "localhost.example.com"])
def test_no_name_server_is_asked(name: str) -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(name, 80)


def test_loopback_is_reachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for host in ("127.0.0.1", "localhost", "0.0.0.0"):  # noqa: S104 - as a client's address
            socket.create_connection((host, listener.getsockname()[1]), 2).close()
    assert socket.getaddrinfo("192.0.2.1", 80), "a number needs no name server"
