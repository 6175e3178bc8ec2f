"""Files: static ones, and those of people."""

from pathlib import Path
from typing import Any

from environs import validate

from vanceweb.lib.storage_url import Credentials, build_storages
from vanceweb.settings.base import BASE_DIR, DATA_DIR, NODE_MODULES_DIR
from vanceweb.settings.environment import env

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
    "vendor/chart.js": ("chart.js/dist", ("chart.umd.min.js", "chart.umd.min.js.map")),
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
