"""People and teams."""

from environs import validate

from vanceweb.settings.environment import env

AUTH_USER_MODEL = "teams.User"
# Both check a password against the same column; sessions from before allauth name the second one.
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Days for which the audit log keeps events: a year and a month, so that a yearly review sees the whole year.
AUDIT_KEEP_DAYS = env.int("AUDIT_KEEP_DAYS", 396, validate=validate.Range(min=1))
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
# How long a link for a new password works: a working day and a night, for a mail that is read the next morning.
PASSWORD_RESET_TIMEOUT = env.int("PASSWORD_RESET_SECONDS", 24 * 3600)
# Who may create an account of their own: nobody, whoever has an invitation, or besides these whoever has a mail
# address of SIGN_UP_DOMAINS.
SIGN_UP = env.str("SIGN_UP", "invitation", validate=validate.OneOf(("closed", "invitation", "domains")))
SIGN_UP_DOMAINS: list[str] = env.list("SIGN_UP_DOMAINS", [])

# Who may open further teams: "administrators" of the installation or "everyone".
TEAM_CREATION = env.str("TEAM_CREATION", "administrators", validate=validate.OneOf(("administrators", "everyone")))
# For so long can the owners of a deleted team still keep it; the same as the trash of a week's mistakes.
TEAM_GRACE_DAYS = 7
