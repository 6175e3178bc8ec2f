"""The behaviour of allauth on this site: addresses, limits, messages, and the page after a sign-in."""

import time
from typing import Any
from urllib.parse import urlencode

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from vanceweb.accounts.sign_in_limits import count_attempt, forget_failures
from vanceweb.lib.client_address import get_client_address
from vanceweb.teams.audit import get_performer, record_event
from vanceweb.teams.models import AuditAction, User

# A session's address is never empty; behind a Unix socket nobody knows one.
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 - stored, not bound
ERRORS = {
    "account_inactive": _("This account is deactivated. An administrator can activate it again."),
    "enter_current_password": _("This isn't your current password."),
    "incorrect_code": _("This code is wrong or was used already. Wait for the next one."),
    "incorrect_password": _("This password is wrong."),
    "too_many_login_attempts": _("Too many wrong codes. Try again in a few minutes."),
    "rate_limited": _("Too many attempts. Try again in a few minutes."),
    "username_password_mismatch": _("The name and the password don't belong together. Both are case-sensitive."),
}
CONFIRMATIONS = {
    "reauthenticate": _("your password"),
    "mfa_reauthenticate": _("a code"),
    "mfa_reauthenticate:webauthn": _("a passkey"),
}
# What allauth has to say, by the name of its template. The other messages aren't needed: the page shows it.
MESSAGES = {
    "mfa/messages/totp_activated.txt": _("Your authenticator app is set up. Signing in asks for a code from now on."),
    "mfa/messages/totp_deactivated.txt": _("The authenticator app is removed."),
    "mfa/messages/webauthn_added.txt": _("The passkey is added."),
    "mfa/messages/webauthn_removed.txt": _("The passkey is removed."),
    "mfa/messages/recovery_codes_generated.txt": _("You have new recovery codes. Earlier ones no longer work."),
    "socialaccount/messages/account_connected.txt": _("The sign-in is connected with your account."),
    "socialaccount/messages/account_connected_updated.txt": _("The sign-in is connected with your account."),
    "socialaccount/messages/account_connected_other.txt": _("This sign-in belongs to another account here."),
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | ERRORS

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address past the trusted proxies."""
        return get_client_address(request) or UNKNOWN_ADDRESS

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: the site's own pages sign people up (accounts/sign_up.py)."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Return whether a redirect stays on this site, whatever the Host header says."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse if there were too many failures."""
        count_attempt(request, account=credentials["username"])

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record a wrong password. A name that nobody has may be a password in the wrong field: no log."""
        user = User.objects.filter(username__iexact=credentials["username"]).first()
        record_event(AuditAction.SIGN_IN_FAILED, by=get_performer(request), target=user, method="password")

    def reauthenticate(self, user: User, password: str) -> bool:
        """Return whether this is the password of the person who is signed in."""
        is_right: bool = super().reauthenticate(user, password)
        if is_right:
            forget_failures(self.request, account=user.get_username())
        return is_right

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse:
        """Lead whoever has no mail address to the page that asks for one."""
        response: HttpResponse = super().post_login(request, user, **options)
        if EmailAddress.objects.filter(user=user).exists():
            return response
        return redirect(f"{reverse('account-email')}?{urlencode({'next': response['Location'], 'ask': '1'})}")

    def add_message(
        self, request: HttpRequest, level: int, message_template: str = "", *args: Any, **options: Any
    ) -> None:
        """Say it in this site's words, or not at all."""
        if text := options.get("message") or MESSAGES.get(message_template):
            messages.add_message(request, level, str(text))

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Return the ways in which a person shows that it is them, in this site's words."""
        return [way | {"description": CONFIRMATIONS[way["id"]]} for way in super().get_reauthentication_methods(user)]

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Return whether to ask again who is there: some minutes after a sign-in, and if there is a way to show it."""
        user = self.request.user
        if self._has_just_signed_in(user) or not self.get_reauthentication_methods(user):
            return False
        required: bool = super().is_reauthentication_required(app=app, **options)
        return required

    def _has_just_signed_in(self, user: User) -> bool:
        steps = get_authentication_records(self.request, user)
        return bool(steps) and time.time() - steps[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT
