"""The provider's process: `python -m tests.oidc_provider.server FOLDER` prints its URL and serves."""

import socket
import sys
from pathlib import Path

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management import call_command
from waitress import serve

from tests.loopback_only import install_guard
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, PASSWORD, PEOPLE


def create_key() -> str:
    """Return a new key for signing, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def configure(folder: Path, url: str) -> None:
    settings.configure(
        SECRET_KEY="of the tests",
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="tests.oidc_provider.urls",
        USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "provider.sqlite3"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [Path(__file__).parent],
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        LOGIN_URL="/sign-in/",
        # Cookies know no ports: those of the site under test are on the same host.
        SESSION_COOKIE_NAME="provider",
        CSRF_COOKIE_NAME="provider-csrf",
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": create_key(),
            "OIDC_ISS_ENDPOINT": url,
            "OAUTH2_VALIDATOR_CLASS": "tests.oidc_provider.claims.Claims",
            "SCOPES": {"openid": "sign in", "profile": "name", "email": "address"},
            "ALLOWED_REDIRECT_URI_SCHEMES": ["http", "https"],
        },
    )
    django.setup()


def fill_database() -> None:
    from django.contrib.auth.models import User
    from oauth2_provider.models import Application

    call_command("migrate", verbosity=0)
    for name, (email, _is_verified) in PEOPLE.items():
        User.objects.create_user(name, email, PASSWORD)
    Application.objects.create(
        name="vanceweb",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        algorithm="RS256",
        skip_authorization=True,
        redirect_uris="http://testserver/login/with/company/callback/",
    )


def main() -> None:
    install_guard()
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://localhost:{listener.getsockname()[1]}"
    configure(Path(sys.argv[1]), url)
    fill_database()
    from django.core.wsgi import get_wsgi_application

    print(url, flush=True)  # noqa: T201
    serve(get_wsgi_application(), sockets=[listener], threads=4, _quiet=True)


if __name__ == "__main__":
    main()
