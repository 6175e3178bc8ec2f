"""Selected files of npm packages as static files, without the megabytes of files that no page uses."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.checks import CheckMessage, Warning
from django.core.files.storage import FileSystemStorage, Storage


class PackageFilesFinder(BaseFinder):
    """A finder for settings.STATIC_PACKAGES: ``{prefix: (folder, (file, …))}``, with folders below NODE_MODULES_DIR."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Return a warning that names the missing files, if any."""
        missing = [path for path, source in _iterate_files() if not source.is_file()]
        if not missing:
            return []
        return [Warning(f"Front-end files are missing: {', '.join(missing)}.", hint="Run npm ci.", id="vanceweb.W001")]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Return the absolute path of a static file (a list of paths with `find_all`), or an empty list."""
        found = [str(source) for served, source in _iterate_files() if served == path and source.is_file()]
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """Yield each file's name and a storage that serves it under its prefix."""
        for prefix, (folder, names) in settings.STATIC_PACKAGES.items():
            storage = FileSystemStorage(location=settings.NODE_MODULES_DIR / folder)
            storage.prefix = prefix  # type: ignore[attr-defined]  # collectstatic reads this attribute
            for name in names:
                if not matches_patterns(name, [*(ignore_patterns or ())]):
                    yield name, storage


def _iterate_files() -> Iterator[tuple[str, Path]]:
    for prefix, (folder, names) in settings.STATIC_PACKAGES.items():
        for name in names:
            yield f"{prefix}/{name}", settings.NODE_MODULES_DIR / folder / name
