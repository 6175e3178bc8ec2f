"""Which installed files are known to be whole, so that a start does not hash 180 MB each time.

`installed.json` in the models directory holds, for each file that was hashed once, its SHA-256 together with the size
and modification time it had then. A file whose size or time differs is hashed again; a file changed with its time
put back would pass, which is no protection against somebody who can write there, and is not meant as one.
"""

import hashlib
import json
import os
from pathlib import Path

from vanceweb.engine.weights.manifest import WeightFile

NAME = "installed.json"
CHUNK = 1 << 20


class Stamps:
    """The stamps of one models directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / NAME
        self._stamps = self._read()

    def holds(self, file: WeightFile) -> bool:
        """True when `file` is installed and whole."""
        target = self._directory / file.target
        try:
            status = target.stat()
        except FileNotFoundError:
            return False
        if status.st_size != file.size:
            return False
        if self._stamps.get(file.target) == [file.sha256, status.st_size, status.st_mtime_ns]:
            return True
        if _sha256(target) != file.sha256:
            return False
        self.add(file)
        return True

    def add(self, file: WeightFile) -> None:
        """Note that `file` was just found whole."""
        status = (self._directory / file.target).stat()
        self._stamps[file.target] = [file.sha256, status.st_size, status.st_mtime_ns]
        self._write()

    def _read(self) -> dict[str, list[object]]:
        try:
            stamps = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return stamps if isinstance(stamps, dict) else {}

    def _write(self) -> None:
        fresh = self._path.with_suffix(f".{os.getpid()}.new")
        try:
            fresh.write_text(json.dumps(self._stamps, indent=1, sort_keys=True))
            fresh.replace(self._path)
        except OSError:
            return  # a read-only models directory is fine: its files are hashed at each start instead


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
