"""The forms for new people."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vanceweb.teams.access import Actor
from vanceweb.teams.models import TEAM_NAME_LENGTH, Role, User


class NewPasswordField(forms.CharField):
    """A new password. Leading and trailing blanks are part of it."""

    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)


class PersonForm(forms.Form):
    """A user name and a password, which is typed twice."""

    username = forms.CharField(
        label=_("Username"),
        max_length=User._meta.get_field("username").max_length,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password1 = NewPasswordField(label=_("Password"), help_text=_("At least ten characters, and not a common one."))
    password2 = NewPasswordField(label=_("Repeat the password"))

    def clean(self) -> dict[str, Any]:
        """Check that both passwords are equal."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if {"password1", "password2"} <= cleaned.keys() and cleaned["password1"] != cleaned["password2"]:
            self.add_error("password2", gettext("The two passwords differ."))
        return cleaned

    def add_service_errors(self, error: ValidationError) -> None:
        """Add the errors raised by the service to the fields they concern."""
        for name, problems in error.message_dict.items():
            self.add_error({"password": "password1"}.get(name, name), problems)


class SetUpForm(PersonForm):
    """The first person and their team."""

    email = forms.EmailField(
        label=_("E-mail (optional)"),
        help_text=_("You can sign in with it."),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    team_name = forms.CharField(
        label=_("Team"),
        help_text=_("Your company or group. Its people share pictures, jobs and credits."),
        max_length=TEAM_NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


class MemberForm(PersonForm):
    """A new person and their role in the actor's team."""

    role = forms.ChoiceField(label=_("Role"), initial=Role.MEMBER)

    def __init__(self, *args: Any, actor: Actor, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].choices = [(role.value, role.label) for role in Role if actor.can_grant(role)]  # type: ignore[attr-defined]
