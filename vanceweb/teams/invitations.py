"""Invitations to teams: made and revoked by those who may grant the role, accepted once.

An invitation is void while whoever made it may not grant its role any more.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.teams.access import Actor, get_actor, require_grant, require_revocable
from vanceweb.teams.audit import Performer, record_event
from vanceweb.teams.link_secrets import create_secret, hash_secret
from vanceweb.teams.memberships import lock_teams
from vanceweb.teams.models import AuditAction, Invitation, Membership, Role, User
from vanceweb.teams.tasks import send_invitations

# The id of the invitation that somebody has opened, in their session.
SESSION_KEY = "invitation"


class InvitationVoid(Exception):
    """Nobody can join by this link any more. The message is a sentence for whoever opened it."""


@transaction.atomic
def create_invitation(*, actor: Actor, role: Role, days: int, email: str = "") -> tuple[Invitation, str]:
    """Invite somebody to the actor's team for so many days. Return the invitation and the secret of its link.

    One with an address is sent by mail; only that mail has the link, and the secret here is empty. Raise
    PermissionDenied for a role that the actor can't grant, and ValidationError with the field `email`.
    """
    require_grant(actor, role)
    secret = "" if email else create_secret()
    if email:
        _check_address(actor, email)
    now = timezone.now()
    invitation = Invitation.objects.create(
        team=actor.team,
        role=role,
        email=email,
        digest=hash_secret(secret) if secret else None,
        created_by=actor.user,
        expires_at=now + timedelta(days=days),
        not_before=now if email else None,
    )
    record_event(
        AuditAction.INVITATION_CREATED,
        by=actor.performer,
        target=invitation,
        role=role,
        expires=invitation.expires_at.date(),
    )
    if email:
        send_invitations.enqueue()
    return invitation, secret


@transaction.atomic
def revoke_invitation(*, actor: Actor, invitation: Invitation) -> bool:
    """Take an invitation back. Return False if it wasn't open any more. Raise PermissionDenied."""
    require_revocable(actor, invitation)
    open_one = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if open_one.update(revoked_at=timezone.now(), not_before=None) == 0:
        return False
    record_event(AuditAction.INVITATION_REVOKED, by=actor.performer, target=invitation, role=invitation.role)
    return True


@transaction.atomic
def accept_invitation(*, invitation: Invitation, user: User, by: Performer) -> Membership:
    """Put the user into the team with the invitation's role. The invitation is used up.

    Raise InvitationVoid, and ValidationError for somebody who is in the team already: then it stays open.
    """
    lock_teams([invitation.team_id])
    current = Invitation.objects.select_related("team", "created_by").get(pk=invitation.pk)
    check_invitation(current)
    if Membership.objects.filter(team=current.team, user=user).exists():
        raise ValidationError(_("You are in this team already."))
    open_one = Invitation.objects.filter(pk=current.pk, accepted_at=None, revoked_at=None)
    if open_one.update(accepted_at=timezone.now(), accepted_by=user, not_before=None) == 0:
        raise InvitationVoid(_("This invitation has been used already."))
    membership = Membership.objects.create(team=current.team, user=user, role=current.role)
    record_event(AuditAction.INVITATION_ACCEPTED, by=by, team=current.team, target=user, role=current.role)
    return membership


def find_invitation(secret: str) -> Invitation:
    """Return the invitation with this secret. Raise InvitationVoid with the reason why nobody can join by it."""
    found = Invitation.objects.select_related("team", "created_by").filter(digest=hash_secret(secret)).first()
    if found is None:
        raise InvitationVoid(_("This link is not valid. Check that you have copied all of it."))
    check_invitation(found)
    return found


def find_pending_invitation(request: HttpRequest) -> Invitation | None:
    """Return the invitation that the person has opened in this session, if it is still open."""
    try:
        uuid = UUID(str(request.session.get(SESSION_KEY)))
    except ValueError:
        return None
    invitation = Invitation.objects.select_related("team", "created_by").filter(uuid=uuid).first()
    try:
        if invitation is not None:
            check_invitation(invitation)
    except InvitationVoid:
        return None
    return invitation


def check_invitation(invitation: Invitation) -> None:
    """Raise InvitationVoid unless somebody can still join by the invitation."""
    if invitation.accepted_at:
        raise InvitationVoid(_("This invitation has been used already."))
    if invitation.revoked_at:
        raise InvitationVoid(_("This invitation was taken back. Ask for a new one."))
    if invitation.expires_at <= timezone.now():
        raise InvitationVoid(_("This invitation has expired. Ask for a new one."))
    maker = invitation.created_by
    actor = get_actor(maker, invitation.team) if maker else None
    if actor is None or not actor.can_grant(Role(invitation.role)):
        raise InvitationVoid(_("This invitation is void. Ask an owner or admin of the team for a new one."))


def _check_address(actor: Actor, email: str) -> None:
    """Raise ValidationError for an address that no invitation can be sent to."""
    if not settings.HAS_MAIL:
        raise ValidationError({"email": [_("This site sends no mail. Leave the address out and pass the link on.")]})
    if actor.team.memberships.filter(user__email__iexact=email).exists():
        raise ValidationError({"email": [_("This person is already in the team.")]})
