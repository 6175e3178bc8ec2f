"""The forms for new people, and for tokens of the engine."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vanceweb.teams.access import Actor
from vanceweb.teams.models import TEAM_NAME_LENGTH, Role, User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


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


# As many as the command `create_engine_account` takes, and as the engine's columns hold.
MOST_CREDITS = 10**9


def _build_credits_field(*, label: "StrOrPromise", help_text: "StrOrPromise") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, help_text=help_text, min_value=0, max_value=MOST_CREDITS, decimal_places=3, required=False
    )


class EngineTokenForm(forms.Form):
    """A new token of the engine with its first credits."""

    name = forms.CharField(label=_("Name"), max_length=150, help_text=_("Who or which program will use it."))
    credits = _build_credits_field(label=_("Credits"), help_text=_("Each result costs some."))

    def clean_credits(self) -> Decimal:
        """Return the credits, 0 for an empty field."""
        return self.cleaned_data["credits"] or Decimal(0)


class EngineTokenChangeForm(EngineTokenForm):
    """Another name, and more credits, for a token of the engine."""

    credits = _build_credits_field(label=_("Credits to add"), help_text=_("Leave it empty to add none."))
