"""What is asked about a connection. The services check it once more and against what is stored."""

from django import forms
from django.conf import settings

NAME_LENGTH = 80
URL_LENGTH = 300
TOKEN_LENGTH = 500


def _build_name_field() -> forms.CharField:
    return forms.CharField(
        label="Name", max_length=NAME_LENGTH, help_text="What to call it here, for example the name of the plan."
    )


def _build_token_field() -> forms.CharField:
    return forms.CharField(
        label="API token",
        max_length=TOKEN_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Stored encrypted, and never shown again.",
    )


class ConnectionForm(forms.Form):
    """A new connection."""

    name = _build_name_field()
    token = _build_token_field()
    base_url = forms.CharField(
        label="Address",
        max_length=URL_LENGTH,
        required=False,
        widget=forms.URLInput(attrs={"placeholder": settings.HOSTED_BASE_URL}),
        help_text="Leave it empty for the hosted service.",
    )


class ConnectionNameForm(forms.Form):
    """Another name."""

    name = _build_name_field()


class ConnectionTokenForm(forms.Form):
    """Another token for the same service."""

    token = _build_token_field()
