"""The security of pages."""

from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from vanceweb.lib.oidc_providers import list_origins
from vanceweb.settings.accounts import OIDC_APPS
from vanceweb.settings.application import IS_HTTPS
from vanceweb.settings.base import PUBLIC_URL
from vanceweb.settings.environment import env

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        # The form that leads to an issuer is answered with a redirect to it.
        "form-action": [SELF, *list_origins(OIDC_APPS)],
        "frame-ancestors": [NONE],
    },
}
SESSION_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
# Requests without TLS are sent to PUBLIC_URL, whatever host name they have.
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_SSL_HOST = urlsplit(PUBLIC_URL).netloc
# So long do browsers use TLS only, once they have been here: a year, as browsers' makers advise. Other names of the
# domain are none of this site's business.
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 365 * 24 * 3600) if IS_HTTPS else 0
X_FRAME_OPTIONS = "DENY"
