"""What is asked about a new person."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from vanceweb.teams.models import User


def _password_field(label: str, help_text: str = "") -> forms.CharField:
    # Blanks at either end belong to the password.
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, strip=False, widget=widget, help_text=help_text)


class PersonForm(forms.Form):
    """A name and a password, twice."""

    username = forms.CharField(
        label="User name",
        max_length=User._meta.get_field("username").max_length,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password1 = _password_field("Password", "At least ten characters, and not a common one.")
    password2 = _password_field("Password once more")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if {"password1", "password2"} <= cleaned.keys() and cleaned["password1"] != cleaned["password2"]:
            self.add_error("password2", "The two passwords differ.")
        return cleaned

    def take_errors(self, error: ValidationError) -> None:
        """Shows what the service found, at the fields it is about."""
        for name, problems in error.message_dict.items():
            self.add_error({"password": "password1"}.get(name, name), problems)
