"""The mails of accounts, and the signed links in them. Without a mail server nothing is sent."""

import logging
from smtplib import SMTPException

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from vanceweb.accounts.services import build_reset_link
from vanceweb.teams.models import User

# A working day and a night, as for a new password.
LINK_SECONDS = 24 * 3600
CONFIRM_SALT, SIGN_UP_SALT = "vanceweb.accounts.confirm", "vanceweb.accounts.sign-up"

logger = logging.getLogger(__name__)


def send_confirmation(address: EmailAddress) -> None:
    """Ask the reader of an address to confirm that it is theirs. An address that somebody else has gets no mail."""
    if EmailAddress.objects.filter(email=address.email, verified=True).exclude(user_id=address.user_id).exists():
        return
    key = signing.dumps([address.user_id, address.email], salt=CONFIRM_SALT)
    _send(address.email, _("Confirm your address"), "confirm", link=_build_link("account-email-confirm", key))


def read_confirmation(key: str) -> EmailAddress | None:
    """Return the address that a link confirms; None if the link is wrong or old, or the address was changed."""
    try:
        user_id, email = signing.loads(key, salt=CONFIRM_SALT, max_age=LINK_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return EmailAddress.objects.filter(user_id=user_id, email=email).select_related("user").first()


def send_reset_link(email: str) -> None:
    """Send a link for a new password to whoever has this confirmed address. Nobody else gets mail."""
    address = EmailAddress.objects.filter(email=email.lower(), verified=True, user__is_active=True).first()
    if address is not None:
        user: User = address.user
        hours = str(settings.PASSWORD_RESET_TIMEOUT // 3600)
        link = build_reset_link(user)
        _send(address.email, _("Set a new password"), "reset", link=link, name=user.get_username(), hours=hours)


def send_sign_up_link(email: str) -> None:
    """Send a link that creates an account. Whoever has one already is told so instead, in the mail only."""
    if EmailAddress.objects.filter(email=email, verified=True).exists():
        _send(email, _("You have an account"), "known", link=_build_link("login"))
        return
    key = signing.dumps(email, salt=SIGN_UP_SALT)
    _send(email, _("Create your account"), "sign_up", link=_build_link("sign-up-finish", key))


def read_sign_up(key: str) -> str:
    """Return the address that a link has confirmed; empty if the link is wrong, old or was used."""
    try:
        email: str = signing.loads(key, salt=SIGN_UP_SALT, max_age=LINK_SECONDS)
    except signing.BadSignature:
        return ""
    return "" if EmailAddress.objects.filter(email=email, verified=True).exists() else email


def _build_link(name: str, *arguments: str) -> str:
    """Return a URL under the site's public address: a forged Host header mustn't lead people elsewhere."""
    return f"{settings.PUBLIC_URL}{reverse(name, args=arguments)}"


def _send(email: str, subject: str, template: str, **context: str) -> None:
    """Send a mail. A server that refuses it is logged without its address, and looks to the person like no account."""
    if not settings.HAS_MAIL:
        return
    context = {"hours": str(LINK_SECONDS // 3600), "site": settings.PUBLIC_URL} | context
    text = render_to_string(f"accounts/mail/{template}.txt", context)
    try:
        send_mail(f"{subject} · vanceweb", text, None, [email])
    except (SMTPException, OSError) as error:
        logger.warning("A mail couldn't be sent: %s", type(error).__name__)
