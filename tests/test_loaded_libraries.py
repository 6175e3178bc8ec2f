"""Libraries for image work are loaded by the engine's worker only: they take tens of megabytes in each process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"cv2", "ncnn", "onnxruntime", "numpy"}
CHECKOUT = Path(__file__).resolve().parent.parent

# Answers a request with all middleware, all URLs and a page.
WEB = """
from wsgiref.util import setup_testing_defaults
from vanceweb.wsgi import application
from django.core.management import call_command

environ = {"PATH_INFO": "/nowhere/", "HTTP_HOST": "localhost"}
setup_testing_defaults(environ)
statuses = []
list(application(environ, lambda status, headers: statuses.append(status)))
assert statuses == [STATUS], statuses
call_command("check")
"""
# Does what every worker does before its first task, then loads every task and the in-process engine with its URLs.
IO_WORKER = """
import django
from importlib import import_module

django.setup()
from django.conf import settings
from django.core.management import call_command
from django.urls import get_resolver
from django.utils.module_loading import autodiscover_modules, import_string

call_command("check")
import_module("vanceweb.ops.management.commands.work")
autodiscover_modules("tasks")
import_string(settings.BUNDLED_ENGINE_WSGI)
get_resolver("vanceweb.engine.site_urls").url_patterns[0].url_patterns
for module in MODULES:
    assert module in sys.modules, module
"""
SWEEPER = """
import django

django.setup()
from django.conf import settings
from django.utils.module_loading import import_string

for name in (*settings.SWEEPS, *settings.CHORES):
    import_string(name)
import vanceweb.ops.management.commands.sweep
"""
UP = """
import django

django.setup()
import vanceweb.ops.management.commands.up
import vanceweb.engine.management.commands.install_models
"""
DECODER = """
import vanceweb.lib.decoder.__main__

assert not [module for module in sys.modules if module.partition(".")[0] == "django"]
"""
PROGRAMS = {
    "web": WEB.replace("STATUS", repr("404 Not Found")),
    "io worker": IO_WORKER.replace(
        "MODULES", repr([f"vanceweb.{room}.tasks" for room in ("engine", "gallery", "jobs", "usage", "vault")])
    ),
    "sweeper": SWEEPER,
    "up": UP,
    "decoder": DECODER,
    # A contrast, which shows that the test can fail.
    "image work": "import django; django.setup(); import vanceweb.engine.execution",
}


def find_loaded(program: str, folder: Path) -> set[str]:
    """Return the names of the heavy packages that a new Python process has loaded after `program`."""
    report = f"print(*sorted({HEAVY!r} & set(sys.modules)))"
    environment = {**os.environ, "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\n{report}"],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("process", PROGRAMS)
def test_only_image_work_loads_its_libraries(process: str, tmp_path: Path) -> None:
    assert find_loaded(PROGRAMS[process], tmp_path) == (HEAVY if process == "image work" else set())
