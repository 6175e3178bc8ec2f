"""Writes on accounts: addresses, passwords, second factors, sessions, and whether a person may sign in at all."""

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from vanceweb.teams.audit import Performer, record_event
from vanceweb.teams.memberships import MembershipRefused, check_owned_teams
from vanceweb.teams.models import AuditAction, User
from vanceweb.teams.services import check_administrator_stays


@transaction.atomic
def set_email(*, user: User, email: str, by: Performer) -> None:
    """Give a person a confirmed mail address in place of any earlier one, or none if `email` is empty.

    Addresses come to here from an administrator, a command, or an invitation that was sent to them. Raise
    ValidationError with the field `email`.
    """
    email = email.strip().lower()
    if email:
        _require_usable_address(email)
    old = EmailAddress.objects.filter(user=user)
    if old.filter(email=email, verified=True, primary=True).exists() or (not email and not old.exists()):
        return
    old.delete()
    if email:
        try:
            with transaction.atomic():
                EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        except IntegrityError:
            raise ValidationError({"email": [_("Somebody else has this address.")]}) from None
    User.objects.filter(pk=user.pk).update(email=email)
    user.email = email
    record_event(AuditAction.EMAIL_CHANGED, by=by, target=user)


@transaction.atomic
def note_email(*, user: User, email: str) -> EmailAddress:
    """Store an address that a person gives themselves. It counts for nothing until it is confirmed.

    Raise ValidationError with the field `email`.
    """
    email = email.strip().lower()
    _require_usable_address(email)
    EmailAddress.objects.filter(user=user, verified=False).exclude(email=email).delete()
    address, _created = EmailAddress.objects.get_or_create(user=user, email=email)
    return address


@transaction.atomic
def change_password(*, user: User, password: str, by: Performer, session_key: str = "") -> None:
    """Change a person's password and end all their sessions except the one named."""
    user.set_password(password)
    user.save(update_fields=["password"])
    forget_sessions(user=user, except_key=session_key)
    record_event(AuditAction.PASSWORD_CHANGED, by=by, target=user)


@transaction.atomic
def reset_password(*, user: User, password: str, by: Performer) -> None:
    """Set a new password through a link. It ends all sessions, and with the old password the link."""
    user.set_password(password)
    user.save(update_fields=["password"])
    forget_sessions(user=user)
    record_event(AuditAction.PASSWORD_RESET, by=by, target=user)


@transaction.atomic
def create_reset_link(*, user: User, by: Performer) -> str:
    """Return a link at which the person sets a new password, for whoever hands it out.

    It works once and for PASSWORD_RESET_TIMEOUT seconds: its key is made of the present password, the addresses and the
    last sign-in. Nothing of it is stored.
    """
    record_event(AuditAction.RESET_LINK_CREATED, by=by, target=user)
    return build_reset_link(user)


def build_reset_link(user: User) -> str:
    """Return the URL of the page for a new password, under the site's public address whatever the request says."""
    # As the database has them: a sign-in since would spoil the key.
    user = User.objects.get(pk=user.pk)
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
    return f"{settings.PUBLIC_URL}{path}"


@transaction.atomic
def reset_two_factor(*, user: User, by: Performer) -> int:
    """Remove a person's authenticator, passkeys and recovery codes and return their number; end their sessions."""
    count: int = Authenticator.objects.filter(user=user).delete()[0]
    forget_sessions(user=user)
    record_event(AuditAction.TWO_FACTOR_RESET, by=by, target=user, count=count)
    return count


@transaction.atomic
def deactivate_person(*, user: User, by: Performer) -> None:
    """Keep a person from signing in and end their sessions. Their work stays. Do nothing if they are inactive.

    Raise ValidationError for the only administrator, without whom nobody could undo it, and for the only owner of a
    team with other people.
    """
    try:
        check_owned_teams(user)
    except MembershipRefused as refusal:
        raise ValidationError(str(refusal)) from None
    check_administrator_stays(user)
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        user.is_active = False
        forget_sessions(user=user)
        record_event(AuditAction.PERSON_DEACTIVATED, by=by, target=user)


@transaction.atomic
def activate_person(*, user: User, by: Performer) -> None:
    """Let a deactivated person sign in again. Do nothing if they are active."""
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        user.is_active = True
        record_event(AuditAction.PERSON_ACTIVATED, by=by, target=user)


@transaction.atomic
def end_session(*, session: UserSession, by: Performer) -> None:
    """Sign a browser out."""
    session.end()
    record_event(AuditAction.SESSION_ENDED, by=by, target=session.user, count=1)


@transaction.atomic
def end_other_sessions(*, user: User, session_key: str, by: Performer) -> int:
    """Sign out all browsers of a person except the one with this session. Return their number."""
    count = forget_sessions(user=user, except_key=session_key)
    record_event(AuditAction.SESSION_ENDED, by=by, target=user, count=count)
    return count


def forget_sessions(*, user: User, except_key: str = "") -> int:
    """Delete the sessions of a person except one. Return their number."""
    sessions = list(UserSession.objects.filter(user=user).exclude(session_key=except_key))
    for session in sessions:
        session.end()
    return len(sessions)


@transaction.atomic
def remove_connected_account(*, account: SocialAccount, by: Performer) -> None:
    """Remove a sign-in by OpenID Connect. Raise ValidationError if it is the only way in."""
    user: User = account.user
    others = SocialAccount.objects.filter(user=user).exclude(pk=account.pk)
    if not user.has_usable_password() and not others.exists():
        raise ValidationError(_("You have no password: without this connection you couldn't sign in any more."))
    account.delete()
    record_event(AuditAction.SIGN_IN_DISCONNECTED, by=by, target=user, service=account.provider)


def _require_usable_address(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError({"email": error.messages}) from None
