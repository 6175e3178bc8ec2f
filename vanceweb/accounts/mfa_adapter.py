"""Second factors as this site keeps them."""

from allauth.mfa.adapter import DefaultMFAAdapter
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vanceweb.accounts.account_adapter import ERRORS
from vanceweb.lib.encryption import decrypt, encrypt
from vanceweb.teams.models import User

NAME = "vanceweb"


class MFAAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": ERRORS["incorrect_code"],
        "cannot_generate_recovery_codes": _("Set up an authenticator app or a passkey first."),
    }

    def encrypt(self, text: str) -> str:
        """Return the secret of an authenticator as it is stored, encrypted with the keys of the vault."""
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return a stored secret."""
        return decrypt(encrypted_text)

    def get_totp_label(self, user: User) -> str:
        """Return the name by which an authenticator app shows the account."""
        return user.get_username()

    def generate_authenticator_name(self, user: User, type: str) -> str:
        """Return the name of a passkey whose owner gives it none."""
        return gettext("Passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return the site as browsers name it beside a passkey."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity() | {"name": NAME}
        return entity

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, object]:
        """Return the person as browsers name them beside a passkey."""
        entity: dict[str, object] = super().get_public_key_credential_user_entity(user)
        return entity | {"name": user.get_username(), "display_name": user.get_username()}
