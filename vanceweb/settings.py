"""Settings of the site and of the bundled engine.

Everything that an operator may want to change is read from the environment here and nowhere else; what has no variable
is a decision of the product. `docs/administer.md` lists the variables.
"""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from environs import Env

from vanceweb.lib.key_files import generate_fernet_key, generate_key, read_or_create_key

env = Env()

# --- Places ---------------------------------------------------------------------------------------------------------

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "data"))).resolve()
MODELS_DIR = Path(env.str("MODELS_DIR", str(BASE_DIR / "models"))).resolve()
HOST = env.str("HOST", "127.0.0.1")
PORT = env.int("PORT", 8000)
# The address people type, where it differs from HOST and PORT (a proxy in front); "https://…" turns on secure cookies.
PUBLIC_URL = env.str("PUBLIC_URL", f"http://{HOST}:{PORT}").rstrip("/")
NODE_MODULES_DIR = BASE_DIR / "node_modules"

# --- Keys -----------------------------------------------------------------------------------------------------------

KEYS_DIR = DATA_DIR / "keys"
SECRET_KEY = env.str("SECRET_KEY", "") or read_or_create_key(KEYS_DIR / "secret_key", generate_key)
# Fernet keys for the stored API tokens, newest first; older ones still decrypt, so keys can be rotated.
VAULT_KEYS = env.list("VAULT_KEYS", []) or read_or_create_key(KEYS_DIR / "vault_keys", generate_fernet_key).split()
# Keys the hashes of the engine's own tokens.
ENGINE_TOKEN_KEY = env.str("ENGINE_TOKEN_KEY", "") or read_or_create_key(KEYS_DIR / "engine_token_key", generate_key)

# --- Django ---------------------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", False)
IS_HTTPS = PUBLIC_URL.startswith("https://")
# The name under which workers reach the bundled engine in process; it never leaves the process.
IN_PROCESS_HOST = "engine.invalid"
# Listening on every interface means that people come by names we can't know; nothing here trusts the Host header.
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
    "axes",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "template_partials",
    "vanceweb.teams",
    "vanceweb.vault",
    "vanceweb.gallery",
    "vanceweb.jobs",
    "vanceweb.usage",
    "vanceweb.engine",
    "vanceweb.ops",
]

MIDDLEWARE = [
    "vanceweb.ops.health.health_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
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
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "django.contrib.humanize.templatetags.humanize",
                "template_partials.templatetags.partials",
                "vanceweb.teams.templatetags.interface",
            ],
        },
    },
]

# --- Database -------------------------------------------------------------------------------------------------------

DATABASES: dict[str, Any] = {
    "default": env.dj_db_url("DATABASE_URL", f"sqlite:///{DATA_DIR / 'vanceweb.sqlite3'}", conn_max_age=60)
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers queue up instead of failing half-way through a transaction, and readers never wait for them.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People ---------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
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
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "studio"
LOGOUT_REDIRECT_URL = "login"
# Ten wrong passwords lock the pair of name and address for a quarter of an hour: enough for a bad memory, useless
# for a list.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "teams/locked_out.html"

# --- Safety of pages ------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
SESSION_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
X_FRAME_OPTIONS = "DENY"

# --- Words, numbers, dates ------------------------------------------------------------------------------------------

# Every text goes through gettext. There is one language so far, so no middleware chooses among several.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

# --- Files ----------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(DATA_DIR / "static"))).resolve()
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "vanceweb.lib.static_packages.PackageFilesFinder",
]
# The files of npm packages that pages use, by the folder they are served from. (Source maps only where a file names
# its map: the manifest wants everything that a file refers to.)
STATIC_PACKAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "vendor/bootstrap": ("bootstrap/dist/css", ("bootstrap.min.css", "bootstrap.min.css.map")),
    "vendor/img-comparison-slider": ("img-comparison-slider/dist", ("index.js", "index.js.map")),
    "vendor/hanken-grotesk": (
        "@fontsource-variable/hanken-grotesk/files",
        ("hanken-grotesk-latin-wght-normal.woff2", "hanken-grotesk-latin-ext-wght-normal.woff2"),
    ),
}
ICONS_DIR = NODE_MODULES_DIR / "bootstrap-icons" / "icons"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": MEDIA_ROOT},
    },
    # The engine keeps its own files for a day; they are no part of anybody's gallery.
    "engine": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "engine"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "tmp"
