"""Leaving a team, and removing somebody from it: the membership, private work, shared connections, webhooks."""

from django.db import transaction
from django.utils.translation import gettext as _

from vanceweb.api.webhook_services import leave_webhooks
from vanceweb.ops.private_work import (
    Fate,
    count_private_work,
    delete_work,
    forget_spender,
    hand_over_work,
    share_work,
)
from vanceweb.teams.access import Actor, list_successors
from vanceweb.teams.audit import Performer, record_event
from vanceweb.teams.memberships import MembershipRefused, end_membership
from vanceweb.teams.models import AuditAction, Membership, User
from vanceweb.vault.models import Connection


@transaction.atomic
def leave_team(*, actor: Actor, fate: Fate, successor: User | None = None) -> None:
    """Take the actor out of their team. Raise MembershipRefused with a sentence that says what to do."""
    membership = Membership.objects.get(team=actor.team, user=actor.user)
    _end(actor=actor, membership=membership, fate=fate, successor=successor)


@transaction.atomic
def remove_member(*, actor: Actor, membership: Membership, fate: Fate, successor: User | None = None) -> None:
    """Take somebody out of the actor's team. Their private connections are deleted, since nobody else's consent counts.

    Raise PermissionDenied, and MembershipRefused with a sentence that says what to do.
    """
    if fate == Fate.SHARE:
        raise MembershipRefused(_("Only the person themselves can share private work with the team."))
    _end(actor=actor, membership=membership, fate=fate, successor=successor)


def _end(*, actor: Actor, membership: Membership, fate: Fate, successor: User | None) -> None:
    user = membership.user
    # It locks the team and checks everything about roles.
    end_membership(actor=actor, membership=membership)
    work = count_private_work(team=actor.team, user=user)
    is_needed = bool(work.shared_connections) or (work.has_private and fate == Fate.HAND_OVER)
    if is_needed and successor not in list_successors(actor.team, user):
        raise MembershipRefused(_("Choose a successor who is in the team and may run jobs."))
    if successor is not None:
        for connection in work.shared_connections:
            give_keeper(by=actor.performer, connection=connection, keeper=successor)
    leave_webhooks(user=user, by=actor.performer)
    forget_spender(actor.team, user)
    is_own = user.pk == actor.user.pk
    if fate == Fate.DELETE:
        delete_work(team=actor.team, user=user)
    elif fate == Fate.SHARE:
        share_work(team=actor.team, user=user)
    elif successor is not None:
        hand_over_work(team=actor.team, user=user, heir=successor, with_connections=is_own)
        if work.has_private:
            record_event(
                AuditAction.WORK_HANDED_OVER,
                by=actor.performer,
                target=successor,
                name=user.get_username(),
                count=work.pictures + work.jobs,
            )


def give_keeper(*, by: Performer, connection: Connection, keeper: User) -> None:
    """Let another person keep a shared connection. Its maker stays, so that the keeper can't take it from the team.

    `vault.keeping` has the same for members; whoever calls this has checked it, and needn't be in the team.
    """
    Connection.objects.filter(pk=connection.pk).update(keeper=keeper)
    record_event(AuditAction.CONNECTION_HANDED_OVER, by=by, target=connection, name=keeper.get_username())
