"""Signing in with a password, a passkey or a code, and signing out."""

from typing import Any

from allauth.account.views import LoginView, ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as CodeReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from vanceweb.accounts.forms import SignInForm
from vanceweb.accounts.passkey_hosts import can_use_passkeys
from vanceweb.accounts.sign_up import has_invitation
from vanceweb.accounts.views.refusals import RefusalMixin
from vanceweb.teams.models import User


class SignInView(RefusalMixin, LoginView):
    """The sign-in page, with instructions on an installation without users."""

    template_name = "accounts/sign_in.html"
    form_class = SignInForm

    def get_context_data(self, **options: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**options)
        return context | {
            "nobody_yet": not User.objects.exists(),
            "providers": settings.OIDC_APPS,
            "has_mail": settings.HAS_MAIL,
            "has_sign_up": settings.HAS_MAIL and settings.SIGN_UP == "domains",
            "has_invitation": has_invitation(self.request),
            "has_passkeys": can_use_passkeys(self.request),
        }


class CodeView(RefusalMixin, AuthenticateView):
    """The second factor at the sign-in: a code, or a passkey."""

    template_name = "accounts/code.html"

    def get_context_data(self, **options: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**options)
        types = set(Authenticator.objects.filter(user=self.stage.login.user).values_list("type", flat=True))
        passkeys = {Authenticator.Type.WEBAUTHN}
        return context | {
            "has_passkey": bool(types & passkeys),
            "has_code": bool(types - passkeys),
            "has_app": Authenticator.Type.TOTP in types,
        }


class PasskeySignInView(LoginWebAuthnView):
    """The sign-in with a passkey alone. A GET by the script gives the challenge."""

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, _("This passkey wasn't accepted. Sign in with your password instead."))
        return redirect("login")


class PasswordConfirmationView(RefusalMixin, ReauthenticateView):
    """A page that asks again who is there, before something important is changed."""

    template_name = "accounts/confirm_password.html"


class CodeConfirmationView(RefusalMixin, CodeReauthenticateView):
    """The same with a code."""

    template_name = "accounts/confirm_code.html"


class PasskeyConfirmationView(ReauthenticateWebAuthnView):
    template_name = "accounts/confirm_passkey.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, _("This passkey wasn't accepted. Nothing has changed."))
        return redirect("account")


@require_safe
@login_not_required
def inactive(request: HttpRequest) -> HttpResponse:
    """Tell a deactivated person, who gave the right password, why they can't get in."""
    return render(request, "accounts/inactive.html", status=403)


@method_decorator(login_not_required, name="dispatch")
class SignOutView(auth_views.LogoutView):
    """The sign-out. Users who are already signed out needn't sign in to reach it."""


sign_in = SignInView.as_view()
code = CodeView.as_view()
passkey_sign_in = PasskeySignInView.as_view()
password_confirmation = PasswordConfirmationView.as_view()
code_confirmation = CodeConfirmationView.as_view()
passkey_confirmation = PasskeyConfirmationView.as_view()
sign_out = SignOutView.as_view()
