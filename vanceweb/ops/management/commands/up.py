"""`manage.py up`: the whole site with one command."""

import os
import signal
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from vanceweb.ops import setup_link
from vanceweb.ops.data_lock import AlreadyRunning, lock_data_folder
from vanceweb.ops.listener import CannotListen, get_local_url, get_named_url, open_listener
from vanceweb.ops.output_writer import OutputWriter
from vanceweb.ops.parent_death import die_with_parent
from vanceweb.ops.preparation import NotPrepared, ensure_folder, prepare_site
from vanceweb.ops.probe import is_healthy
from vanceweb.ops.processes import build_commands, build_environment, read_timeouts
from vanceweb.ops.supervisor import DidNotStart, Supervisor


class Command(BaseCommand):
    """Preparation of the site, then web server, workers, decoder and sweeper until Ctrl-C or SIGTERM."""

    help = "Run the whole site: web server, workers, decoder and sweeper. Stop it with Ctrl-C or SIGTERM."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--with-parent`, for `make run`: without it the site would outlive a killed make."""
        parser.add_argument("--with-parent", action="store_true", help="Stop when the process that started this ends.")

    def handle(self, *args: Any, with_parent: bool, **options: Any) -> None:
        """Serve until a signal comes, or exit with a one-line message and code 1."""
        if with_parent:
            die_with_parent(os.getppid(), signal.SIGTERM)
        try:
            ensure_folder("DATA_DIR", settings.DATA_DIR)
            with lock_data_folder(settings.DATA_DIR), open_listener(settings.HOST, settings.PORT) as listener:
                port = listener.getsockname()[1]
                self.stdout.write(f"Starting vanceweb on port {port}, with its data in {settings.DATA_DIR} …")
                prepare_site(self.stdout.write)
                self._serve(listener.fileno(), port)
        except (CannotListen, NotPrepared, DidNotStart, AlreadyRunning, CommandError) as error:
            sys.exit(str(error))

    def _serve(self, listener: int, port: int) -> None:
        output = OutputWriter(sys.stdout)
        supervisor = Supervisor(build_commands(listener), output, read_timeouts(), build_environment(port))
        local_url = get_local_url(settings.HOST, port)
        public_url = settings.PUBLIC_URL if os.environ.get("PUBLIC_URL") else get_named_url(local_url)
        try:
            supervisor.run(
                is_ready=lambda: is_healthy(local_url),
                on_ready=lambda: output.write_line(create_ready_message(public_url)),
            )
            output.write_line("vanceweb has stopped.")
        finally:
            output.close(seconds=2)


def create_ready_message(url: str) -> str:
    """Return the message with the one URL to open; while there are no users, that is a new set-up link."""
    try:
        if setup_link.is_open():
            return (
                "\nvanceweb is ready. Create the first account here (the link works once, until the next start):\n\n"
                f"    {url}/setup/{setup_link.create_secret()}/\n\nPress Ctrl-C to stop."
            )
        setup_link.close()
        return f"\nvanceweb is ready:\n\n    {url}/\n\nPress Ctrl-C to stop."
    finally:
        connection.close()
