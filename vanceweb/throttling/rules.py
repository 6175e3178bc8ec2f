"""The throttled kinds of requests, and why they are throttled. `settings.THROTTLES` has the limits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from vanceweb.throttling.rates import Rate

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Rule:
    """A kind of request with limits. `title` and `sentence` are for the person who came upon one."""

    name: str
    reason: str
    title: "StrOrPromise"
    sentence: "StrOrPromise"

    @property
    def rates(self) -> tuple[Rate, ...]:
        """The limits in force, the most specific first."""
        limits: tuple[Rate, ...] = settings.THROTTLES[self.name]
        return limits


_TOO_MANY = _("Too many requests")

SIGN_IN = Rule(
    "sign-in",
    "Passwords and codes of the second factor can't be guessed one after the other. Only failures count.",
    _("Too many failed attempts to sign in"),
    _("Signing in is blocked for a while, so that nobody can guess passwords. Your password hasn't changed."),
)
PASSWORD_RESET = Rule(
    "password-reset",
    "Nobody floods a mailbox, or finds out by many tries who has an account.",
    _("Too many requests for a new password"),
    _("No further link was sent. The last one still works."),
)
SHARE_PASSWORD = Rule(
    "share-password",
    "The password of a share link can't be guessed. Only failures count.",
    _("Too many wrong passwords"),
    _("This share link is blocked for a while, so that nobody can guess its password."),
)
INVITATION = Rule(
    "invitation",
    "Nobody sends mail to many strangers through the site.",
    _("Too many invitations"),
    _("Nobody was invited. Those that were sent before are valid."),
)
UPLOAD = Rule(
    "upload",
    "A script that has gone wild doesn't fill the disk or the queue.",
    _("Too many pictures at once"),
    _("This picture wasn't taken. Those before it are safe, and their jobs go on."),
)
ENGINE_API = Rule(
    "engine-api",
    "One program doesn't take the engine's time from the others, and tokens can't be guessed.",
    _TOO_MANY,
    _("This request was not carried out."),
)
SITE_API = Rule(
    "site-api",
    "One script doesn't slow the site down for people, and tokens can't be guessed.",
    _TOO_MANY,
    _("This request was not carried out."),
)

RULES = (SIGN_IN, PASSWORD_RESET, SHARE_PASSWORD, INVITATION, UPLOAD, ENGINE_API, SITE_API)
