"""The processes of the site on one machine."""

import os
import sys

from django.conf import settings

from vanceweb.lib.decoding import build_decoder_command
from vanceweb.ops.missing_weights import is_complete
from vanceweb.ops.supervisor import ProcessCommand, SupervisorTimeouts

# A dead process is restarted at once, and after growing delays if it keeps dying within STEADY_SECONDS.
FIRST_RESTART_SECONDS = 0.5
LONGEST_RESTART_SECONDS = 30.0
STEADY_SECONDS = 30.0


def build_commands(listener: int) -> list[ProcessCommand]:
    """Return the web processes on the socket `listener` (a file descriptor), and all other processes."""
    return [
        *(build_web_process(number, listener) for number in range(1, settings.WEB_WORKERS + 1)),
        *(build_worker("io", number) for number in range(1, settings.IO_WORKERS + 1)),
        *(build_engine_worker(number) for number in range(1, settings.ENGINE_WORKERS + 1)),
        ProcessCommand("decoder", build_decoder()),
        ProcessCommand("sweep", _build_manage_command("sweep")),
        *([] if is_complete() else [build_model_fetcher()]),
    ]


def build_web_process(number: int, listener: int) -> ProcessCommand:
    """Return the command of one web process; all accept connections from the same socket."""
    web = [sys.executable, "-m", "vanceweb.ops.web_server", "--fd", str(listener)]
    return ProcessCommand(f"web-{number}", web, required=True, pass_fds=(listener,))


def build_decoder() -> list[str]:
    """Return the command of the process that decodes pictures for the others."""
    return build_decoder_command("--socket", str(settings.DECODER_SOCKET), "--at-once", str(settings.DECODER_PROCESSES))


def build_worker(queue: str, number: int) -> ProcessCommand:
    """Return the command of one worker on `queue`."""
    name = f"{queue}-{number}"
    return ProcessCommand(name, _build_manage_command("work", "--queue", queue, "--name", name))


def build_engine_worker(number: int) -> ProcessCommand:
    """Return the command of one worker on the `engine` queue, with a lower priority than the others."""
    command = build_worker("engine", number)
    return ProcessCommand(command.name, ["nice", "-n", str(settings.ENGINE_NICENESS), *command.arguments])


def read_timeouts() -> SupervisorTimeouts:
    """Return the supervisor's timeouts: the settings of start and stop, and our own of restarts."""
    return SupervisorTimeouts(
        startup=settings.UP_START_SECONDS,
        shutdown=settings.UP_STOP_SECONDS,
        first_restart=FIRST_RESTART_SECONDS,
        longest_restart=LONGEST_RESTART_SECONDS,
        steady=STEADY_SECONDS,
    )


def build_model_fetcher() -> ProcessCommand:
    """Return the command of the process that fetches missing model weights; it ends when all are there."""
    return ProcessCommand("models", _build_manage_command("complete_models"), until_done=True)


def build_environment(port: int) -> dict[str, str]:
    """Return our environment with the port that was really opened, for the processes."""
    path = os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PORT": str(port), "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _build_manage_command(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
