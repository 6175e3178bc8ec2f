"""Sign-in by OpenID Connect: which account it opens, and who may get one."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from requests import Session

from vanceweb.accounts.sign_up import can_sign_up
from vanceweb.teams.models import User


class OIDCAdapter(DefaultSocialAccountAdapter):
    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Return the providers of the settings. Rows in the database aren't asked: nothing here writes them."""
        apps = [SocialApp(provider="openid_connect", **app) for app in settings.OIDC_APPS]
        return [app for app in apps if provider in (None, app.provider, app.provider_id)]

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """Return the person whose confirmed address the provider vouches for.

        Linking is safe only if both sides know that the address belongs to the person. A provider is believed for the
        domains that the operator named: others let their users write any address there, and some call it verified.
        Here, an address that isn't confirmed counts for nothing, or somebody could wait for its owner with an account.
        """
        if not (email := find_vouched_email(sociallogin)):
            return None
        address = EmailAddress.objects.filter(email=email, verified=True).select_related("user").first()
        return None if address is None else (address.user, email)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Return True, or show the page that says who gets an account."""
        email = find_vouched_email(sociallogin)
        if not can_sign_up(request, email=email):
            page = render(request, "accounts/sign_up_closed.html", {"provider": sociallogin.provider.name}, status=403)
            raise ImmediateHttpResponse(page)
        # The account gets no other address: it would count as confirmed.
        sociallogin.email_addresses = [EmailAddress(email=email, verified=True, primary=True)] if email else []
        sociallogin.user.email = email
        return True

    def on_authentication_error(self, request: HttpRequest, provider: Any, **options: Any) -> None:
        """Go back to where the person came from, and say so."""
        state = (options.get("extra_context") or {}).get("state") or {}
        messages.error(
            request, _("Signing in with %(name)s didn't work. Nothing has changed.") % {"name": provider.name}
        )
        raise ImmediateHttpResponse(redirect("account" if state.get("process") == AuthProcess.CONNECT else "login"))

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        """Return the account page."""
        return reverse("account")

    def get_requests_session(self) -> Session:
        """Return a session for calls to a provider, which ignores the environment's proxies as all calls here do."""
        session: Session = super().get_requests_session()
        session.trust_env = False
        if settings.OUTBOUND_PROXY:
            session.proxies = {"http": settings.OUTBOUND_PROXY.url, "https": settings.OUTBOUND_PROXY.url}
        return session


def find_vouched_email(sociallogin: SocialLogin) -> str:
    """Return the address that the provider has verified and is believed for, in lower case; empty without one."""
    domains = sociallogin.provider.app.settings["email_domains"]
    for address in sociallogin.email_addresses:
        email = address.email.lower()
        if address.verified and email.rpartition("@")[2] in domains:
            return str(email)
    return ""
