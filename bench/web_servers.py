"""The web server of the site compared with others: slow clients, odd bodies, speed, memory, stop, death of the parent.

`python -m bench.web_servers [NAME…]` measures those that are installed, names the others, and takes about 20 s each.
gunicorn, waitress and granian run as they come, the last line is the site's own server; all with one process and eight
threads, on this machine only. Speeds are ratios to the first server of the same run.
"""

import contextlib
import http.client
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.idle_memory import MEGABYTE, SITE, read_memory
from bench.other_web_servers import SERVERS, THREADS
from bench.probe_paths import BODY_PATH, SLOW_PATH, SLOW_SECONDS, UNREAD_PATH
from bench.slow_clients import open_slow_connections

OURS = "vanceweb"
PARENT_DEATH_PROGRAM = SITE / "vanceweb" / "ops" / "parent_death.py"
SLOW_CONNECTIONS = 200  # with slow headers, and as many with slow bodies
HEALTH_SECONDS = 1.0  # in which /healthz must answer meanwhile
HEALTH_TRIES = 10
SPEED_SECONDS = 3.0
SPEED_CLIENTS = 8
START_SECONDS = 30.0
BODY = b"x" * 200_000


def build_command(name: str, descriptor: int) -> list[str]:
    """Return the command that serves the probe application on the listening socket `descriptor`."""
    if name == OURS:
        application = ("--application", "bench.probe_application.application")
        return [sys.executable, "-m", "vanceweb.ops.web_server", "--fd", str(descriptor), *application]
    return [sys.executable, "-m", "bench.other_web_servers", name, str(descriptor)]


@contextlib.contextmanager
def run_server(name: str, environment: dict[str, str]) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Start a server on a socket that we open, and yield its process and port once it answers."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        if name != "granian":  # it can't take over a socket that listens
            listener.listen(512)
        command = build_command(name, listener.fileno())
        process = subprocess.Popen(command, env=environment, pass_fds=(listener.fileno(),), cwd=SITE)
    try:
        wait_for(lambda: measure_health(port) is not None, START_SECONDS, f"{name} to start")
        yield process, port
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(is_true: Callable[[], bool], seconds: float, subject: str) -> None:
    """Wait until `is_true`. Raise TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {subject}")
        time.sleep(0.05)


def request(connection: http.client.HTTPConnection, method: str, path: str, body: object = None) -> bytes:
    """Return the content of an answer with status 200. Raise HTTPException for others, or OSError."""
    connection.request(method, path, body, encode_chunked=True)  # type: ignore[arg-type]
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != http.client.OK:
        raise http.client.HTTPException(f"status {answer.status}")
    return content


@contextlib.contextmanager
def connect(port: int, seconds: float = 10.0) -> Iterator[http.client.HTTPConnection]:
    """Yield a connection whose waits last at most `seconds`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        yield connection
    finally:
        connection.close()


def measure_health(port: int) -> float | None:
    """Return the seconds that /healthz took, or None when it didn't answer within HEALTH_SECONDS."""
    before = time.monotonic()
    try:
        with connect(port, HEALTH_SECONDS) as connection:
            request(connection, "GET", "/healthz")
    except (OSError, http.client.HTTPException):
        return None
    return time.monotonic() - before


def describe_health_with_slow_clients(port: int) -> str:
    """Return how long /healthz took at most while 400 slow connections were open."""
    with open_slow_connections(port, headers=SLOW_CONNECTIONS, bodies=SLOW_CONNECTIONS):
        time.sleep(1)
        times = [measure_health(port) for _ in range(HEALTH_TRIES)]
    answered = [seconds for seconds in times if seconds is not None]
    if len(answered) == HEALTH_TRIES:
        return f"{max(answered) * 1000:.0f} ms"
    return f"{len(answered)} of {HEALTH_TRIES}"


def describe_chunked_body(port: int) -> str:
    """Return whether Django read a body that was sent in chunks."""
    with connect(port) as connection:
        connection.putrequest("POST", BODY_PATH)
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders([BODY[:70_000], BODY[70_000:]], encode_chunked=True)  # type: ignore[arg-type]
        return "whole" if connection.getresponse().read() == str(len(BODY)).encode() else "lost"


def describe_unread_body(port: int) -> str:
    """Return what became of the request that followed an unread body on the same connection."""
    with connect(port) as connection:
        try:
            request(connection, "POST", UNREAD_PATH, BODY * 20)
            is_kept = connection.sock is not None
            request(connection, "GET", "/healthz")
        except (OSError, http.client.HTTPException) as error:
            return f"broken: {type(error).__name__}"
        return "answered" if is_kept else "closed"


