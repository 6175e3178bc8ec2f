"""`manage.py sweep`: the clock of the site. Calls every function named in SWEEPS, again and again."""

import logging
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

logger = logging.getLogger(__name__)

# A sweep that keeps failing is logged once in this time, not every two seconds.
QUIET_SECONDS = 60.0


class Command(BaseCommand):
    """Runs until SIGTERM or Ctrl-C."""

    help = "Call the functions of the setting SWEEPS every SWEEP_INTERVAL seconds."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--once` is for cron and tests."""
        parser.add_argument("--once", action="store_true", help="Call each function once and end.")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        """Loops. A function that fails is logged and does not keep the others from their turn."""
        sweeper = Sweeper({name: import_string(name) for name in settings.SWEEPS})
        if once:
            sweeper.sweep()
            return
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        while not ended.is_set():
            sweeper.sweep()
            ended.wait(settings.SWEEP_INTERVAL)


class Sweeper:
    """Calls each of `functions` in turn."""

    def __init__(self, functions: dict[str, Callable[[], object]]) -> None:
        self.functions = functions
        self._logged_at: dict[str, float] = {}

    def sweep(self) -> None:
        """One round. Errors are logged, at most once a minute for each function."""
        for name, function in self.functions.items():
            close_old_connections()
            try:
                function()
            except Exception:
                if time.monotonic() - self._logged_at.get(name, -QUIET_SECONDS) >= QUIET_SECONDS:
                    self._logged_at[name] = time.monotonic()
                    logger.exception("The sweep %s failed; it is tried again every round", name)
        close_old_connections()
