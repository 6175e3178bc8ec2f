"""Signs of life that workers write from their main loop, with new errors, for the page of the installation's status."""

import os
import socket
import time
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from vanceweb import __version__
from vanceweb.lib.leases import suppress_database_errors
from vanceweb.ops.models import WorkerHeartbeat
from vanceweb.ops.shared_errors import ErrorSharing

# One short write of each process in this time, which no idle machine notices.
BEAT_SECONDS = 10.0
# Silent for four beats: a database that is locked for its full timeout costs two.
SILENT_SECONDS = 45.0
# A worker that was silent for so long won't come back under this name.
KEEP = timedelta(days=1)
PRUNE_SECONDS = 3600.0
SWEEPER = "sweep"


class ProcessHeartbeat:
    """The signs of life of this process, a worker of the `kind` (its queue) under its `name`."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        self.host = socket.gethostname()[:100]
        self._started_at = timezone.now()
        self._next_beat = 0.0
        self._errors = ErrorSharing(settings.ERRORS_FILE)

    def beat(self, *, running: int = 0) -> None:
        """Write a sign of life and share new errors, if that is due. A database error costs this and nothing else."""
        now = time.monotonic()
        if now < self._next_beat:
            return
        self._next_beat = now + BEAT_SECONDS
        with suppress_database_errors(f"the heartbeat of {self.name}"):
            self._write(running)
            self._errors.copy_new_errors()

    def end(self) -> None:
        """Remove the row: the process ends because somebody wants it to."""
        with suppress_database_errors(f"the end of {self.name}"):
            WorkerHeartbeat.objects.filter(host=self.host, name=self.name, pid=os.getpid()).delete()

    def _write(self, running: int) -> None:
        fields = {"seen_at": timezone.now(), "running": running}
        own = WorkerHeartbeat.objects.filter(host=self.host, name=self.name, pid=os.getpid())
        if not own.update(**fields):
            fields |= {"kind": self.kind, "pid": os.getpid(), "version": __version__, "started_at": self._started_at}
            WorkerHeartbeat.objects.update_or_create(host=self.host, name=self.name, defaults=fields)


def remove_old_heartbeats() -> None:
    """Remove the rows of workers that nobody has started again for a day, at most once in PRUNE_SECONDS."""
    if cache.add("ops.remove_old_heartbeats", True, PRUNE_SECONDS):
        WorkerHeartbeat.objects.filter(seen_at__lt=timezone.now() - KEEP).delete()
