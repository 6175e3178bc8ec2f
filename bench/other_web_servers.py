"""The other web servers of the comparison, each as its documentation starts it, with one process and eight threads.

`python -m bench.other_web_servers NAME FD` serves the probe application on the listening socket FD.
"""

import os
import socket
import sys
from collections.abc import Callable

APPLICATION = "bench.probe_application:application"
THREADS = 8


def serve_with_waitress(descriptor: int) -> None:
    import waitress

    from bench.probe_application import application

    waitress.serve(application, sockets=[socket.socket(fileno=descriptor)], threads=THREADS)


def serve_with_gunicorn(descriptor: int) -> None:
    options = ("--bind", f"fd://{descriptor}", "--worker-class", "gthread", "--threads", str(THREADS))
    command = [sys.executable, "-m", "gunicorn", *options, "--log-level", "error", APPLICATION]
    os.execv(sys.executable, command)  # noqa: S606 - a list of arguments, no shell


def serve_with_granian(descriptor: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings

    # It opens its socket itself and takes no other, so ours is closed first and only its port is kept.
    with socket.socket(fileno=descriptor) as listener:
        host, port = listener.getsockname()
    settings = HTTP1Settings(header_read_timeout=10_000)
    server = Granian(
        APPLICATION,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        http1_settings=settings,
        log_enabled=False,
    )
    server.serve()


SERVERS: dict[str, Callable[[int], None]] = {
    "gunicorn": serve_with_gunicorn,
    "waitress": serve_with_waitress,
    "granian": serve_with_granian,
}

if __name__ == "__main__":
    SERVERS[sys.argv[1]](int(sys.argv[2]))
