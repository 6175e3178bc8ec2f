"""The parts of the Django application."""

from typing import Any

from vanceweb.settings.base import BASE_DIR, HOST, PUBLIC_URL
from vanceweb.settings.environment import env

DEBUG = env.bool("DEBUG", False)
IS_HTTPS = PUBLIC_URL.startswith("https://")
# The host name for the bundled engine when workers call it in process; it never leaves the process.
IN_PROCESS_HOST = "engine.invalid"
# A site that listens on every interface is reached by unknown host names; no code trusts the Host header.
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS",
    ["*"]
    if HOST in ("0.0.0.0", "::")  # noqa: S104
    else [
        HOST,
        "localhost",
        "127.0.0.1",
        "[::1]",
        PUBLIC_URL.split("//", 1)[-1].split("/")[0].split(":")[0],
        IN_PROCESS_HOST,
    ],
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "corsheaders",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "template_partials",
    "vanceweb.throttling",
    "vanceweb.interface",
    "vanceweb.teams",
    "vanceweb.accounts",
    "vanceweb.vault",
    "vanceweb.budgets",
    "vanceweb.gallery",
    "vanceweb.jobs",
    "vanceweb.usage",
    "vanceweb.api",
    "vanceweb.engine",
    "vanceweb.ops",
]

MIDDLEWARE = [
    # Outside of all others, so that what they log has the id, too.
    "vanceweb.lib.request_ids.request_id_middleware",
    "vanceweb.ops.health.health_middleware",
    # Before all that answers a request itself: a refusal must be readable from another origin, too.
    "corsheaders.middleware.CorsMiddleware",
    # Outside of all that may refuse a request.
    "vanceweb.engine.api.refusals.refuse_in_json_middleware",
    "vanceweb.lib.private_pages.refuse_storing_middleware",
    "vanceweb.api.refusals.refuse_in_problems_middleware",
    "vanceweb.ops.https_redirect.HttpsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "vanceweb.lib.html_compression.compress_html_middleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    # Before the tokens of forms are read: an upload would be parsed first.
    "vanceweb.throttling.middleware.ThrottleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "vanceweb.accounts.session_tracking.track_sessions_middleware",
]

ROOT_URLCONF = "vanceweb.urls"
WSGI_APPLICATION = "vanceweb.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "vanceweb.teams.context.add_actor",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "django.contrib.humanize.templatetags.humanize",
                "template_partials.templatetags.partials",
                "vanceweb.interface.templatetags.components",
                "vanceweb.interface.templatetags.formats",
                "vanceweb.teams.templatetags.permissions",
            ],
        },
    },
]
