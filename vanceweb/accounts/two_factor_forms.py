"""Allauth's forms for second factors in this site's words, with its limits."""

from typing import Any

from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, EditWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

from vanceweb.accounts.sign_in_limits import count_attempt, forget_failures
from vanceweb.throttling.single_use import mark_used

CODE_ATTRIBUTES = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
PASSKEY_NAME_LENGTH = 60


class LimitedCodeForm(forms.Form):
    """A form with a `code` that can't be tried out: failures count as wrong passwords do.

    A code that was accepted once is a wrong one for all processes: allauth's own mark is in the cache of one of them.
    """

    user: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["code"].label = _("Code")
        self.fields["code"].widget = forms.TextInput(attrs=CODE_ATTRIBUTES)

    def clean_code(self) -> str:
        """Return the code. Raise ValidationError, and Throttled after too many wrong ones."""
        account = self.user.get_username()
        count_attempt(context.request, account=account)
        code: str = super().clean_code()  # type: ignore[misc]
        if not mark_used("code", str(self.user.pk), normalize_user_code(code), seconds=_get_code_seconds()):
            raise get_adapter().validation_error("incorrect_code")
        # At the sign-in, the person has shown that it is them; signing in forgets the failures, too.
        forget_failures(context.request, account=account)
        return code


class CodeForm(LimitedCodeForm, AuthenticateForm):
    """The code of an authenticator app, or a recovery code, at the sign-in."""


class ConfirmationCodeForm(LimitedCodeForm, ReauthenticateForm):
    """The same, before something important is changed."""


class AuthenticatorForm(LimitedCodeForm, ActivateTOTPForm):
    """The first code of a new authenticator app."""


class PasskeyForm(AuthenticateWebAuthnForm):
    """A passkey as the second factor."""


class NewPasskeyForm(AddWebAuthnForm):
    """A new passkey. All can sign in by themselves, so that there is one kind only."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"] = forms.CharField(
            label=_("Name"),
            help_text=_("So that you know it again: the name of the device or of the key."),
            max_length=PASSKEY_NAME_LENGTH,
            required=False,
        )
        del self.fields["passwordless"]

    def clean(self) -> dict[str, Any]:
        """Require a passkey that has asked for a finger or a PIN, as it opens the account by itself."""
        self.cleaned_data["passwordless"] = True
        cleaned: dict[str, Any] = super().clean()
        return cleaned


class PasskeyNameForm(EditWebAuthnForm):
    """The name of a passkey."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].label = _("Name")
        self.fields["name"].max_length = PASSKEY_NAME_LENGTH


def _get_code_seconds() -> int:
    """Return the seconds for which the code of an authenticator app is accepted, those of the tolerance included."""
    seconds: int = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    return seconds
