"""The page of one's own account: everything about the sign-in in one place."""

from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from vanceweb.accounts.passkey_hosts import can_use_passkeys
from vanceweb.accounts.services import end_other_sessions, end_session, remove_connected_account
from vanceweb.accounts.session_tracking import list_sessions
from vanceweb.teams.access import get_person
from vanceweb.teams.audit import get_performer


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Show how the person signs in, from where they are signed in, and what they can change."""
    user = get_person(request)
    factors = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    connected = list(SocialAccount.objects.filter(user=user).order_by("date_joined"))
    names = {app["provider_id"]: app["name"] for app in settings.OIDC_APPS}
    context = {
        "addresses": EmailAddress.objects.filter(user=user).order_by("-verified"),
        "authenticator": next((factor for factor in factors if factor.type == Authenticator.Type.TOTP), None),
        "passkeys": [factor for factor in factors if factor.type == Authenticator.Type.WEBAUTHN],
        "recovery_codes": next(
            (factor for factor in factors if factor.type == Authenticator.Type.RECOVERY_CODES), None
        ),
        "has_passkeys": can_use_passkeys(request),
        "public_url": settings.PUBLIC_URL,
        "has_mail": settings.HAS_MAIL,
        "sessions": list_sessions(user),
        "connected": [(row, names.get(row.provider, row.provider)) for row in connected],
        "providers": [
            app for app in settings.OIDC_APPS if app["provider_id"] not in {row.provider for row in connected}
        ],
    }
    return render(request, "accounts/account.html", context)


@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out one of the person's browsers."""
    session = get_object_or_404(UserSession, pk=pk, user=get_person(request))
    end_session(session=session, by=get_performer(request))
    messages.success(request, _("That browser is signed out."))
    return redirect("account")


@require_POST
def sessions_end(request: HttpRequest) -> HttpResponse:
    """Sign out all browsers of the person except this one."""
    count = end_other_sessions(
        user=get_person(request), session_key=str(request.session.session_key), by=get_performer(request)
    )
    sentence = ngettext("%(count)d other browser is signed out.", "%(count)d other browsers are signed out.", count)
    messages.success(request, sentence % {"count": count})
    return redirect("account")


@require_POST
@reauthentication_required(app="allauth.socialaccount")
def connected_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a sign-in by OpenID Connect from the account."""
    connected = get_object_or_404(SocialAccount, pk=pk, user=get_person(request))
    try:
        remove_connected_account(account=connected, by=get_performer(request))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("The connection is removed. You sign in with your password."))
    return redirect("account")
