"""`manage.py sweep`: the clock of the site, which calls the functions named in SWEEPS and CHORES periodically."""

import signal
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils.module_loading import import_string

from vanceweb.lib.repeated_failures import RepeatedFailures
from vanceweb.ops.heartbeats import SWEEPER, ProcessHeartbeat

# Nobody notices if housekeeping is late by this much, and most rounds find nothing.
CHORE_SECONDS = 10.0


class Command(BaseCommand):
    """The sweeper, which runs until SIGTERM or Ctrl-C."""

    help = "Call the functions of the setting SWEEPS every SWEEP_INTERVAL seconds, and those of CHORES every 10 s."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--once`, for cron and tests."""
        parser.add_argument("--once", action="store_true", help="Call each function once and exit.")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        """Call all functions in a loop. Log a failure and continue with the next function."""
        sweeper = Sweeper({name: import_string(name) for name in settings.SWEEPS})
        housekeeper = Sweeper({name: import_string(name) for name in settings.CHORES})
        if once:
            sweeper.sweep()
            housekeeper.sweep()
            return
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        heartbeat, next_chores = ProcessHeartbeat(SWEEPER, SWEEPER), time.monotonic()
        while not stopped.is_set():
            sweeper.sweep()
            if time.monotonic() >= next_chores:
                housekeeper.sweep()
                next_chores = time.monotonic() + CHORE_SECONDS
            heartbeat.beat()
            stopped.wait(settings.SWEEP_INTERVAL)
        heartbeat.end()


class Sweeper:
    """The functions to call in turn, by name."""

    def __init__(self, functions: dict[str, Callable[[], object]]) -> None:
        self.functions = functions
        self._failures = RepeatedFailures()

    def sweep(self) -> None:
        """Call each function once. Log errors, at most once a minute for each function."""
        for name, function in self.functions.items():
            close_old_connections()
            try:
                function()
            except Exception:
                self._failures.log_exception(f"The sweep {name}")
        close_old_connections()
