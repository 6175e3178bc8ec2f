"""Smaller files of the same picture: better coding of a JPG or PNG, and removal of its metadata."""

import subprocess
import sys
from subprocess import DEVNULL, PIPE

import mozjpeg_lossless_optimization as mozjpeg
from PIL import Image

from vanceweb.engine.processing.image.metadata import ORIENTATION
from vanceweb.engine.processing.image.progress import Report, ignore_progress

# oxipng holds Python's global lock, for tens of seconds with a large picture; in this process the lease on the job
# would run out. So it runs in a process of its own, from standard input to standard output.
OXIPNG = (
    "import sys, oxipng;"
    "strip = getattr(oxipng.StripChunks, sys.argv[2])();"
    "file = sys.stdin.buffer.read();"
    "sys.stdout.buffer.write(oxipng.optimize_from_memory(file, level=int(sys.argv[1]), strip=strip))"
)
OXIPNG_LEVELS = ((500_000, 4), (8_000_000, 2))  # px up to which a level is used; ten seconds or less on one core
LARGE_PICTURE_LEVEL, STRIPPING_LEVEL = 1, 0
# Markers of JPEG segments.
JFIF_SEGMENT, EXIF_SEGMENT, PROFILE_SEGMENT, START_OF_SCAN = b"\xff\xe0", b"\xff\xe1", b"\xff\xe2", b"\xff\xda"
POLL_SECONDS, USUAL_SECONDS = 0.2, 5.0  # between reports of progress; and after which oxipng is half done
TIMEOUT = 600  # seconds; far more than the largest picture needs


def optimise_png(file: bytes, pixels: int, report: Report = ignore_progress) -> bytes:
    """Return the PNG with the same samples, frames and metadata, or unchanged if that saves nothing.

    `pixels` is the number of its px.
    """
    level = next((level for most, level in OXIPNG_LEVELS if pixels <= most), LARGE_PICTURE_LEVEL)
    return min(_run_oxipng(file, level, "none", report) or file, file, key=len)


def strip_png(file: bytes, report: Report = ignore_progress) -> bytes | None:
    """Return the PNG with only what is needed to show it, profile and resolution included; None for a damaged one."""
    return _run_oxipng(file, STRIPPING_LEVEL, "safe", report)


def _run_oxipng(file: bytes, level: int, strip: str, report: Report) -> bytes | None:
    """Return oxipng's file, or None if it fails. An exception of `report` ends its process."""
    command = [sys.executable, "-I", "-c", OXIPNG, str(level), strip]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL) as process:  # noqa: S603 (no outside input)
        try:
            optimised = _read_output(process, file, report)
        finally:
            process.kill()
    return optimised if process.returncode == 0 else None


def _read_output(process: "subprocess.Popen[bytes]", file: bytes, report: Report) -> bytes | None:
    """Return the output for the input `file`, or None after `TIMEOUT`. The progress is a guess: oxipng reports none."""
    given: bytes | None = file
    for asked in range(round(TIMEOUT / POLL_SECONDS)):
        try:
            return process.communicate(given, timeout=POLL_SECONDS)[0]
        except subprocess.TimeoutExpired:
            given = None
            report(1 - 1 / (1 + asked * POLL_SECONDS / USUAL_SECONDS))
    return None


def optimise_jpeg(file: bytes) -> bytes:
    """Return the JPG with the same coefficients and metadata, or unchanged if that saves nothing."""
    try:
        return min(bytes(mozjpeg.optimize(file, mozjpeg.COPY_MARKERS.ALL)), file, key=len)
    except ValueError:
        return file


def strip_jpeg(file: bytes, orientation: int) -> bytes | None:
    """Return the JPG with only its coefficients, profile and EXIF `orientation` 1-8; None for a damaged one.

    Further pictures of a multi-picture file are left out together with their index.
    """
    try:
        stripped = _remove_picture_index(bytes(mozjpeg.optimize(file, mozjpeg.COPY_MARKERS.ICC)))
    except ValueError:
        return None
    if orientation == 1:
        return stripped
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    block = exif.tobytes()
    # The JFIF segment must be the first.
    position = 4 + int.from_bytes(stripped[4:6]) if stripped[2:4] == JFIF_SEGMENT else 2
    return stripped[:position] + EXIF_SEGMENT + (len(block) + 2).to_bytes(2) + block + stripped[position:]


def _remove_picture_index(file: bytes) -> bytes:
    """Return the JPG without the index of further pictures, whose segments libjpeg takes for parts of a profile."""
    kept, position = bytearray(file[:2]), 2
    while file[position : position + 2] != START_OF_SCAN:
        end = position + 2 + int.from_bytes(file[position + 2 : position + 4])
        if not (file[position : position + 2] == PROFILE_SEGMENT and file[position + 4 : end].startswith(b"MPF\0")):
            kept += file[position:end]
        if end <= position + 2 or end >= len(file):
            return file
        position = end
    return bytes(kept + file[position:])
