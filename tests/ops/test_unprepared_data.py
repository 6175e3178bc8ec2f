"""Only `prepare` and `up` create the data folder; other commands do without it or name the command to run."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.live_site import CHECKOUT, build_environment, build_manage_command

pytestmark = pytest.mark.slow  # ten processes


def run(command: list[str], folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=build_environment(folder / "data", **env),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_loading_the_settings_creates_nothing(tmp_path):
    loaded = run([sys.executable, "-c", "import django; django.setup()"], tmp_path)
    assert loaded.returncode == 0, loaded.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [("makemigrations", "--check", "--dry-run"), ("check",), ("sweep", "--help"), ("--version",)]
)
def test_commands_that_use_no_data_create_none(tmp_path, arguments):
    done = run(build_manage_command(*arguments), tmp_path, DATABASE_URL="sqlite://:memory:")
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_static_files_can_be_collected_without_keys(tmp_path):
    collect = build_manage_command("collectstatic", "--no-input", "--verbosity", "0")
    done = run(collect, tmp_path, STATIC_ROOT=str(tmp_path / "collected"))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["collected"]


@pytest.mark.parametrize("arguments", [("sweep", "--once"), ("migrate",), ("administrator", "alice")])
def test_other_commands_name_the_one_to_run_first(tmp_path, arguments):
    refused = run(build_manage_command(*arguments), tmp_path)
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        f"vanceweb can't start with this environment: the key {tmp_path}/data/keys/secret_key is missing. "
        "Run `manage.py prepare` first; `manage.py up` includes it."
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_web_server_without_preparation_refuses_to_start(tmp_path):
    refused = run([sys.executable, "-c", "import vanceweb.wsgi"], tmp_path)
    assert refused.returncode == 1
    assert "Run `manage.py prepare` first" in refused.stderr.splitlines()[-1]
