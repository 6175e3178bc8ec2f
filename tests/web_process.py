"""One web process on loopback, with the command by which `manage.py up` starts it, and raw connections to it."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from django.conf import settings

from vanceweb.ops.listener import open_listener
from vanceweb.ops.probe import is_healthy
from vanceweb.ops.processes import build_environment, build_web_process

PARENT_DEATH_PROGRAM = settings.BASE_DIR / "vanceweb" / "ops" / "parent_death.py"
START_SECONDS = 60.0
# Generous: other tests may be using both processors.
ANSWER_SECONDS = 30.0


class WebProcess:
    """A web process with a database of its own in `folder`. It uses the keys and files of the test run.

    The database is a copy of `template`, or is migrated here. With another `application` than the site, there is none.
    """

    def __init__(self, folder: Path, *, application: str = "", template: Path | None = None, **more: str) -> None:
        self.folder = folder
        self.template = template
        self.application = application
        self.database = folder / "web.sqlite3"
        self.environment = {
            "DJANGO_SETTINGS_MODULE": "vanceweb.settings",
            "DATA_DIR": str(settings.DATA_DIR),
            "DATABASE_URL": f"sqlite:///{self.database}",
            "HOST": "127.0.0.1",
            **more,
        }

    def __enter__(self) -> Self:
        if self.template:
            shutil.copyfile(self.template, self.database)
        elif not self.application:
            self.run_manage("migrate", "--verbosity", "0")
        self.listener = open_listener("127.0.0.1", 0)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        self.listener.close()

    def start(self) -> None:
        command = build_web_process(1, self.listener.fileno())
        options = ["--application", self.application] if self.application else []
        with (self.folder / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(PARENT_DEATH_PROGRAM), str(os.getpid()), *command.arguments, *options],
                env=build_environment(self.port) | self.environment,
                pass_fds=command.pass_fds,
                stdout=log,
                stderr=log,
            )
        give_up_at = time.monotonic() + START_SECONDS
        while not is_healthy(self.url):
            assert time.monotonic() < give_up_at, self.read_log()
            time.sleep(0.05)

    def read_log(self) -> str:
        return (self.folder / "web.log").read_text()

    def stop(self) -> int:
        """Send SIGTERM and return the code with which the process exits."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(ANSWER_SECONDS)

    def run_manage(self, *arguments: str) -> str:
        """Run a command of manage.py with this process's database and return what it prints."""
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
        environment = {**os.environ, **self.environment}
        return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    def connect(self, seconds: float = ANSWER_SECONDS) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)

    def open_socket(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_SECONDS)

    def send(self, *pieces: bytes) -> bytes:
        """Send the pieces on a connection of their own and return all that is answered until it is closed."""
        with self.open_socket() as connection:
            for piece in pieces:
                connection.sendall(piece)
            return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """Return what arrives until the other side closes the connection, or resets it."""
    content = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            content += piece
    return content


def read_head(connection: socket.socket) -> bytes:
    """Return the headers of the next answer, read byte by byte so that what follows stays in the socket."""
    content = b""
    while not content.endswith(b"\r\n\r\n") and (byte := connection.recv(1)):
        content += byte
    return content


@contextlib.contextmanager
def open_sockets(web: WebProcess, count: int) -> Iterator[list[socket.socket]]:
    """Keep `count` connections open."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(web.open_socket()) for _ in range(count)]
