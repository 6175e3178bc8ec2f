"""Settings of the site and of the bundled engine.

Only this module reads the environment. A setting with a variable is for operators, and `docs/administer.md` lists them
all. The others are Django's, name parts of the site to each other, or are limits that tests vary. Every other limit is
a constant beside its code.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from environs import Env, validate

from vanceweb.lib.client_address import parse_networks
from vanceweb.lib.key_files import read_on_first_use
from vanceweb.lib.log_records import build_logging
from vanceweb.lib.oidc_providers import build_app, list_origins
from vanceweb.lib.outbound_proxy import parse_proxy
from vanceweb.lib.storage_url import Credentials, build_storages
from vanceweb.throttling.rates import Rate, parse_rates

env = Env()

# Folders and addresses

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "data"))).resolve()
MODELS_DIR = Path(env.str("MODELS_DIR", str(BASE_DIR / "models"))).resolve()
HOST = env.str("HOST", "127.0.0.1")
PORT = env.int("PORT", 8000)
# Passkeys belong to a name, never to a number, so on this machine the site is opened by its name.
LOCAL_NAME = "localhost" if HOST in ("127.0.0.1", "::1") else HOST
# The address people open, if a proxy makes it differ from HOST and PORT; "https://…" enables secure cookies.
PUBLIC_URL = env.str("PUBLIC_URL", f"http://{LOCAL_NAME}:{PORT}").rstrip("/")
# Addresses and networks of the proxies whose X-Forwarded-For is believed; anybody else may write there what they like.
TRUSTED_PROXIES = parse_networks(env.list("TRUSTED_PROXIES", []))
NODE_MODULES_DIR = BASE_DIR / "node_modules"

# Keys: those that the environment doesn't give are files, which `manage.py prepare` creates.

KEYS_DIR = DATA_DIR / "keys"
SECRET_KEY = env.str("SECRET_KEY", "") or read_on_first_use(KEYS_DIR / "secret_key", str)
# Fernet keys for the stored API tokens, newest first; older keys still decrypt, so keys can be rotated.
VAULT_KEYS = env.list("VAULT_KEYS", []) or read_on_first_use(KEYS_DIR / "vault_keys", str.split)
# The key for hashing the engine's own tokens.
ENGINE_TOKEN_KEY = env.str("ENGINE_TOKEN_KEY", "") or read_on_first_use(KEYS_DIR / "engine_token_key", str)

# Django

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

# Database

DATABASES: dict[str, Any] = {
    "default": env.dj_db_url("DATABASE_URL", f"sqlite:///{DATA_DIR / 'vanceweb.sqlite3'}", conn_max_age=60)
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers wait for each other instead of failing during a transaction, and readers never wait for them.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People

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

# Accounts (django-allauth)

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

# Mail

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

# Throttles: limits of requests in a time, by account, by address or by both. Empty: no limit. A whole office may share
# one address: fifty people who upload hundreds of pictures each are no attack.

# The address of a Redis server that counts the requests, redis://…; if empty, the database does.
CACHE_URL = env.str("CACHE_URL", "", validate=validate.Regexp(r"(rediss?|redis\+unix)://.+|\Z"))
THROTTLES: dict[str, tuple[Rate, ...]] = {
    # Ten wrong passwords are enough tries for a forgetful person, and too few for a list of passwords.
    "sign-in": parse_rates(
        "THROTTLE_SIGN_IN",
        env.str(
            "THROTTLE_SIGN_IN",
            "10/15 minutes by account and address, 100/hour by account, 100/15 minutes by address",
        ),
    ),
    "password-reset": parse_rates(
        "THROTTLE_PASSWORD_RESET",
        env.str("THROTTLE_PASSWORD_RESET", "3/15 minutes by account, 20/15 minutes by address"),
    ),
    # The account is the link, which a whole company may open.
    "share-password": parse_rates(
        "THROTTLE_SHARE_PASSWORD",
        env.str(
            "THROTTLE_SHARE_PASSWORD",
            "10/15 minutes by account and address, 100/hour by account, 100/15 minutes by address",
        ),
    ),
    "invitation": parse_rates(
        "THROTTLE_INVITATION", env.str("THROTTLE_INVITATION", "100/hour by account, 300/hour by address")
    ),
    # Each picture is one request. A thousand take hours of processing.
    "upload": parse_rates(
        "THROTTLE_UPLOAD", env.str("THROTTLE_UPLOAD", "1000/10 minutes by account, 20000/10 minutes by address")
    ),
    # The account is the token. Programs ask for the progress of each job every second or two.
    "engine-api": parse_rates(
        "THROTTLE_ENGINE_API", env.str("THROTTLE_ENGINE_API", "3000/minute by account, 12000/minute by address")
    ),
    "site-api": parse_rates(
        "THROTTLE_SITE_API", env.str("THROTTLE_SITE_API", "1200/minute by account, 6000/minute by address")
    ),
}
# The URLs whose POST requests a rule counts.
THROTTLED_POSTS: dict[str, str] = {"feature": "upload", "convert-picture": "upload"}

# Who may open further teams: "administrators" of the installation or "everyone".
TEAM_CREATION = env.str("TEAM_CREATION", "administrators", validate=validate.OneOf(("administrators", "everyone")))
# For so long can the owners of a deleted team still keep it; the same as the trash of a week's mistakes.
TEAM_GRACE_DAYS = 7

# Page security

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

# Language, numbers and dates

# All texts go through gettext. So far there is one language, so no middleware selects one.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

# Files

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(DATA_DIR / "static"))).resolve()
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "vanceweb.lib.static_packages.PackageFilesFinder",
]
# The files of npm packages that pages use, by the folder they are served from. Source maps are included where a file
# refers to one: the manifest storage requires all referenced files.
STATIC_PACKAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "vendor/img-comparison-slider": ("img-comparison-slider/dist", ("index.js", "index.js.map")),
    "vendor/hanken-grotesk": (
        "@fontsource-variable/hanken-grotesk/files",
        ("hanken-grotesk-latin-wght-normal.woff2", "hanken-grotesk-latin-ext-wght-normal.woff2"),
    ),
}
ICONS_DIR = NODE_MODULES_DIR / "bootstrap-icons" / "icons"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES: dict[str, Any] = {
    # The URL isn't a setting of its own, since it may contain a secret.
    **build_storages(
        env.str("STORAGE_URL", ""),
        Credentials(
            env.str("AWS_ACCESS_KEY_ID", ""), env.str("AWS_SECRET_ACCESS_KEY", ""), env.str("AWS_SESSION_TOKEN", "")
        ),
        # The engine keeps its files for a day; they don't belong to any gallery.
        folders={"default": MEDIA_ROOT, "engine": DATA_DIR / "engine"},
    ),
    "staticfiles": {"BACKEND": "vanceweb.lib.static_storage.HashedStaticFilesStorage"},
}
# The internal location of a proxy that sends the pictures' files (X-Accel-Redirect); if empty, the site sends them.
X_ACCEL_LOCATION = env.str("X_ACCEL_LOCATION", "", validate=validate.Regexp(r"(/[\w-]+)+/\Z|\Z"))
FILE_UPLOAD_HANDLERS = ["vanceweb.lib.upload_names.NameKeepingUploadHandler"]
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "tmp"
SILENCED_SYSTEM_CHECKS = [
    # The check of this folder: commands that don't use it run before `prepare` has created it.
    "files.E001",
    # HttpsMiddleware is Django's SecurityMiddleware with one exception; the check looks for the class's own name.
    "security.W001",
    # TLS for all subdomains, and the browsers' preload list: other names of the domain are their operator's choice.
    "security.W005",
    "security.W021",
]
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# For the form fields sent with a file: a jconfig with ten steps and long prompts is far smaller.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Background work

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["io", "engine"]}}
# A claimed row is released after this long without a heartbeat; a killed worker costs this much time.
LEASE_SECONDS = env.int("LEASE_SECONDS", 15)
# With three heartbeats per lease, a worker may miss two.
LEASE_HEARTBEAT_SECONDS = LEASE_SECONDS / 3
# How soon a worker notices that its row was cancelled or taken over; one short query each time and for each row.
LEASE_LOOK_SECONDS = 1.0
# The longest time after which delayed work begins late; one short query for each kind of work and round.
SWEEP_INTERVAL = env.float("SWEEP_INTERVAL", 1.0)
# The functions the sweeper calls in turn in each round, without arguments.
SWEEPS: list[str] = [
    "vanceweb.ops.sweeps.wake_due_rows_of_all_kinds",
    "vanceweb.usage.sweeps.request_changed_histories",
    "vanceweb.jobs.token_holds.hold_jobs_of_rejected_tokens",
    "vanceweb.jobs.token_holds.release_jobs_of_accepted_tokens",
    "vanceweb.api.sweeps.report_ended_jobs",
]
# Its housekeeping, every few rounds.
CHORES: list[str] = [
    "vanceweb.engine.sweeps.fail_overdue_transforms",
    "vanceweb.engine.sweeps.delete_expired_files",
    "vanceweb.jobs.sweeps.fail_overdue_jobs",
    "vanceweb.vault.sweeps.schedule_daily_checks",
    "vanceweb.gallery.sweeps.delete_unused_blobs",
    "vanceweb.gallery.sweeps.remove_ended_links",
    "vanceweb.jobs.sweeps.delete_unused_uploads",
    "vanceweb.throttling.sweeps.remove_ended_windows",
    "vanceweb.api.sweeps.remove_old_rows",
    "vanceweb.ops.sweeps.remove_old_tasks",
    "vanceweb.teams.sweeps.remove_old_events",
    "vanceweb.ops.stray_sweep.remove_stray_files",
    "vanceweb.ops.heartbeats.remove_old_heartbeats",
    "vanceweb.ops.temporary_files.remove_old_temporary_files",
    "vanceweb.ops.team_deletion.delete_overdue_teams",
]
# Each kind of work: the task that takes the best due row, and the function that sends it messages for due rows.
WAKEUPS: dict[str, str] = {
    "vanceweb.engine.tasks.run_transforms": "vanceweb.engine.sweeps.wake_due_transforms",
    "vanceweb.engine.tasks.deliver_webhooks": "vanceweb.engine.sweeps.wake_due_deliveries",
    "vanceweb.jobs.tasks.advance_jobs": "vanceweb.jobs.sweeps.wake_due_jobs",
    "vanceweb.jobs.tasks.poll_services": "vanceweb.jobs.sweeps.wake_due_polls",
    "vanceweb.gallery.tasks.make_thumbnails": "vanceweb.gallery.sweeps.wake_due_thumbnails",
    "vanceweb.vault.tasks.check_connections": "vanceweb.vault.sweeps.wake_due_checks",
    "vanceweb.teams.tasks.send_invitations": "vanceweb.teams.sweeps.wake_due_invitations",
    "vanceweb.usage.tasks.sync_histories": "vanceweb.usage.sweeps.wake_due_histories",
    "vanceweb.api.tasks.fetch_pictures": "vanceweb.api.sweeps.wake_due_fetches",
    "vanceweb.api.tasks.deliver_events": "vanceweb.api.sweeps.wake_due_deliveries",
}
# Finished tasks only help to find a current fault; a job creates about one per second.
TASK_KEEP_SECONDS = env.int("TASK_KEEP_SECONDS", 3600)

# Processes of `manage.py up`

# Two web processes use two processors, and the site survives the death of one. Their threads mostly wait for the
# database or, in /transform, for a result.
WEB_WORKERS = env.int("WEB_WORKERS", 2)
WEB_THREADS = env.int("WEB_THREADS", 8)
# A web process whose main loop hangs for this long is replaced, 0 for never. Slow requests run in other threads.
WEB_TIMEOUT = env.int("WEB_TIMEOUT", 60)
# A larger body is refused unread. Bodies beyond the upload limit are read up to here, so that their senders get the
# refusal by the site's or the engine's own words: people do send 30 MB photos.
WEB_MAX_BODY_BYTES = 100 * 1024 * 1024
# Work on the `io` queue mostly waits for the network: one process does it in this many threads.
IO_WORKERS = env.int("IO_WORKERS", 1)
IO_CONCURRENCY = env.int("IO_CONCURRENCY", 16)
# Calls of one process to one service at the same time, so that a slow service leaves workers for the others.
IO_SERVICE_CALLS = env.int("IO_SERVICE_CALLS", 4)
# Calls of one `io` worker to all services on the network together. The other threads remain for the bundled engine and
# for work on this machine.
IO_REMOTE_CALLS = env.int("IO_REMOTE_CALLS", max(1, IO_CONCURRENCY - 4))
# One engine worker uses all processors already (ENGINE_MODEL_THREADS).
ENGINE_WORKERS = env.int("ENGINE_WORKERS", 1)
# Pages have priority over pictures.
ENGINE_NICENESS = env.int("ENGINE_NICENESS", 5)
# Seconds between an idle worker's queries for work: the longest wait before a job starts.
WORKER_INTERVAL = env.float("WORKER_INTERVAL", 0.2)
# A slow machine under load needs ten seconds; after a minute the start has failed.
UP_START_SECONDS = env.float("UP_START_SECONDS", 60.0)
# SIGKILL follows SIGTERM after this long: jobs survive it, and even a machine under load stops within 15 s.
UP_STOP_SECONDS = env.float("UP_STOP_SECONDS", 7.0)
# Off in the container image, which is built with the static files collected.
COLLECT_STATIC = env.bool("COLLECT_STATIC", True)

# Uploads (site and engine)

# The contract's limits: 10 MB and 34 megapixels, JPG and PNG.
UPLOAD_MAX_BYTES = 10 * 1024 * 1024
UPLOAD_MAX_PIXELS = 34_000_000
UPLOAD_FORMATS = ("JPEG", "PNG")
# The largest file in another format that is converted, bytes: an uncompressed TIFF or BMP of 32 megapixels, and a
# little less than WEB_MAX_BODY_BYTES, so that a larger one is still refused by a sentence.
CONVERT_MAX_BYTES = 96 * 1024 * 1024

# The decoder (lib/decoding.py): pictures of others are decoded in processes with limits, never in a web process.

# Private to the site: a folder of its own in the data folder.
DECODER_SOCKET = DATA_DIR / "decoder" / "socket"
# Pictures decoded at a time.
DECODER_PROCESSES = env.int("DECODER_PROCESSES", 2)
# The wait of a picture for its turn: the sender of an upload waits for the answer, and proxies give up after 30 s.
DECODER_QUEUE_SECONDS = 20.0
# Processor time for a picture of an upload's size; larger results get more. 34 megapixels take one to two seconds.
DECODER_SECONDS = env.int("DECODER_SECONDS", 15)
# On a busy machine, a picture may take this many times its processor time; then it is tried again later.
DECODER_WALL_FACTOR = 3
# The most memory for any picture. Results of 200 megapixels take up to 2 GB; uploads get 0.8 GB at most.
DECODER_MEMORY_MB = env.int("DECODER_MEMORY_MB", 2560)

# Jobs

# Seconds between a job's progress requests to the bundled engine, in process.
JOB_POLL_SECONDS = env.float("JOB_POLL_SECONDS", 1.0)
# Jobs that one connection hands over to its service at a time; the others wait on this site, which takes turns between
# people. For the bundled engine one per worker, and one more so that a worker never waits for the next.
BUNDLED_JOBS_AT_ONCE = env.int("BUNDLED_JOBS_AT_ONCE", ENGINE_WORKERS + 1)
# Enough to keep a service busy that works on several jobs, and few enough for its limits.
HOSTED_JOBS_AT_ONCE = env.int("HOSTED_JOBS_AT_ONCE", 8)
# On if services on the network can reach PUBLIC_URL: they are then asked to tell when a job ends (jobs/hooks.py).
PUBLIC_URL_REACHABLE = env.bool("PUBLIC_URL_REACHABLE", False)
# From the start of the work, when a worker takes the job, to the end, including the wait for a free engine. A job that
# waits for a worker or is held is never overdue. Less than the day for which services keep results.
JOB_MAX_RUN_SECONDS = env.int("JOB_MAX_RUN_SECONDS", 6 * 3600)
# Temporary failures in a row before a job fails. Its pauses (jobs/claims.py) together last about seven minutes, as long
# as the restart of a router or the deployment of a service.
JOB_MAX_SETBACKS = 9

# Connections and usage

# Attempts at one call before the job pauses (jobs/claims.py): enough for a dropped connection.
CLIENT_ATTEMPTS = 3
# Rows may arrive this late: the clocks of servers differ a little, and a row may be written after a newer one.
HISTORY_OVERLAP_SECONDS = 3600

# Pages

# One or two screens of each list. The next page needs a click or, in the gallery, scrolling.
JOBS_PAGE_ROWS = 40
GALLERY_PAGE_TILES = 60
USAGE_PAGE_ROWS = 50
AUDIT_PAGE_ROWS = 50
STATUS_ERRORS = 25

# The bundled engine

BUNDLED_ENGINE_WSGI = "vanceweb.engine.wsgi.application"
# The list of backends loads every network once: seconds, on a slow disk with large networks half a minute.
BUNDLED_MODELS_SECONDS = 60.0
BUNDLED_ACCOUNT_ISSUER = "vanceweb.engine.accounts.create_account"
# The function to call with the trans_id of each transform that ends, in the same transaction; empty: none.
ENGINE_ON_END = "vanceweb.jobs.engine_events.wake_job_of_transform"
# The function that counts each call from outside; it returns the seconds until the next may pass, or 0. Empty: none.
ENGINE_CALL_THROTTLE = "vanceweb.throttling.services.count_engine_call"
# Credits of a new account on the bundled engine.
BUNDLED_ACCOUNT_CREDITS = env.int("BUNDLED_ACCOUNT_CREDITS", 1000)
# The modules of features that the engine can't do here for lack of model weights (ops/missing_weights.py).
ENGINE_GAPS_FILE = DATA_DIR / "engine-gaps.json"
# The function that does the work of each module.
ENGINE_OPERATIONS = "vanceweb.engine.processing.pipeline.OPERATIONS"
ENGINE_MODEL_THREADS = env.int("ENGINE_MODEL_THREADS", 0)  # 0: one per processor
# Large networks (from 24 MB of weights) kept in memory; each takes several times the size of its file.
ENGINE_LARGE_MODELS = env.int("ENGINE_LARGE_MODELS", 1)
# 200 megapixels are 600 MB of samples, which desktop programs can still open.
ENGINE_MAX_OUTPUT_PIXELS = env.int("ENGINE_MAX_OUTPUT_PIXELS", 200_000_000)
# /transform waits this long for the result before it responds `process` or `busy`; less than the usual 30 s of proxies.
ENGINE_PATIENCE = env.float("ENGINE_PATIENCE", 25.0)
# Results and uploads are deleted after a day; the site fetches them much sooner.
ENGINE_KEEP_SECONDS = env.int("ENGINE_KEEP_SECONDS", 24 * 3600)
# The slowest real job (34 megapixels on two old cores) takes less than an hour and a half.
ENGINE_MAX_RUN_SECONDS = env.int("ENGINE_MAX_RUN_SECONDS", 2 * 3600)
# The number of requests of one web process that may wait for results; the other threads serve short requests.
ENGINE_MAX_WAITING = max(1, WEB_THREADS // 2)
# Seconds between a running job's updates of its percentage and checks for cancellation.
ENGINE_PROGRESS_SECONDS = 0.5
# Rows on one page of /points/record; the API's default is 20.
ENGINE_HISTORY_MAX_LIMIT = 100
# A body beyond the upload limit is read up to this size and discarded, so that the sender can read the refusal. A
# larger one is refused unread.
ENGINE_UPLOAD_DRAIN_BYTES = WEB_MAX_BODY_BYTES
# Hosts that may receive webhooks although their addresses aren't public.
ENGINE_WEBHOOK_ALLOWED_HOSTS: list[str] = env.list("ENGINE_WEBHOOK_ALLOWED_HOSTS", [])
# Seconds between the attempts at a webhook: three in all, as in the API.
ENGINE_WEBHOOK_PAUSES = (2, 10)
# Origins (https://shop.example) whose pages may call the engine's API from the browser. The site's pages never do.
ENGINE_CORS_ORIGINS: list[str] = env.list("ENGINE_CORS_ORIGINS", [])

# Calls from other origins (django-cors-headers): of the engine's API only, without cookies, which it doesn't use.
CORS_ALLOWED_ORIGINS = ENGINE_CORS_ORIGINS
# Without an origin, responses don't vary by it and OPTIONS gets the API's own refusal.
CORS_URLS_REGEX = r"^/web_api/v1/" if ENGINE_CORS_ORIGINS else r"(?!)"
CORS_ALLOW_METHODS = ("GET", "POST")
CORS_ALLOW_HEADERS = ("accept", "content-type")
# The name of a downloaded result, and when to try again.
CORS_EXPOSE_HEADERS = ("Content-Disposition", "Retry-After")

# The hosted service

# Whose connections may lead to services on private addresses: those of "administrators", of "everyone" or of "nobody".
PRIVATE_ADDRESSES = env.str(
    "PRIVATE_ADDRESSES", "administrators", validate=validate.OneOf(("administrators", "everyone", "nobody"))
)
# The proxy for calls to services and webhooks on the internet, as http://user:password@host:port. Those of the
# environment (HTTP_PROXY) are not used.
OUTBOUND_PROXY = parse_proxy(env.str("OUTBOUND_PROXY", ""))
HOSTED_BASE_URL = env.str("HOSTED_BASE_URL", "https://api-service.vanceai.com/web_api/v1")

# Log

# The last errors, for the page of the installation's status (lib/error_records.py).
ERRORS_FILE = DATA_DIR / "errors.jsonl"
LOGGING: dict[str, Any] = build_logging(level=env.str("LOG_LEVEL", "WARNING"), errors=ERRORS_FILE)
