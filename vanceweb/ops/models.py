"""The models of this room: the signs of life of the processes, and the errors of all machines."""

from django.db import models
from django.utils import timezone


class WorkerHeartbeat(models.Model):
    """The last sign of life of a worker. The worker that replaces it takes over its row, by machine and name."""

    host = models.CharField(max_length=100)
    name = models.CharField(max_length=40)
    # The queue that it works on, or the sweeper.
    kind = models.CharField(max_length=20)
    pid = models.PositiveIntegerField()
    version = models.CharField(max_length=40)
    # Tasks that run at the time of the sign.
    running = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["kind", "host", "name"]
        constraints = [models.UniqueConstraint(name="ops_heartbeat_once", fields=["host", "name"])]

    def __str__(self) -> str:
        return f"{self.name} on {self.host}"


class SharedError(models.Model):
    """An error of one of the machines, copied from its file so that the status page of any of them shows it."""

    # SHA-256 of the record: each worker of a machine copies its file.
    digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(db_index=True)
    # The fields of an ErrorRecord.
    record = models.JSONField()

    def __str__(self) -> str:
        return f"error at {self.at:%Y-%m-%d %H:%M:%S}"
