"""A guard for the process of the tests: nothing that it sends leaves this machine.

Python reports every connection and look-up to audit hooks. The names that tests look up don't exist, so the guard says
so itself and asks no name server. Programs that tests start are guarded where they run with the settings of the tests.
"""

import ipaddress
import socket
import sys
from typing import Any

CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
LOOKING_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", ""})


class LeftThisMachine(Exception):
    """A test was about to send something to another machine."""


def install_guard() -> None:
    """Refuse connections and look-ups that would leave this machine. It lasts as long as the process."""
    sys.addaudithook(check_event)


def check_event(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise LeftThisMachine for a foreign address, and the error of an unknown name for a foreign name."""
    if event in CONNECTING:
        address = arguments[1]
        # Addresses of UNIX sockets are texts or bytes; None is that of a connected socket.
        if isinstance(address, tuple) and not is_local(str(address[0])):
            raise LeftThisMachine(f"a test was about to send something to {address[0]}")
    elif event in LOOKING_UP:
        host = arguments[0]
        name = host.decode("latin-1") if isinstance(host, bytes) else host
        if name is not None and not is_local(name) and not is_address(name):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def is_local(host: str) -> bool:
    """Return whether a host is this machine: a name of it, or an address of loopback."""
    if host.rstrip(".").lower() in LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback or address.is_unspecified


def is_address(host: str) -> bool:
    """Return whether a host is a numeric address in any notation, for which no name server is asked."""
    try:
        socket.inet_aton(host)
    except OSError:
        return ":" in host
    return True
