"""Setting up and removing second factors: allauth's views on this site's pages."""

from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, EditWebAuthnView, RemoveWebAuthnView
from django.urls import reverse_lazy

from vanceweb.accounts.views.refusals import RefusalMixin


class AuthenticatorView(RefusalMixin, ActivateTOTPView):
    template_name = "accounts/authenticator.html"


class AuthenticatorRemoveView(RefusalMixin, DeactivateTOTPView):
    template_name = "accounts/authenticator_remove.html"


class PasskeyAddView(RefusalMixin, AddWebAuthnView):
    template_name = "accounts/passkey_add.html"


class PasskeyRenameView(RefusalMixin, EditWebAuthnView):
    template_name = "accounts/passkey_rename.html"
    success_url = reverse_lazy("account")


class PasskeyRemoveView(RemoveWebAuthnView):
    template_name = "accounts/passkey_remove.html"
    success_url = reverse_lazy("account")


class RecoveryCodesView(ViewRecoveryCodesView):
    template_name = "accounts/recovery_codes.html"


class NewRecoveryCodesView(RefusalMixin, GenerateRecoveryCodesView):
    template_name = "accounts/recovery_codes_new.html"


authenticator = AuthenticatorView.as_view()
authenticator_remove = AuthenticatorRemoveView.as_view()
passkey_add = PasskeyAddView.as_view()
passkey_rename = PasskeyRenameView.as_view()
passkey_remove = PasskeyRemoveView.as_view()
recovery_codes = RecoveryCodesView.as_view()
recovery_codes_new = NewRecoveryCodesView.as_view()
