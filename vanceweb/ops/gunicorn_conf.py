"""The gunicorn configuration for `manage.py up` and containers: `gunicorn -c python:vanceweb.ops.gunicorn_conf`.

`bind` comes from the command line; everything an operator may change is a setting.
"""

import os
from pathlib import Path
from typing import Any

from django.conf import settings

from vanceweb.ops.parent_death import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vanceweb.settings")

wsgi_app = "vanceweb.wsgi"
proc_name = "vanceweb"
worker_class = "gthread"
workers = settings.WEB_WORKERS
threads = settings.WEB_THREADS
timeout = settings.WEB_TIMEOUT
# Running requests get this long when the site stops; less than UP_STOP_SECONDS.
graceful_timeout = 5
# The site is imported once before forking instead of once in each worker.
preload_app = True
# Heartbeat files are kept in memory: on a slow disk a busy worker looks dead.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - the folder's name, no file in it
control_socket_disable = True
loglevel = "warning"


def post_fork(server: Any, worker: Any) -> None:
    """Make each worker die with gunicorn's master, which dies with the supervisor (`parent_death.py`)."""
    die_with_parent(worker.ppid)
