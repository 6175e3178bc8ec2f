"""The listening socket. Ports and hosts that can't be used are reported in a sentence."""

import socket
import threading

import pytest

from vanceweb.ops.listener import CannotListen, get_local_url, get_named_url, open_listener


def test_free_port_is_listened_on():
    with open_listener("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), timeout=2).close()


def test_taken_port_is_named():
    with open_listener("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(CannotListen, match=f"Port {port} on 127.0.0.1 is taken by another program"):
            open_listener("127.0.0.1", port, timeout=0.2)


def test_port_that_becomes_free_in_time_is_taken():
    first = open_listener("127.0.0.1", 0)
    threading.Timer(0.3, first.close).start()
    port = first.getsockname()[1]
    with open_listener("127.0.0.1", port, timeout=10) as second:
        assert second.getsockname()[1] == port


def test_host_of_another_machine_is_named():
    with pytest.raises(CannotListen, match=r"HOST=192.0.2.1 is not an address of this machine"):
        open_listener("192.0.2.1", 0)  # a documentation address, nobody's


def test_host_that_is_no_address_is_named():
    with pytest.raises(CannotListen, match="HOST=no such host"):
        open_listener("no such host", 0)


@pytest.mark.parametrize("port", [-1, 65536])
def test_number_that_is_no_port_is_named(port):
    with pytest.raises(CannotListen, match=f"PORT={port} is not a port"):
        open_listener("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("studio.example", "http://studio.example:8000"),
    ],
)
def test_url_is_one_a_browser_can_open(host, url):
    assert get_local_url(host, 8000) == url


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:8000"),
        ("::1", "http://localhost:8000"),
        ("0.0.0.0", "http://localhost:8000"),  # noqa: S104
        ("127.0.0.10", "http://127.0.0.10:8000"),
        ("192.168.1.5", "http://192.168.1.5:8000"),
    ],
)
def test_people_open_this_machine_by_its_name(host: str, url: str) -> None:
    assert get_named_url(get_local_url(host, 8000)) == url
