"""The settings of the tests: those of the site, with a temporary data folder and fast password hashes."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="vanceweb-tests-"))
# Distributed tests occupy every processor already. More threads would wait for each other, most of them busily. These
# names are read when the libraries are loaded, and are passed on to the processes that tests start.
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("ENGINE_MODEL_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM",
                 "RAYON_NUM_THREADS"):  # fmt: skip
        os.environ.setdefault(name, "1")

from vanceweb import settings as product
from vanceweb.lib.data_folder import create_keys_and_folders
from vanceweb.settings import *  # noqa: F403

create_keys_and_folders(product)

# A file instead of memory, for real locks between threads and processes.
DATABASES = {"default": product.DATABASES["default"] | {"TEST": {"NAME": product.DATA_DIR / "tests.sqlite3"}}}
if product.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
    DATABASES = product.DATABASES
INSTALLED_APPS = [*product.INSTALLED_APPS, "tests.lib"]
# A decoder for each process of a run: at the end of one, its decoder would take the pictures of the others with it.
DECODER_SOCKET = product.DECODER_SOCKET.with_name(f"socket-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}")
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Views are tested without `collectstatic`; the live site of the browser tests uses the real storage.
STORAGES = product.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# Services of tests are on this machine. What the default means is tested in tests/vault/test_networks.py.
PRIVATE_ADDRESSES = "everyone"
