"""Recording audit events. Services call `record_event` inside the transaction of what they record."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from vanceweb.lib.client_address import get_client_address
from vanceweb.teams.models import AuditAction, AuditEvent, Team, User, Via

# What an event may tell beside its target. None of it is a secret, and free text has no place among it.
DETAIL_NAMES = frozenset(
    {
        "role",
        "old_role",
        "name",
        "old_name",
        "count",
        "expires",
        "service",
        "scopes",
        "state",
        "format",
        "method",
        "credits",
        "old_credits",
        "period",
        "price",
        "since",
    }
)
DETAIL_LENGTH = 200


@dataclass(frozen=True)
class Performer:
    """Whoever does something, and from where: a person in a team or outside of any, a command, or the site itself."""

    user: User | None = None
    team: Team | None = None
    address: str = ""
    via: Via = Via.SITE


COMMAND = Performer(via=Via.COMMAND)
SITE = Performer(via=Via.SITE)


def get_performer(request: HttpRequest, user: User | None = None) -> Performer:
    """Return the person behind a request outside of any team; `user` for one who is just signing in."""
    if user is None and isinstance(request.user, User):
        user = request.user
    return Performer(user=user, address=get_client_address(request), via=Via.SESSION)


def record_event(
    action: AuditAction,
    *,
    by: Performer,
    target: Model | None = None,
    team: Team | None = None,
    is_named: bool = True,
    **details: Any,
) -> AuditEvent:
    """Add an event to the audit log.

    `team` is the team that it concerns, if that isn't the performer's. The target's name is left out unless it
    `is_named`: that of somebody's private picture is nobody else's to read. Raise ValueError for a detail that the log
    doesn't know: secrets can't get in by accident.
    """
    if unknown := details.keys() - DETAIL_NAMES:
        raise ValueError(f"The audit log knows no detail named {', '.join(sorted(unknown))}.")
    concerned = team or by.team
    return AuditEvent.objects.create(
        action=action,
        team_pk=concerned.pk if concerned else None,
        team_name=concerned.name if concerned else "",
        person_pk=by.user.pk if by.user else None,
        person_name=by.user.get_username() if by.user else "",
        via=by.via,
        address=by.address or None,
        target_kind="" if target is None else str(target._meta.model_name),
        target_id="" if target is None else str(getattr(target, "uuid", target.pk)),
        target_name="" if target is None or not is_named else str(target)[:200],
        details={name: str(value)[:DETAIL_LENGTH] for name, value in details.items()},
    )
