"""Forms for connections. The services validate the values again, and against stored rows."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

NAME_LENGTH = 80
URL_LENGTH = 300
TOKEN_LENGTH = 500


def _build_name_field() -> forms.CharField:
    return forms.CharField(
        label=_("Name"), max_length=NAME_LENGTH, help_text=_("Its name on this site, for example the name of the plan.")
    )


def _build_token_field() -> forms.CharField:
    return forms.CharField(
        label=_("API token"),
        max_length=TOKEN_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Stored encrypted, and never shown again."),
    )


class ConnectionForm(forms.Form):
    """A new connection."""

    name = _build_name_field()
    token = _build_token_field()
    base_url = forms.CharField(
        label=_("Address"),
        max_length=URL_LENGTH,
        required=False,
        widget=forms.URLInput(attrs={"placeholder": settings.HOSTED_BASE_URL}),
        help_text=_("Leave it empty for the hosted service."),
    )


class ConnectionNameForm(forms.Form):
    """A new name for a connection."""

    name = _build_name_field()


class ConnectionTokenForm(forms.Form):
    """A new token for the same service."""

    token = _build_token_field()
