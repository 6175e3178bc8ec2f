"""The processes of the site on one machine."""

import os
import sys

from django.conf import settings

from vanceweb.ops.supervisor import Command, Patience


def commands(listener: int) -> list[Command]:
    """The web server on the listening socket `listener` (a file descriptor), the workers and the sweeper."""
    web = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:vanceweb.ops.gunicorn_conf",
        "--bind",
        f"fd://{listener}",
    ]
    return [
        Command("web", web, needed=True, pass_fds=(listener,)),
        *(worker("io", number) for number in range(1, settings.IO_WORKERS + 1)),
        *(engine_worker(number) for number in range(1, settings.ENGINE_WORKERS + 1)),
        Command("sweep", _manage("sweep")),
    ]


def worker(queue: str, number: int) -> Command:
    """One worker on the queue `queue`."""
    interval = str(settings.WORKER_INTERVAL)
    # `--no-reload`: the supervisor holds the process itself, also in development.
    return Command(
        f"{queue}-{number}",
        _manage("db_worker", "--queue-name", queue, "--interval", interval, "--no-startup-delay", "--no-reload"),
    )


def engine_worker(number: int) -> Command:
    """One worker on the `engine` queue, which gives way to the others."""
    command = worker("engine", number)
    return Command(command.name, ["nice", "-n", str(settings.ENGINE_NICENESS), *command.arguments])


def patience() -> Patience:
    """The supervisor's waiting times, from the settings."""
    return Patience(
        start=settings.UP_START_SECONDS,
        stop=settings.UP_STOP_SECONDS,
        first_restart=settings.UP_RESTART_SECONDS,
        longest_restart=settings.UP_LONGEST_RESTART_SECONDS,
        steady=settings.UP_STEADY_SECONDS,
    )


def environment(port: int) -> dict[str, str]:
    """What the processes find in their environment: ours, and the port that was really opened."""
    path = os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PORT": str(port), "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
