"""Only what this site uses of allauth has an address. The second names are those by which allauth finds it."""

from allauth.mfa.recovery_codes import views as recovery_codes
from django.urls import path

from vanceweb.accounts.views import account, emails, oidc, passwords, sign_in, sign_up, two_factor

urlpatterns = [
    path("login/", sign_in.sign_in, name="login"),
    path("login/", sign_in.sign_in, name="account_login"),
    path("login/code/", sign_in.code, name="mfa_authenticate"),
    path("login/passkey/", sign_in.passkey_sign_in, name="mfa_login_webauthn"),
    path("login/inactive/", sign_in.inactive, name="account_inactive"),
    path("logout/", sign_in.sign_out, name="logout"),
    path("password/", passwords.password, name="password"),
    path("password/forgotten/", passwords.forgotten, name="account_reset_password"),
    path("password/new/<str:uidb36>/<str:key>/", passwords.password_reset, name="account_reset_password_from_key"),
    path("sign-up/", sign_up.sign_up, name="sign-up"),
    path("sign-up/<str:key>/", sign_up.sign_up_finish, name="sign-up-finish"),
    path("account/", account.account, name="account"),
    path("account/", account.account, name="mfa_index"),
    path("account/", account.account, name="mfa_list_webauthn"),
    path("account/", account.account, name="socialaccount_connections"),
    path("account/email/", emails.email, name="account-email"),
    path("account/email/<str:key>/", emails.email_confirm, name="account-email-confirm"),
    path("account/sessions/end/", account.sessions_end, name="account-sessions-end"),
    path("account/sessions/<int:pk>/end/", account.session_end, name="account-session-end"),
    path("account/connected/<int:pk>/remove/", account.connected_remove, name="account-connected-remove"),
    path("account/confirm/", sign_in.password_confirmation, name="account_reauthenticate"),
    path("account/confirm/code/", sign_in.code_confirmation, name="mfa_reauthenticate"),
    path("account/confirm/passkey/", sign_in.passkey_confirmation, name="mfa_reauthenticate_webauthn"),
    path("account/authenticator/", two_factor.authenticator, name="mfa_activate_totp"),
    path("account/authenticator/remove/", two_factor.authenticator_remove, name="mfa_deactivate_totp"),
    path("account/passkeys/add/", two_factor.passkey_add, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/rename/", two_factor.passkey_rename, name="mfa_edit_webauthn"),
    path("account/passkeys/<int:pk>/remove/", two_factor.passkey_remove, name="mfa_remove_webauthn"),
    path("account/recovery-codes/", two_factor.recovery_codes, name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", two_factor.recovery_codes_new, name="mfa_generate_recovery_codes"),
    path(
        "account/recovery-codes/download/", recovery_codes.download_recovery_codes, name="mfa_download_recovery_codes"
    ),
    path("login/with/<slug:provider_id>/", oidc.oidc_sign_in, name="openid_connect_login"),
    path("login/with/<slug:provider_id>/callback/", oidc.oidc_return, name="openid_connect_callback"),
]
