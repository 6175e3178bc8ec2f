"""`manage.py work --queue QUEUE`: a worker, which runs the tasks of one queue."""

import logging
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.crypto import get_random_string

from vanceweb.ops.embedded_queue import EmbeddedQueue
from vanceweb.ops.heartbeats import ProcessHeartbeat
from vanceweb.ops.task_threads import TaskThreads

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """A worker, which runs until SIGTERM or Ctrl-C."""

    help = "Run the tasks of a queue. On SIGTERM or Ctrl-C, give back within seconds what is still running."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the queue and the number of its tasks that run at the same time."""
        parser.add_argument("--queue", required=True, choices=settings.TASKS["default"]["QUEUES"])
        parser.add_argument(
            "--concurrency",
            type=_parse_concurrency,
            help="Tasks at the same time (default: IO_CONCURRENCY on the queue io, otherwise 1).",
        )

        parser.add_argument("--name", default="", help="Its name on the status page (default: QUEUE-1).")

    def handle(self, *args: Any, queue: str, concurrency: int | None, name: str, **options: Any) -> None:
        """Run tasks until a signal comes. End the process without waiting for calls that hang."""
        messages = EmbeddedQueue(queue, worker_id=get_random_string(32))
        # The engine's tasks use all processors (ENGINE_MODEL_THREADS); the others mostly wait.
        default = settings.IO_CONCURRENCY if queue == "io" else 1
        threads = TaskThreads(
            messages,
            concurrency=concurrency or default,
            interval=settings.WORKER_INTERVAL,
            heartbeat=ProcessHeartbeat(queue, name or f"{queue}-1"),
        )
        code = 1
        try:
            threads.run()
            code = 0
        except Exception:
            logger.exception("The worker on the queue %s failed", queue)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _parse_concurrency(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("must be 1 or more")
    return number
