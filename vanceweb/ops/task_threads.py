"""A process that runs the tasks of one queue in several threads.

The main thread fetches a message when a thread is free for it. It learns of signals and ended tasks from one
SimpleQueue: a signal handler may call its `put` while `get` waits, which no other lock allows.
"""

import logging
import queue
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from django.db import close_old_connections

from vanceweb.lib import leases
from vanceweb.lib.repeated_failures import RepeatedFailures
from vanceweb.lib.request_ids import use_work_id
from vanceweb.ops.embedded_queue import EmbeddedQueue, Message
from vanceweb.ops.heartbeats import BEAT_SECONDS, ProcessHeartbeat

logger = logging.getLogger(__name__)

# Running tasks get this long to end when the process has to stop; less than UP_STOP_SECONDS and the 10 s of containers.
STOP_SECONDS = 4.0


class TaskThreads:
    """The tasks of `messages`, run in at most `concurrency` threads. An idle process looks every `interval` seconds.

    The main thread, and no other, tells with `heartbeat` that the process works.
    """

    def __init__(
        self, messages: EmbeddedQueue, *, concurrency: int, interval: float, heartbeat: ProcessHeartbeat
    ) -> None:
        self.messages = messages
        self.concurrency = concurrency
        self.interval = interval
        self._heartbeat = heartbeat
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix=messages.name)
        # The messages whose tasks run. Only the main thread accesses them.
        self._running: list[Message] = []
        # A message whose task has ended, or None for a signal.
        self._events: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._failures = RepeatedFailures()

    def run(self) -> None:
        """Run tasks until SIGTERM or SIGINT, then give back what hasn't ended after STOP_SECONDS.

        Threads may still be running on return: the process has to exit with `os._exit`.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._events.put(None))
        while not leases.stopping.is_set():
            message = self._fetch() if len(self._running) < self.concurrency else None
            if message is not None:
                self._running.append(message)
                self._threads.submit(self._run_task, message)
            self._heartbeat.beat(running=len(self._running))
            self._wait_for_event(self._choose_pause(has_found=message is not None))
        self._wait_for_tasks(time.monotonic() + STOP_SECONDS)
        self._give_back()
        self._heartbeat.end()

    def _fetch(self) -> Message | None:
        try:
            close_old_connections()
            return self.messages.fetch()
        except Exception:
            self._failures.log_exception(f"Reading the queue {self.messages.name}")
            return None

    def _choose_pause(self, *, has_found: bool) -> float:
        """Return the seconds to wait for an event before the next look at the queue, or the next heartbeat."""
        if len(self._running) == self.concurrency:
            return BEAT_SECONDS
        return 0.0 if has_found else self.interval

    def _wait_for_event(self, seconds: float) -> None:
        """Wait for at most `seconds` for an event, and handle it. A signal sets `stopping`."""
        with suppress(queue.Empty):
            ended = self._events.get(timeout=seconds)
            if ended is None:
                leases.stopping.set()
            else:
                self._running.remove(ended)

    def _wait_for_tasks(self, deadline: float) -> None:
        """Wait for the end of the running tasks, until the deadline or another signal."""
        while self._running and (left := deadline - time.monotonic()) > 0:
            with suppress(queue.Empty):
                ended = self._events.get(timeout=left)
                if ended is None:
                    return
                self._running.remove(ended)

    def _give_back(self) -> None:
        leases.release_running_leases()
        if self._running:
            with leases.suppress_database_errors("giving back messages"):
                self.messages.give_back(self._running)

    def _run_task(self, message: Message) -> None:
        try:
            close_old_connections()
            with use_work_id("task", message.pk):
                self.messages.run(message)
        except Exception:
            # The row that the task worked on is authoritative; the message is deleted some day.
            logger.exception("The end of a task of the queue %s could not be stored", self.messages.name)
        finally:
            close_old_connections()
            self._events.put(message)
