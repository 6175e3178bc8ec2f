"""An export of the history of charges as a file, written in the background."""

from uuid import uuid4

from django.db import models
from django.utils import timezone

from vanceweb.lib.leases import LeasedModel
from vanceweb.teams.models import TeamOwned


class UsageExport(TeamOwned, LeasedModel):
    """A file with the charges that a person asked for. Always private to them; it is kept until `expires_at`."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    # The filter of the history page, as the query of its address.
    query = models.TextField(blank=True)
    # Rows to write, and rows written; the first is unknown until a worker has counted them.
    total_rows = models.PositiveBigIntegerField(null=True, blank=True)
    done_rows = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["team", "private_to", "-created_at"], name="usage_exports")]

    def __str__(self) -> str:
        return f"export {self.uuid}"

    @property
    def path(self) -> str:
        """The name of the file in the default storage."""
        return f"exports/{self.uuid}.xlsx"

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def is_done(self) -> bool:
        return self.state == self.State.DONE
