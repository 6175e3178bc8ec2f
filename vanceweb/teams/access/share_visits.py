"""Visits to share links, by people without an account."""

from dataclasses import dataclass

from vanceweb.teams.access.actor_lookup import get_actor
from vanceweb.teams.models import TeamOwned


@dataclass(frozen=True)
class ShareVisit:
    """Somebody without an account who has the address of a share link. They see its rows and may do nothing.

    `private_to_id` is the person whose private rows the link shows, if it does.
    """

    team_id: int
    private_to_id: int | None

    def can_see(self, row: TeamOwned) -> bool:
        """Return whether the link may show a row: one that is still its team's, or private to its own person."""
        return row.team_id == self.team_id and row.private_to_id in (None, self.private_to_id)


def find_share_visit(link: TeamOwned) -> ShareVisit | None:
    """Return the visit to a share link; None while its team is being deleted, or once its own person has left.

    A link to the team's rows lives on when the person who made it leaves: it is the team's.
    """
    if link.team.is_closed:
        return None
    person = link.private_to
    if person is not None and get_actor(person, link.team) is None:
        return None
    return ShareVisit(link.team_id, link.private_to_id)