def measure_speed(port: int, path: str) -> float:
    """Return the requests per second that SPEED_CLIENTS kept-alive connections get for `path`."""
    counts = [0] * SPEED_CLIENTS
    deadline = time.monotonic() + SPEED_SECONDS

    def repeat(number: int) -> None:
        with connect(port) as connection:
            while time.monotonic() < deadline:
                request(connection, "GET", path)
                counts[number] += 1

    threads = [threading.Thread(target=repeat, args=(number,)) for number in range(SPEED_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SPEED_SECONDS


def describe_stop(process: "subprocess.Popen[bytes]", port: int) -> str:
    """Send SIGTERM during a request, and return whether it was answered and how long the stop took."""
    contents = []

    def ask() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException), connect(port) as connection:
            contents.append(request(connection, "GET", SLOW_PATH))

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(SLOW_SECONDS / 3)
    before = time.monotonic()
    process.send_signal(signal.SIGTERM)
    thread.join()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(15)
    return f"{'answered' if contents else 'cut off'}, {time.monotonic() - before:.1f} s"


def describe_parents_death(name: str, environment: dict[str, str]) -> str:
    """Kill the parent of a server with -9, and return whether all processes of the server ended."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if name != "granian":
            listener.listen(16)
        port, descriptor = listener.getsockname()[1], listener.fileno()
        program = (
            "import os, subprocess, sys, time\n"
            "subprocess.Popen([sys.executable, sys.argv[1], str(os.getpid()), *sys.argv[3:]],"
            " pass_fds=(int(sys.argv[2]),))\ntime.sleep(600)"
        )
        arguments = [str(PARENT_DEATH_PROGRAM), str(descriptor), *build_command(name, descriptor)]
        parent = subprocess.Popen(
            [sys.executable, "-c", program, *arguments], env=environment, pass_fds=(descriptor,), cwd=SITE
        )
    wait_for(lambda: measure_health(port) is not None, START_SECONDS, f"{name} to start")
    parent.kill()
    parent.wait()
    with contextlib.suppress(TimeoutError):
        wait_for(lambda: measure_health(port) is None, 3, "the server to end")
        return "ends"
    return "lives on"


def measure_server(name: str, environment: dict[str, str], style_sheet: str) -> tuple[dict[str, str], list[float]]:
    """Return what was found about a server, and its requests per second for /healthz, a page and a static file."""
    paths = ("/healthz", "/login/", style_sheet)
    found = {}
    with run_server(name, environment) as (process, port):
        for path in paths:
            with connect(port) as connection:
                request(connection, "GET", path)
        found["idle MB"] = f"{sum(row.size for row in read_memory(process.pid)) / MEGABYTE:.0f}"
        speeds = [measure_speed(port, path) for path in paths]
        found["chunked body"] = describe_chunked_body(port)
        found["after unread body"] = describe_unread_body(port)
        found["/healthz, 400 slow"] = describe_health_with_slow_clients(port)
        found["SIGTERM in a request"] = describe_stop(process, port)
    found["parent killed"] = describe_parents_death(name, environment)
    return found, speeds


def main(names: list[str]) -> None:
    """Print what was found about the servers."""
    known = [*SERVERS, OURS]
    first: list[float] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environment = {**os.environ, "DATA_DIR": folder, "HOST": "127.0.0.1", "WEB_THREADS": str(THREADS)}
        environment["DJANGO_SETTINGS_MODULE"] = "vanceweb.settings"
        prepare = [sys.executable, str(SITE / "manage.py"), "prepare"]
        subprocess.run(prepare, env=environment, check=True, stdout=subprocess.DEVNULL)
        manifest = json.loads((Path(folder) / "static" / "staticfiles.json").read_text("utf-8"))
        style_sheet = "/static/" + next(path for path in manifest["paths"].values() if path.endswith(".css"))
        for name in names or known:
            if name != OURS and importlib.util.find_spec(name) is None:
                print(f"{name}: not installed")
                continue
            found, speeds = measure_server(name, environment, style_sheet)
            first = first or speeds
            print(name)
            for label, value in found.items():
                print(f"  {label:<22} {value}")
            for label, speed, reference in zip(("/healthz", "/login/", "style sheet"), speeds, first, strict=True):
                print(f"  {label:<22} {speed:.0f} requests/s, ratio {speed / reference:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