FILE_UPLOAD_TEMP_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# The form fields beside a file: a jconfig with ten steps and long prompts stays far below this.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- Work -----------------------------------------------------------------------------------------------------------

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["io", "engine"]}}
# How long a claimed row stays claimed without a heartbeat: the time lost when a worker is killed.
LEASE_SECONDS = env.int("LEASE_SECONDS", 15)
# A heartbeat every third of the lease survives two that are missed.
LEASE_HEARTBEAT_SECONDS = LEASE_SECONDS / 3
SWEEP_INTERVAL = env.float("SWEEP_INTERVAL", 2.0)
# Called in turn by the sweeper, without arguments.
SWEEPS: list[str] = [
    "vanceweb.engine.sweeps.requeue_due_work",
    "vanceweb.engine.sweeps.fail_overdue_transforms",
    "vanceweb.engine.sweeps.delete_expired_files",
    "vanceweb.jobs.sweeps.requeue_due_jobs",
    "vanceweb.jobs.sweeps.fail_overdue_jobs",
    "vanceweb.gallery.sweeps.request_missing_thumbnails",
    "vanceweb.vault.sweeps.refresh_balances",
    "vanceweb.usage.sweeps.refresh_histories",
    "vanceweb.ops.sweeps.remove_old_tasks",
]
# Ended tasks are of use only to somebody who is looking for a fault right now; one job makes about one each second.
TASK_KEEP_SECONDS = env.int("TASK_KEEP_SECONDS", 3600)
# Tasks left as running by a killed worker: kept longer than any honest task takes.
TASK_LOST_SECONDS = 24 * 3600
TASK_PRUNE_SECONDS = 300.0

# --- Processes of `manage.py up` ------------------------------------------------------------------------------------

# Two web processes use two processors and survive the death of one; their threads mostly wait for the database, or in
# /transform for a result.
WEB_WORKERS = env.int("WEB_WORKERS", 2)
WEB_THREADS = env.int("WEB_THREADS", 8)
# A worker that gives no sign of life for this long is replaced; threads keep it alive during slow requests.
WEB_TIMEOUT = env.int("WEB_TIMEOUT", 60)
# Requests that run at the end get this long; below UP_STOP_SECONDS.
WEB_GRACEFUL_TIMEOUT = 5
# A job on the `io` queue mostly waits for the network, so two share what one processor can do.
IO_WORKERS = env.int("IO_WORKERS", 2)
# One engine worker uses all processors already (ENGINE_MODEL_THREADS).
ENGINE_WORKERS = env.int("ENGINE_WORKERS", 1)
# Pages come before pictures when both want the processors.
ENGINE_NICENESS = env.int("ENGINE_NICENESS", 5)
# How often an idle worker asks for work: what a person waits at most before a job moves.
WORKER_INTERVAL = env.float("WORKER_INTERVAL", 0.2)
# A slow machine under load needs ten seconds; a minute means that it will never be.
UP_START_SECONDS = env.float("UP_START_SECONDS", 60.0)
# SIGKILL follows SIGTERM after this: jobs survive it, and even a machine under load ends within 15 s.
UP_STOP_SECONDS = env.float("UP_STOP_SECONDS", 7.0)
# What dies is started again at once, and ever more slowly when it keeps dying.
UP_RESTART_SECONDS = 0.5
UP_LONGEST_RESTART_SECONDS = 30.0
UP_STEADY_SECONDS = 30.0
# Off where the static files were collected when the image was built.
COLLECT_STATIC = env.bool("COLLECT_STATIC", True)

# --- Uploads (site and engine) --------------------------------------------------------------------------------------

