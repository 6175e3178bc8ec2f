"""The limit of invitations."""

from vanceweb.teams.access import Actor
from vanceweb.throttling.rules import INVITATION
from vanceweb.throttling.services import build_person_account, check_throttle


def count_invitation(actor: Actor) -> None:
    """Count an invitation before it is made, outside of its transaction. Raise Throttled if it is one too many."""
    check_throttle(INVITATION, address=actor.address, account=build_person_account(actor.user.pk))
