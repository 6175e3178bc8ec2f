"""Smaller files of the very same picture: a JPG or PNG coded anew, better, and metadata left out."""

import subprocess
import sys

import mozjpeg_lossless_optimization as mozjpeg
from PIL import Image

from vanceweb.engine.processing.image.metadata import ORIENTATION

# oxipng holds Python's lock while it works, tens of seconds for a large picture: in this process the lease on the job
# would run out. It therefore works in a process of its own, from standard input to standard output.
OXIPNG = (
    "import sys, oxipng;"
    "strip = getattr(oxipng.StripChunks, sys.argv[2])();"
    "file = sys.stdin.buffer.read();"
    "sys.stdout.buffer.write(oxipng.optimize_from_memory(file, level=int(sys.argv[1]), strip=strip))"
)
LEVELS = ((500_000, 4), (8_000_000, 2))  # px up to which so much effort is spent: ten seconds or less on one core
LOWEST_LEVEL, QUICK = 1, 0
# Marks of JPEG segments.
JFIF, EXIF_SEGMENT, PROFILE_SEGMENT, START_OF_SCAN = b"\xff\xe0", b"\xff\xe1", b"\xff\xe2", b"\xff\xda"
PATIENCE = 600  # seconds; far more than the largest picture needs


def smaller_png(file: bytes, pixels: int) -> bytes:
    """The PNG with the same samples, frames and metadata, or itself where nothing is won. `pixels` is its size."""
    level = next((level for most, level in LEVELS if pixels <= most), LOWEST_LEVEL)
    return min(_by_oxipng(file, level, "none") or file, file, key=len)


def bare_png(file: bytes) -> bytes | None:
    """The PNG with what it takes to show it, profile and resolution too, and nothing else; None for a damaged one."""
    return _by_oxipng(file, QUICK, "safe")


def _by_oxipng(file: bytes, level: int, strip: str) -> bytes | None:
    command = [sys.executable, "-I", "-c", OXIPNG, str(level), strip]
    try:
        done = subprocess.run(command, input=file, capture_output=True, check=True, timeout=PATIENCE)  # noqa: S603 (our own words only)
    except subprocess.SubprocessError:
        return None
    return done.stdout


def smaller_jpeg(file: bytes) -> bytes:
    """The JPG with the same coefficients and metadata, or itself where nothing is won."""
    try:
        return min(bytes(mozjpeg.optimize(file, mozjpeg.COPY_MARKERS.ALL)), file, key=len)
    except ValueError:
        return file


def bare_jpeg(file: bytes, orientation: int) -> bytes | None:
    """The JPG with its coefficients, profile and EXIF `orientation` 1-8, and nothing else; None for a damaged one.

    Further pictures of a multi-picture file are left out with the index that finds them.
    """
    try:
        bare = _without_index(bytes(mozjpeg.optimize(file, mozjpeg.COPY_MARKERS.ICC)))
    except ValueError:
        return None
    if orientation == 1:
        return bare
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    block = exif.tobytes()
    # JFIF's own segment has to be the first.
    place = 4 + int.from_bytes(bare[4:6]) if bare[2:4] == JFIF else 2
    return bare[:place] + EXIF_SEGMENT + (len(block) + 2).to_bytes(2) + block + bare[place:]


def _without_index(file: bytes) -> bytes:
    """The JPG without the segments that say where further pictures lie, which libjpeg takes for parts of a profile."""
    kept, place = bytearray(file[:2]), 2
    while file[place : place + 2] != START_OF_SCAN:
        end = place + 2 + int.from_bytes(file[place + 2 : place + 4])
        if not (file[place : place + 2] == PROFILE_SEGMENT and file[place + 4 : end].startswith(b"MPF\0")):
            kept += file[place:end]
        if end <= place + 2 or end >= len(file):
            return file
        place = end
    return bytes(kept + file[place:])
