"""Reports of Django and allauth about sign-ins and second factors, for the audit log."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.signals import social_account_added
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from vanceweb.accounts.session_tracking import mark_seen, note_session
from vanceweb.accounts.sign_in_limits import forget_failures
from vanceweb.teams.audit import get_performer, record_event
from vanceweb.teams.models import AuditAction, User


@receiver(user_logged_in)
def record_sign_in(request: HttpRequest, user: User, **options: Any) -> None:
    """Record a sign-in and its browser, however it came about."""
    mark_seen(request)
    # The request of a test that signs somebody in has no method, as it is none.
    if request.method:
        note_session(request, user)
        forget_failures(request, account=user.get_username())
        record_event(AuditAction.SIGNED_IN, by=get_performer(request, user))


@receiver(user_logged_out)
def record_sign_out(request: HttpRequest, user: User | None, **options: Any) -> None:
    """Record a sign-out of somebody who was signed in."""
    if user is not None and request.method:
        record_event(AuditAction.SIGNED_OUT, by=get_performer(request, user))


@receiver(authenticator_added)
@receiver(authenticator_reset)
def record_added_factor(request: HttpRequest, user: User, authenticator: Authenticator, **options: Any) -> None:
    """Record a new second factor, or new recovery codes."""
    is_codes = authenticator.type == Authenticator.Type.RECOVERY_CODES
    action = AuditAction.RECOVERY_CODES_CREATED if is_codes else AuditAction.TWO_FACTOR_ADDED
    record_event(action, by=get_performer(request, user), target=user, method=authenticator.type)


@receiver(authenticator_removed)
def record_removed_factor(request: HttpRequest, user: User, authenticator: Authenticator, **options: Any) -> None:
    """Record the end of a second factor."""
    record_event(
        AuditAction.TWO_FACTOR_REMOVED, by=get_performer(request, user), target=user, method=authenticator.type
    )


@receiver(authentication_failed)
def record_wrong_code(request: HttpRequest, user: User, **options: Any) -> None:
    """Record a wrong code of a second factor."""
    record_event(AuditAction.SIGN_IN_FAILED, by=get_performer(request), target=user, method="code")


@receiver(social_account_added)
def record_connected_sign_in(request: HttpRequest, sociallogin: SocialLogin, **options: Any) -> None:
    """Record that a sign-in by OpenID Connect opens the account from now on."""
    user = sociallogin.user
    record_event(
        AuditAction.SIGN_IN_CONNECTED,
        by=get_performer(request, user),
        target=user,
        service=sociallogin.account.provider,
    )