# The contract's limits: 10 MB and 34 megapixels, JPG and PNG.
UPLOAD_MAX_BYTES = 10 * 1024 * 1024
UPLOAD_MAX_PIXELS = 34_000_000
UPLOAD_FORMATS = ("JPEG", "PNG")

# Longest side of each thumbnail, px: twice the 180 px of a gallery tile, and a wide screen for comparing.
THUMBNAIL_SIZES = {"tile": 360, "preview": 1600}

# What a job brought back may be larger than an upload: the bundled engine's limit, and some.
RESULT_MAX_PIXELS = 220_000_000
RESULT_MAX_BYTES = 1024 * 1024 * 1024
# Small enough to load fast, and no blocks to be seen where a photo is compared with its result.
THUMBNAIL_QUALITY = 82
# A picture that took two workers down with it is left without thumbnails.
THUMBNAIL_MAX_ATTEMPTS = 3
# After this long without thumbnails the message that asked for them counts as lost.
THUMBNAIL_REASK_SECONDS = 60

# --- Jobs -----------------------------------------------------------------------------------------------------------

# How often a job asks the bundled engine, in process, where it is.
JOB_POLL_SECONDS = env.float("JOB_POLL_SECONDS", 1.0)
# The contract's "about every 2 s" for services on the network.
JOB_POLL_SECONDS_REMOTE = 2.0
# Pause after a failure that may pass: doubling from the first to the longest, then the job fails. Together about
# seven minutes, the length of a router's restart or a service's deployment.
JOB_FIRST_PAUSE_SECONDS = 2.0
JOB_LONGEST_PAUSE_SECONDS = 120.0
JOB_MAX_SETBACKS = 9
# How often a transform is sent for one job when its answers get lost. Nothing is charged before the download, so a
# second one costs no credits, only the service's time.
JOB_MAX_TRANSFORMS = 3
# From submitting to the end, waiting for a free engine included. Within the day for which services keep results.
JOB_MAX_RUN_SECONDS = env.int("JOB_MAX_RUN_SECONDS", 6 * 3600)
# After this long past its time a row's message counts as lost and is sent again.
JOB_REWAKE_SECONDS = 10
# How long the site goes on trying to tell a service of a cancelled job.
JOB_CANCEL_NOTICE_SECONDS = 600

# --- Connections and usage ------------------------------------------------------------------------------------------

# Seconds without a sign from the service, for each of the client's calls.
CLIENT_TIMEOUTS = {
    "connect": 10.0,
    "upload": 120.0,  # the service stores and checks up to 10 MB before it answers
    "transform": 300.0,  # a hosted service answers when the job is done; giving up early loses its id
    "progress": 30.0,
    "download": 60.0,
    "download_total": 1800.0,
    "balance": 30.0,
    "history": 30.0,
    "cancel": 10.0,
}
# Tries of one call before the job itself pauses (JOB_FIRST_PAUSE_SECONDS): enough for a dropped connection.
CLIENT_ATTEMPTS = 3
# Balances change by what happens here and at billing days; half an hour is soon enough for the latter.
BALANCE_REFRESH_SECONDS = 1800
# A check that hasn't answered after this long lost its message.
CHECK_REASK_SECONDS = 60
HISTORY_REFRESH_SECONDS = 1800
# Rows asked for per page of history; services that give fewer are understood.
HISTORY_PAGE_ROWS = 100
# A first read ends here: with 100 rows a page that are 100,000 charges.
HISTORY_MAX_PAGES = 1000
# How far rows may come late: servers' clocks differ a little, and a row may be written after a newer one.
HISTORY_OVERLAP_SECONDS = 3600

# --- Pages ----------------------------------------------------------------------------------------------------------

# A screen or two of each list; the next page is one click or, in the gallery, some scrolling away.
JOBS_PAGE_ROWS = 40
GALLERY_PAGE_TILES = 60
USAGE_PAGE_ROWS = 50
# While a refresh that was asked for this recently has brought nothing, the usage page looks again by itself.
USAGE_WATCH_SECONDS = 30

