"""An installation for the contract tests: a web server, workers, the sweeper and a separate database.

It uses the test run's data folder, so that in-process calls work with the same keys and files.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from django.conf import settings
from django.db import ConnectionHandler, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from vanceweb.ops.processes import build_web_process

# The time that /transform waits in these tests: longer than a quick job, much shorter than a test.
TRANSFORM_WAIT_SECONDS = 3.0
# The webhook receivers of these tests listen here; this machine's other addresses stay forbidden.
ALLOWED_WEBHOOK_HOST = "127.0.0.1"
_PARENT_DEATH_PROGRAM = settings.BASE_DIR / "vanceweb" / "ops" / "parent_death.py"


@dataclass(frozen=True)
class Installation:
    """The base URL and database settings of a running installation."""

    base_url: str
    database: dict[str, object]

    @contextmanager
    def use_database_in_this_thread(self) -> Iterator[BaseDatabaseWrapper]:
        """Make in-process calls use the installation's database instead of the tests'."""
        own = ConnectionHandler({"default": dict(self.database)})["default"]
        before = connections["default"]
        connections["default"] = own
        try:
            yield own
        finally:
            connections["default"] = before
            own.close()


@contextmanager
def run_installation(folder: Path, template: Path | None) -> Iterator[Installation]:
    """Start an installation, wait until it responds, and stop it at the end. `folder` gets its database and logs.

    It begins with a copy of the migrated database `template`, or creates its own.
    """
    name = folder / "contract.sqlite3"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.timed_settings",
        "DATA_DIR": str(settings.DATA_DIR),
        "MODELS_DIR": str(settings.MODELS_DIR),
        "DATABASE_URL": f"sqlite:///{name}",
        "ENGINE_PATIENCE": str(TRANSFORM_WAIT_SECONDS),
        "ENGINE_WEBHOOK_ALLOWED_HOSTS": ALLOWED_WEBHOOK_HOST,
        "WORKER_INTERVAL": "0.05",
        "HOST": "127.0.0.1",
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    if template:
        shutil.copyfile(template, name)
    else:
        subprocess.run([*manage, "migrate", "--verbosity", "0"], env=environment, check=True, timeout=120)
    with ExitStack() as stack, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        web = build_web_process(1, listener.fileno()).arguments
        workers = [[*manage, "work", "--queue", queue] for queue in ("engine", "io")]
        for number, command in enumerate((web, *workers, [*manage, "sweep"])):
            log = stack.enter_context((folder / f"{number}.log").open("wb"))
            stack.enter_context(_run_process(command, environment, log.fileno(), listener.fileno()))
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/web_api/v1"
        _wait_for(base_url, folder)
        yield Installation(base_url, _build_database_settings(name))


def _build_database_settings(name: Path) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(name),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


@contextmanager
def _run_process(command: Sequence[str], environment: dict[str, str], log: int, listener: int) -> Iterator[None]:
    """Run `command`, which ends with us even when we are killed."""
    arguments = [sys.executable, str(_PARENT_DEATH_PROGRAM), str(os.getpid()), *command]
    with subprocess.Popen(arguments, env=environment, stdout=log, stderr=log, pass_fds=(listener,)) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(base_url: str, folder: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            requests.get(f"{base_url}/point", timeout=10).json()
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the installation did not answer:\n" + (folder / "0.log").read_text()[-2000:])
