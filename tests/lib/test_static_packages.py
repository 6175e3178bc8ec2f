"""The listed files of npm packages, and no others, are static files."""

from pathlib import Path
from typing import Any

import pytest

from vanceweb.lib.static_packages import PackageFilesFinder


@pytest.fixture
def finder(settings: Any, tmp_path: Path) -> PackageFilesFinder:
    settings.NODE_MODULES_DIR = tmp_path
    settings.STATIC_PACKAGES = {"vendor/nice": ("nice/dist", ("nice.css", "absent.js"))}
    folder = tmp_path / "nice" / "dist"
    folder.mkdir(parents=True)
    for name in ("nice.css", "nice.css.map", "huge.js"):
        (folder / name).write_text(name)
    return PackageFilesFinder()


def test_a_listed_file_is_found_under_its_prefix(finder: PackageFilesFinder, tmp_path: Path) -> None:
    assert finder.find("vendor/nice/nice.css") == str(tmp_path / "nice/dist/nice.css")
    assert finder.find("vendor/nice/nice.css", find_all=True) == [str(tmp_path / "nice/dist/nice.css")]


@pytest.mark.parametrize("path", ["vendor/nice/huge.js", "vendor/nice/absent.js", "nice.css", "vendor/nice/../x"])
def test_unlisted_and_missing_files_are_not_found(finder: PackageFilesFinder, path: str) -> None:
    assert finder.find(path) == []


def test_the_listed_files_are_collected(finder: PackageFilesFinder) -> None:
    listed = [(name, storage.prefix) for name, storage in finder.list([])]  # type: ignore[attr-defined]
    assert listed == [("nice.css", "vendor/nice"), ("absent.js", "vendor/nice")]


def test_the_check_names_missing_files(finder: PackageFilesFinder) -> None:
    (warning,) = finder.check()
    assert "vendor/nice/absent.js" in warning.msg
    assert "nice.css" not in warning.msg
