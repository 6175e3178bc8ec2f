"""Accounts (django-allauth)."""

from vanceweb.lib.oidc_providers import build_app
from vanceweb.settings.environment import env

ACCOUNT_ADAPTER = "vanceweb.accounts.account_adapter.AccountAdapter"
# The sign-in form finds the username of a confirmed mail address by itself.
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["email", "username*", "password1*"]
# Confirming an address replaces the earlier one: a person has one address.
ACCOUNT_CHANGE_EMAIL = True
# An address decides nothing before it is confirmed, so nobody is kept out for want of one.
ACCOUNT_EMAIL_VERIFICATION = "none"
# A mail to an address that nobody has would make the site send mail to anybody.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# Before the sign-in is changed, whoever is there shows that they didn't just find an open browser.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Not "code": it is mailed, and the account may have been taken over through the mailbox.
ACCOUNT_REAUTHENTICATION_METHODS = {"password", "mfa"}
ACCOUNT_SESSION_REMEMBER = True
# Counted by the adapter (accounts/sign_in_limits.py).
ACCOUNT_RATE_LIMITS = False
MFA_ADAPTER = "vanceweb.accounts.mfa_adapter.MFAAdapter"
MFA_RATE_LIMITS = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Allauth forbids it so that nobody takes hold of an account with somebody else's address. Here, an address that isn't
# confirmed opens no account and resets no password.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# One code earlier and later are taken, too: the clocks of phones differ.
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = "vanceweb"
MFA_FORMS = {
    "authenticate": "vanceweb.accounts.two_factor_forms.CodeForm",
    "authenticate_webauthn": "vanceweb.accounts.two_factor_forms.PasskeyForm",
    "reauthenticate": "vanceweb.accounts.two_factor_forms.ConfirmationCodeForm",
    "activate_totp": "vanceweb.accounts.two_factor_forms.AuthenticatorForm",
    "add_webauthn": "vanceweb.accounts.two_factor_forms.NewPasskeyForm",
    "edit_webauthn": "vanceweb.accounts.two_factor_forms.PasskeyNameForm",
}
# Sign-in by OpenID Connect: OIDC_PROVIDERS=company,partner and for each of them OIDC_COMPANY_ISSUER and so on.
OIDC_PROVIDERS: list[str] = env.list("OIDC_PROVIDERS", [])
OIDC_APPS = [build_app(name, env) for name in OIDC_PROVIDERS]
SOCIALACCOUNT_ADAPTER = "vanceweb.accounts.oidc_adapter.OIDCAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": OIDC_APPS, "OAUTH_PKCE_ENABLED": True}}
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = ""
# The account remembers the connection; `oidc_adapter` decides whether there may be one.
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
