"""`manage.py up`: the whole site with one command."""

import os
import signal
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from vanceweb.ops import data_lock, setup_link
from vanceweb.ops.listening import CannotListen, listen, url_of
from vanceweb.ops.preparation import NotPrepared, check_folder, prepare
from vanceweb.ops.printer import Printer
from vanceweb.ops.probe import answers
from vanceweb.ops.processes import commands, environment, patience
from vanceweb.ops.supervisor import DidNotStart, Supervisor
from vanceweb.ops.tied import tie_to_parent


class Command(BaseCommand):
    """Prepares the site, then runs web server, workers and sweeper until Ctrl-C or SIGTERM."""

    help = "Run the whole site: web server, workers and sweeper. Ctrl-C or SIGTERM ends it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--with-parent` is for `make run`, whose death would otherwise leave us behind."""
        parser.add_argument("--with-parent", action="store_true", help="End when the process that started this ends.")

    def handle(self, *args: Any, with_parent: bool, **options: Any) -> None:
        """Serves until a signal comes, or ends with one sentence and code 1."""
        if with_parent:
            tie_to_parent(os.getppid(), signal.SIGTERM)
        try:
            check_folder("DATA_DIR", settings.DATA_DIR)
            with data_lock.hold(settings.DATA_DIR), listen(settings.HOST, settings.PORT) as listener:
                port = listener.getsockname()[1]
                self.stdout.write(f"Starting vanceweb on port {port}, with its data in {settings.DATA_DIR} …")
                prepare(self.stdout.write)
                self._serve(listener.fileno(), port)
        except (CannotListen, NotPrepared, DidNotStart, data_lock.AlreadyRunning, CommandError) as error:
            sys.exit(str(error))

    def _serve(self, listener: int, port: int) -> None:
        printer = Printer(sys.stdout)
        supervisor = Supervisor(commands(listener), printer, patience(), environment(port))
        local = url_of(settings.HOST, port)
        public = settings.PUBLIC_URL if os.environ.get("PUBLIC_URL") else local
        try:
            supervisor.run(is_ready=lambda: answers(local), when_ready=lambda: printer.say(welcome(public)))
            printer.say("vanceweb has ended.")
        finally:
            printer.close(seconds=2)


def welcome(url: str) -> str:
    """What is printed once the site answers: the one URL to open."""
    try:
        if setup_link.is_open():
            return (
                "\nvanceweb is ready. Make the owner's account here (the link works once, until the next start):\n\n"
                f"    {url}/setup/{setup_link.new_secret()}/\n\nCtrl-C ends it."
            )
        setup_link.close()
        return f"\nvanceweb is ready:\n\n    {url}/\n\nCtrl-C ends it."
    finally:
        connection.close()
