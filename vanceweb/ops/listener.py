"""The listening socket of the site. The supervisor opens it, so that it survives a restart of the web server."""

import errno
import socket
import time
from contextlib import suppress

# After a kill -9, the old web processes keep the port until they have died.
PORT_TIMEOUT_SECONDS = 2.0
BACKLOG = 512
ERROR_MESSAGES = {
    errno.EADDRINUSE: "Port {port} on {host} is taken by another program; choose another with PORT=…",
    errno.EACCES: "Only root may open port {port}; choose one above 1023 with PORT=…",
    errno.EPERM: "Only root may open port {port}; choose one above 1023 with PORT=…",
    errno.EADDRNOTAVAIL: "HOST={host} is not an address of this machine.",
}


class CannotListen(Exception):
    """The socket can't be opened; the message gives the reason."""


def open_listener(host: str, port: int, *, timeout: float = PORT_TIMEOUT_SECONDS) -> socket.socket:
    """Return a listening TCP socket on `host` and `port` (0: any free port).

    Wait at most `timeout` seconds for a port that is in use. Raise CannotListen.
    """
    if not 0 <= port <= 65535:
        raise CannotListen(f"PORT={port} is not a port; ports go from 1 to 65535.")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CannotListen(f"HOST={host} is not an address of this machine.") from error
    deadline = time.monotonic() + timeout
    while True:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            message = ERROR_MESSAGES.get(error.errno or 0, "Can't listen on {host}, port {port}: {error}.")
            raise CannotListen(message.format(host=host, port=port, error=error.strerror)) from error
        return listener


def get_local_url(host: str, port: int) -> str:
    """Return the URL under which a browser on this machine reaches `host` and `port`, without a trailing slash."""
    with suppress(KeyError):
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}[host]  # noqa: S104 - replaced, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def get_named_url(local_url: str) -> str:
    """Return the URL of this machine's loopback address by name, any other as it is: passkeys need a name."""
    return local_url.replace("//127.0.0.1:", "//localhost:").replace("//[::1]:", "//localhost:")
