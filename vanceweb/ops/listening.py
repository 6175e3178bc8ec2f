"""The address the site listens on: bound by the supervisor, so that it survives a restart of the web server."""

import errno
import socket
import time
from contextlib import suppress

# After a kill -9 the old web processes keep the port for the moment they take to die.
PORT_PATIENCE_SECONDS = 2.0
BACKLOG = 512
REASONS = {
    errno.EADDRINUSE: "Port {port} on {host} is taken by another program; choose another with PORT=…",
    errno.EACCES: "Port {port} may only be opened by root; choose one above 1023 with PORT=…",
    errno.EPERM: "Port {port} may only be opened by root; choose one above 1023 with PORT=…",
    errno.EADDRNOTAVAIL: "HOST={host} is no address of this machine.",
}


class CannotListen(Exception):
    """The address can't be listened on; the sentence says why."""


def listen(host: str, port: int, *, patience: float = PORT_PATIENCE_SECONDS) -> socket.socket:
    """A listening TCP socket on `host` and `port` (0: any free port).

    A taken port is waited for `patience` seconds. Raises CannotListen.
    """
    if not 0 <= port <= 65535:
        raise CannotListen(f"PORT={port} is no port; they go from 1 to 65535.")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CannotListen(f"HOST={host} is no address of this machine.") from error
    give_up_at = time.monotonic() + patience
    while True:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE and time.monotonic() < give_up_at:
                time.sleep(0.1)
                continue
            sentence = REASONS.get(error.errno or 0, "{host}, port {port} can't be listened on: {error}.")
            raise CannotListen(sentence.format(host=host, port=port, error=error.strerror)) from error
        return listener


def url_of(host: str, port: int) -> str:
    """The URL by which a browser on this machine reaches what listens on `host` and `port`; no slash at its end."""
    with suppress(KeyError):
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}[host]  # noqa: S104 - taken away, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
