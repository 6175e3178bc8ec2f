"""The owner of a row: its team's, made by a person, and perhaps private to one."""

from dataclasses import dataclass

from django.conf import settings
from django.db import models

from vanceweb.teams.models.people import Team


@dataclass(frozen=True)
class Ownership:
    """Whose a new row is: ids of its team, of the person who made it, and of the person it is private to."""

    team_id: int
    created_by_id: int | None
    private_to_id: int | None = None

    def to_fields(self) -> dict[str, int | None]:
        """Return the fields of a `TeamOwned` row."""
        return {
            "team_id": self.team_id,
            "created_by_id": self.created_by_id,
            "private_to_id": self.private_to_id,
        }


class TeamOwned(models.Model):
    """A row that belongs to a team, was made by a person, and may be private to one.

    `private_to` is empty for rows that the whole team sees. A private row is deleted with its person, so that it never
    becomes the team's by accident.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    private_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        abstract = True

    @property
    def ownership(self) -> Ownership:
        """Whose this row is."""
        return Ownership(self.team_id, self.created_by_id, self.private_to_id)

    @property
    def is_private(self) -> bool:
        return self.private_to_id is not None
