"""Record of the installed files known to be intact, so that a start need not hash 180 MB each time.

`installed.json` in the models directory stores the SHA-256 of each hashed file with the size and modification time the
file had then. A file whose size or time differs is hashed again. A file changed with its time restored would pass: this
is no protection against somebody who can write to the directory.
"""

import hashlib
import json
import os
from pathlib import Path

from vanceweb.engine.weights.packages import WeightFile

NAME = "installed.json"
CHUNK = 1 << 20


class InstalledFiles:
    """The intact files of one models directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / NAME
        self._entries = self._read()

    def has_intact(self, file: WeightFile) -> bool:
        """Return whether `file` is installed and intact."""
        target = self._directory / file.target
        try:
            status = target.stat()
        except FileNotFoundError:
            return False
        if status.st_size != file.size:
            return False
        if self._entries.get(file.target) == [file.sha256, status.st_size, status.st_mtime_ns]:
            return True
        if _compute_sha256(target) != file.sha256:
            return False
        self.add(file)
        return True

    def add(self, file: WeightFile) -> None:
        """Record that `file` has just been found intact."""
        status = (self._directory / file.target).stat()
        self._entries[file.target] = [file.sha256, status.st_size, status.st_mtime_ns]
        self._write()

    def _read(self) -> dict[str, list[object]]:
        try:
            entries = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return entries if isinstance(entries, dict) else {}

    def _write(self) -> None:
        fresh = self._path.with_suffix(f".{os.getpid()}.new")
        try:
            fresh.write_text(json.dumps(self._entries, indent=1, sort_keys=True))
            fresh.replace(self._path)
        except OSError:
            return  # a read-only models directory is fine: its files are hashed at each start


def _compute_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
