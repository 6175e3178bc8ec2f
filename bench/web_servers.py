"""The web server of the site compared with others: slow clients, odd bodies, speed, memory, stop, death of the parent.

`python -m bench.web_servers [NAME…]` measures those that are installed and names the others; all four take two minutes.
gunicorn, waitress and granian run as they come, the last line is the site's own server; all with one process and eight
threads, on this machine only. Speeds are ratios to the first server, measured in turn.
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
# Starts a server as the supervisor does, and then waits to be killed.
PARENT_PROGRAM = """
import os, subprocess, sys, time
descriptor = int(sys.argv[2])
subprocess.Popen([sys.executable, sys.argv[1], str(os.getpid()), *sys.argv[3:]], pass_fds=(descriptor,))
os.close(descriptor)
time.sleep(600)
"""
SLOW_CONNECTIONS = 200  # with slow headers, and as many with slow bodies
HEALTH_SECONDS = 1.0  # in which /healthz must answer meanwhile
HEALTH_TRIES = 10
SPEED_SECONDS = 1.0
SPEED_ROUNDS = 3
SPEED_CLIENTS = 8
START_SECONDS = 30.0
BODY = b"x" * 200_000


def build_command(name: str, descriptor: int) -> list[str]:
    """Return the command that serves the probe application on the listening socket `descriptor`."""
    if name == OURS:
        application = ("--application", "bench.probe_application.application")
        return [sys.executable, "-m", "vanceweb.ops.web_server", "--fd", str(descriptor), *application]
    return [sys.executable, "-m", "bench.other_web_servers", name, str(descriptor)]


def open_listener(name: str) -> socket.socket:
    """Return a socket on a free port that listens, except for granian, which opens its own on the port."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    if name != "granian":
        listener.listen(512)
    return listener


@contextlib.contextmanager
def run_server(name: str, environment: dict[str, str]) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Start a server on a socket that we open, and yield its process and port once it answers."""
    with open_listener(name) as listener:
        port = listener.getsockname()[1]
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
    """Kill the parent of a server with -9, and return whether the server ended."""
    with open_listener(name) as listener:
        port, descriptor = listener.getsockname()[1], listener.fileno()
        arguments = [str(PARENT_DEATH_PROGRAM), str(descriptor), *build_command(name, descriptor)]
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT_PROGRAM, *arguments], env=environment, pass_fds=(descriptor,), cwd=SITE
        )
    try:
        wait_for(lambda: measure_health(port) is not None, START_SECONDS, f"{name} to start")
        processes = find_descendants(parent.pid)
    finally:
        parent.kill()
        parent.wait()
    try:
        wait_for(lambda: not any(Path("/proc", str(pid)).exists() for pid in processes), 5, "the server to end")
    except TimeoutError:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return "lives on"
    return "ends"


def find_descendants(pid: int) -> list[int]:
    """Return the ids of the processes below `pid`."""
    children = " ".join(file.read_text("ascii") for file in Path("/proc", str(pid)).glob("task/*/children")).split()
    return [found for child in children for found in (int(child), *find_descendants(int(child)))]


def describe_server(name: str, environment: dict[str, str]) -> dict[str, str]:
    """Return what was found about a server, in words and figures."""
    with run_server(name, environment) as (process, port), connect(port) as connection:
        request(connection, "GET", "/login/")
        connection.close()
        found = {"idle MB": f"{sum(row.size for row in read_memory(process.pid)) / MEGABYTE:.0f}"}
        found["chunked body"] = describe_chunked_body(port)
        found["after unread body"] = describe_unread_body(port)
        found["/healthz, 400 slow"] = describe_health_with_slow_clients(port)
        found["SIGTERM in a request"] = describe_stop(process, port)
    found["parent killed"] = describe_parents_death(name, environment)
    return found


def compare_speeds(names: list[str], environment: dict[str, str], paths: list[str]) -> None:
    """Print the requests per second of each server for each path: the best of SPEED_ROUNDS in turn."""
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(run_server(name, environment))[1] for name in names}
        for path in paths:
            best = dict.fromkeys(names, 0.0)
            for _ in range(SPEED_ROUNDS):
                for name in names:
                    best[name] = max(best[name], measure_speed(ports[name], path))
            print(path)
            for name, speed in best.items():
                print(f"  {name:<22} {speed:.0f} requests/s, ratio {speed / best[names[0]]:.2f}")


def main(wanted: list[str]) -> None:
    """Print what was found about the servers."""
    names = [name for name in wanted or [*SERVERS, OURS] if name == OURS or importlib.util.find_spec(name)]
    for name in set(wanted or SERVERS) - set(names):
        print(f"{name}: not installed")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environment = {**os.environ, "DATA_DIR": folder, "HOST": "127.0.0.1", "WEB_THREADS": str(THREADS)}
        # The slow bodies end as forms without a token, which Django would report one by one.
        environment |= {"DJANGO_SETTINGS_MODULE": "vanceweb.settings", "LOG_LEVEL": "ERROR"}
        prepare = [sys.executable, str(SITE / "manage.py"), "prepare"]
        subprocess.run(prepare, env=environment, check=True, stdout=subprocess.DEVNULL)
        for name in names:
            print(name, flush=True)
            for label, value in describe_server(name, environment).items():
                print(f"  {label:<22} {value}")
        manifest = json.loads((Path(folder) / "static" / "staticfiles.json").read_text("utf-8"))
        style_sheet = next(path for path in manifest["paths"].values() if path.endswith(".css"))
        compare_speeds(names, environment, ["/healthz", "/login/", f"/static/{style_sheet}"])


if __name__ == "__main__":
    main(sys.argv[1:])
