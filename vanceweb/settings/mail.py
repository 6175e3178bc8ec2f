"""Mail."""

from urllib.parse import urlsplit

from vanceweb.settings.base import PUBLIC_URL
from vanceweb.settings.environment import env

# As smtp://user:password@host:port or smtps://…; without it nothing is sent, and nothing of it reaches the log.
HAS_MAIL = bool(env.str("EMAIL_URL", ""))
if HAS_MAIL:
    _mail = env.dj_email_url("EMAIL_URL")
    EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["EMAIL_USE_TLS"], _mail["EMAIL_USE_SSL"]
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
# The longest wait for the mail server: a person waits for the answer of the page.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"vanceweb@{urlsplit(PUBLIC_URL).hostname or 'localhost'}")
