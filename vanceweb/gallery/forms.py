"""Forms for share links."""

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from vanceweb.gallery.link_models import TITLE_LENGTH

# A password that is guessed at a hundred tries an hour holds for longer than any link.
PASSWORD_MIN_LENGTH = 8
PASSWORD_MAX_LENGTH = 200
NEVER = "never"
DEFAULT_DAYS = "30"
EXPIRIES = [
    ("1", _("After a day")),
    ("7", _("After a week")),
    (DEFAULT_DAYS, _("After 30 days")),
    ("90", _("After 90 days")),
    ("365", _("After a year")),
    (NEVER, _("Never")),
]


def to_lifetime(days: str) -> timedelta | None:
    """Return a choice of EXPIRIES as the time until a link expires, None for never."""
    return None if days == NEVER else timedelta(days=int(days))


# In this site's words; Django's speak of a value.
PASSWORD_ERRORS = {"min_length": _("The password needs at least %(limit_value)d characters.")}


class ShareLinkForm(forms.Form):
    """A new share link."""

    title = forms.CharField(
        label=_("Title"),
        max_length=TITLE_LENGTH,
        required=False,
        help_text=_("Visitors see it above the pictures. It may be empty."),
    )
    days = forms.ChoiceField(
        label=_("Expires"),
        choices=EXPIRIES,
        initial=DEFAULT_DAYS,
    )
    password = forms.CharField(
        label=_("Password"),
        min_length=PASSWORD_MIN_LENGTH,
        max_length=PASSWORD_MAX_LENGTH,
        error_messages=PASSWORD_ERRORS,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("May be empty: then the address is enough. Send the password another way than the address."),
    )
    originals = forms.BooleanField(label=_("Let visitors download the original files"), required=False)


class ShareLinkChangeForm(forms.Form):
    """New settings of a share link. Without another choice its end and its password stay."""

    title = forms.CharField(label=_("Title"), max_length=TITLE_LENGTH, required=False)
    days = forms.ChoiceField(
        label=_("Expires"), choices=[("", _("As before")), *EXPIRIES], required=False, help_text=_("Counted from now.")
    )
    password = forms.CharField(
        label=_("New password"),
        min_length=PASSWORD_MIN_LENGTH,
        max_length=PASSWORD_MAX_LENGTH,
        error_messages=PASSWORD_ERRORS,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: it stays as it is."),
    )
    no_password = forms.BooleanField(label=_("Ask for no password"), required=False)
    originals = forms.BooleanField(label=_("Let visitors download the original files"), required=False)


class UnlockForm(forms.Form):
    """The password of a share link."""

    password = forms.CharField(
        label=_("Password"),
        max_length=PASSWORD_MAX_LENGTH,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
