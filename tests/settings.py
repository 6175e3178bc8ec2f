"""Settings of the test run: the product's own, in a data folder of their own and with cheap password hashes."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="vanceweb-tests-"))

from vanceweb.settings import *  # noqa: F403
from vanceweb.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Views are tested without `collectstatic`; the served site of the browser tests uses the real storage.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
