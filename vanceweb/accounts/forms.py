"""The forms for signing in and up, for addresses and for new passwords."""

from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vanceweb.accounts.sign_up import is_open_domain
from vanceweb.teams.models import User

# A mail address has up to 254 characters, a username 150.
LOGIN_LENGTH = 254
NAME_ATTRIBUTES = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}


class SignInForm(LoginForm):
    """A username or a confirmed mail address, and the password."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["login"] = forms.CharField(
            label=_("E-mail or username"),
            max_length=LOGIN_LENGTH,
            # "webauthn" lets browsers offer passkeys in the field.
            widget=forms.TextInput(attrs=NAME_ATTRIBUTES | {"autofocus": True}),
        )
        self.fields["password"] = forms.CharField(
            label=_("Password"),
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        )
        self.order_fields(["login", "password"])

    def user_credentials(self) -> dict[str, str]:
        """Return the username that belongs to what was typed, and the password."""
        return {"username": find_username(self.cleaned_data["login"]), "password": self.cleaned_data["password"]}


def find_username(typed: str) -> str:
    """Return the username of whoever has this confirmed mail address, otherwise what was typed."""
    addresses = EmailAddress.objects.filter(email=typed.strip().lower(), verified=True)
    return addresses.values_list("user__username", flat=True).first() or typed.strip()


class EmailField(forms.EmailField):
    """A mail address."""

    widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})


class EmailForm(forms.Form):
    """A person's own mail address."""

    email = EmailField(label=_("E-mail"), max_length=LOGIN_LENGTH)


class SignUpForm(EmailForm):
    """The mail address with which somebody asks for an account."""

    email = EmailField(label=_("E-mail"), max_length=LOGIN_LENGTH)

    def clean_email(self) -> str:
        """Return the address in lower case. Raise ValidationError for one of a domain that isn't open."""
        email: str = self.cleaned_data["email"].lower()
        if not is_open_domain(email):
            domains = ", ".join(settings.SIGN_UP_DOMAINS)
            raise ValidationError(gettext("Only addresses of %(domains)s can sign up.") % {"domains": domains})
        return email


PASSWORD_HELP = _("At least ten characters, and not a common one.")


class ForgottenPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # not generic at run time
    """A new password in place of a forgotten one, in this site's words."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _describe_new_password(self)


class ChangedPasswordForm(PasswordChangeForm):
    """A new password in place of a known one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _describe_new_password(self)
        self.fields["old_password"].label = _("Present password")


def _describe_new_password(form: forms.Form) -> None:
    form.fields["new_password1"].help_text = PASSWORD_HELP
    form.fields["new_password2"].help_text = ""
    form.fields["new_password2"].label = _("Repeat the password")


class NewAccountForm(forms.Form):
    """The name and password of somebody who has confirmed their address."""

    username = forms.CharField(
        label=_("Username"),
        max_length=User._meta.get_field("username").max_length,
        widget=forms.TextInput(attrs=NAME_ATTRIBUTES),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=PASSWORD_HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
