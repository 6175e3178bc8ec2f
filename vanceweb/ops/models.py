"""The models of this room: the signs of life of the processes."""

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