# --- The bundled engine ---------------------------------------------------------------------------------------------

BUNDLED_ENGINE_WSGI = "vanceweb.engine.wsgi.application"
# Lists the backends of the bundled engine with their states, for the owner's page.
BUNDLED_MODELS_LIST = "vanceweb.engine.inventory.describe_backends"
BUNDLED_ACCOUNT_ISSUER = "vanceweb.engine.accounts.create_account"
# What a new user's account on the bundled engine begins with.
BUNDLED_ACCOUNT_CREDITS = env.int("BUNDLED_ACCOUNT_CREDITS", 1000)
ENGINE_MODEL_THREADS = env.int("ENGINE_MODEL_THREADS", 0)  # 0: one for each processor
# Large networks (from 24 MB of weights) kept loaded at once: each holds several times its file in memory.
ENGINE_LARGE_MODELS = env.int("ENGINE_LARGE_MODELS", 1)
# 200 megapixels are 600 MB of samples: what a desktop program still opens.
ENGINE_MAX_OUTPUT_PIXELS = env.int("ENGINE_MAX_OUTPUT_PIXELS", 200_000_000)
# How long /transform waits for the result before it answers `process` or `busy`; below the common 30 s of proxies.
ENGINE_PATIENCE = env.float("ENGINE_PATIENCE", 25.0)
# Results and uploads are removed after a day; the site has fetched them long before.
ENGINE_KEEP_SECONDS = env.int("ENGINE_KEEP_SECONDS", 24 * 3600)
# The slowest honest job (34 megapixels on two old cores) stays below an hour and a half.
ENGINE_MAX_RUN_SECONDS = env.int("ENGINE_MAX_RUN_SECONDS", 2 * 3600)
# Requests of one web process that may wait like this at the same time; the other threads stay free for short requests.
ENGINE_MAX_WAITING = max(1, WEB_THREADS // 2)
# How often a waiting /transform looks at its row: short beside the fastest job, long beside a query.
ENGINE_POLL_SECONDS = 0.1
# How often a running job writes its percentage and asks whether it was cancelled.
ENGINE_PROGRESS_SECONDS = 0.5
# A job that took three workers down with it would take the fourth as well.
ENGINE_MAX_ATTEMPTS = 3
# After this long in the queue a row's message counts as lost and is sent again.
ENGINE_REQUEUE_SECONDS = 30
# Rows on one page of /points/record; the API's default is 20.
ENGINE_HISTORY_MAX_LIMIT = 100
# What is read (and thrown away) of a body beyond the upload limit, so that its sender can read the refusal; a larger
# one is refused unread.
ENGINE_UPLOAD_DRAIN_BYTES = 100 * 1024 * 1024
# Hosts that webhooks may be posted to although their addresses aren't public.
ENGINE_WEBHOOK_ALLOWED_HOSTS: list[str] = env.list("ENGINE_WEBHOOK_ALLOWED_HOSTS", [])
# Seconds between the tries of a webhook: three in all, as the API has it.
ENGINE_WEBHOOK_PAUSES = (2, 10)
# A receiver that doesn't answer holds the io worker for this long, three times.
ENGINE_WEBHOOK_CONNECT_SECONDS = 5
ENGINE_WEBHOOK_TOTAL_SECONDS = 10

# --- The hosted service ---------------------------------------------------------------------------------------------

HOSTED_BASE_URL = env.str("HOSTED_BASE_URL", "https://api-service.vanceai.com/web_api/v1")

# --- Log ------------------------------------------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {
        # That it was asked to end, and how to press Ctrl-C again, is the worker's word to a terminal of its own.
        "no_farewells": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: (record.name, record.funcName) != ("django_tasks_db", "shutdown"),
        },
    },
    "handlers": {
        # The level stands here too: the task worker sets its loggers to INFO by itself.
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "level": env.str("LOG_LEVEL", "WARNING"),
            "filters": ["no_farewells"],
        },
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING")},
}
