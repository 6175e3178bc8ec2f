"""Missing and damaged model weights: the site starts, says so, and fetches them when it can."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.engine.weights.test_installation import Index, build_weights
from vanceweb.engine.weights.errors import ChecksumMismatch, DownloadFailed
from vanceweb.engine.weights.installation import find_missing_weights, install_weights
from vanceweb.engine.weights.progress import SilentProgress
from vanceweb.lib.engine_gaps import read_gaps, write_gaps
from vanceweb.ops.missing_weights import install_or_warn
from vanceweb.ops.processes import build_commands
from vanceweb.teams.models import User


@pytest.fixture(autouse=True)
def gaps_file(settings: Any, tmp_path: Path) -> Path:
    settings.ENGINE_GAPS_FILE = tmp_path / "engine-gaps.json"
    return tmp_path / "engine-gaps.json"


def refuse(*args: object) -> Path:
    raise DownloadFailed("There is no network.")


@pytest.mark.parametrize("damage", [b"", b"W", b"weights " * 999 + b"weightsX"])
def test_25_a_damaged_file_is_set_aside_until_a_sound_one_comes(damage: bytes, tmp_path: Path) -> None:
    table = [build_weights("tiny"), build_weights("other")]
    install_weights(tmp_path, weights=table, fetch=Index())
    file = tmp_path / "tiny" / "tiny.bin"
    file.write_bytes(damage)
    with pytest.raises(DownloadFailed):
        install_weights(tmp_path, weights=table, fetch=refuse)
    assert [weights.name for weights in find_missing_weights(tmp_path, table)] == ["tiny"]
    assert sorted(path.name for path in file.parent.iterdir()) == ["other.bin", "tiny.bin.damaged"]
    install_weights(tmp_path, weights=table, fetch=Index())
    assert sorted(path.name for path in file.parent.iterdir()) == ["other.bin", "tiny.bin"]
    assert find_missing_weights(tmp_path, table) == []


def test_a_file_that_is_a_folder_is_missing(tmp_path: Path) -> None:
    (tmp_path / "tiny" / "tiny.bin").mkdir(parents=True)
    assert find_missing_weights(tmp_path, [build_weights()])


def test_one_bad_package_leaves_the_others(tmp_path: Path) -> None:
    bad, good = build_weights("absent"), build_weights("tiny")
    index = Index()
    # A package of its own, which is fetched after the bad one.
    other = type(good)(good.name, type(good.package)("other", "1.0", 1), good.files, "MIT", "", "")
    with pytest.raises(ChecksumMismatch):
        install_weights(tmp_path, weights=[bad, other], fetch=index)
    assert [weights.name for weights in find_missing_weights(tmp_path, [bad, other])] == ["absent"]


def test_nothing_is_said_and_fetched_where_all_is_there(gaps_file: Path) -> None:
    gaps_file.write_text('["enlarge3"]')
    install_or_warn(SilentProgress(), pytest.fail)
    assert not gaps_file.exists()
    assert "models" not in [command.name for command in build_commands(3)]


def test_up_fetches_what_is_missing_in_a_process_of_its_own(tmp_path: Path, settings: Any) -> None:
    settings.MODELS_DIR = tmp_path
    (command,) = [command for command in build_commands(3) if command.name == "models"]
    assert command.until_done
    assert not command.required


@pytest.mark.parametrize("content", ["", "{", '{"a": 1}', "null"])
def test_a_broken_list_means_no_gaps(content: str, gaps_file: Path) -> None:
    assert read_gaps() == frozenset()
    gaps_file.write_text(content)
    assert read_gaps() == frozenset()


def test_25_pages_and_health_mark_what_doesnt_work(alice: User, client: Client, gaps_file: Path) -> None:
    client.force_login(alice)
    assert "Not on this site" not in client.get("/t/studio/").content.decode()
    write_gaps({"enlarge3"})
    assert json.loads(gaps_file.read_text()) == ["enlarge3"]
    studio = client.get("/t/studio/").content.decode()
    assert studio.count("Not on this site") == 1
    assert "Enlarge it" not in studio
    assert "Cut it out" in studio
    assert "lacks models for this tool" in client.get("/t/studio/features/enlarge3/").content.decode()
    assert client.get("/healthz").content == b"ok\nmodel weights are missing: see manage.py doctor\n"
