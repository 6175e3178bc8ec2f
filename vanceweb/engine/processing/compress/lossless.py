"""Smaller files of the same picture: better coding of a JPG or PNG, and removal of its metadata."""

import subprocess
import sys
from collections.abc import Sequence
from subprocess import DEVNULL, PIPE
from tempfile import TemporaryFile

import mozjpeg_lossless_optimization as mozjpeg
from PIL import Image

from vanceweb.engine.processing.image.attachments import has_credentials, split_at_end
from vanceweb.engine.processing.image.jpeg_segments import (
    APP1,
    APP2,
    PROFILE_NAME,
    build_segment,
    leave_out,
    read_segments,
)
from vanceweb.engine.processing.image.metadata import ORIENTATION
from vanceweb.engine.processing.image.picture_index import UnusableIndex, follow_pictures
from vanceweb.engine.processing.image.progress import Report, ignore_progress

# oxipng holds Python's global lock, for tens of seconds with a large picture; in this process the lease on the job
# would run out. So it runs in a process of its own, from standard input to standard output.
OXIPNG = (
    "import sys, oxipng;"
    "kept = [name.encode() for name in sys.argv[2:]];"
    "strip = oxipng.StripChunks.keep(kept) if kept else oxipng.StripChunks.none();"
    "file = sys.stdin.buffer.read();"
    "sys.stdout.buffer.write(oxipng.optimize_from_memory(file, level=int(sys.argv[1]), strip=strip))"
)
# libjpeg ends its whole process at some damage that decoders overlook, such as coefficients out of range.
MOZJPEG = (
    "import sys, mozjpeg_lossless_optimization as mozjpeg;"
    "markers = getattr(mozjpeg.COPY_MARKERS, sys.argv[1]);"
    "sys.stdout.buffer.write(mozjpeg.optimize(sys.stdin.buffer.read(), markers))"
)
OXIPNG_LEVELS = ((500_000, 4), (8_000_000, 2))  # px up to which a level is used; ten seconds or less on one core
LARGE_PICTURE_LEVEL, STRIPPING_LEVEL = 1, 0
# Chunks that decide how a PNG looks: the encoding of its colours, its frames and its resolution. oxipng's own choice of
# safe ones leaves out gamma, primaries and the brightness of HDR.
SHOWN_CHUNKS = ("cICP", "mDCV", "cLLI", "iCCP", "sRGB", "gAMA", "cHRM", "pHYs", "acTL", "fcTL", "fdAT")
JFIF_SEGMENT = b"\xff\xe0"
POLL_SECONDS, USUAL_SECONDS = 0.2, 5.0  # between reports of progress; and after which oxipng is half done
TIMEOUT = 600  # seconds; far more than the largest picture needs


def optimise_png(file: bytes, pixels: int, report: Report = ignore_progress) -> bytes:
    """Return the PNG with the same samples, frames, metadata and attachments, or unchanged if that saves nothing.

    A file that is signed stays unchanged, too. `pixels` is the number of its px.
    """
    level = next((level for most, level in OXIPNG_LEVELS if pixels <= most), LARGE_PICTURE_LEVEL)
    picture, tail = split_at_end(file)
    if has_credentials(picture):
        return file
    packed = _run_oxipng(picture, level, (), report)
    return file if packed is None or len(packed) >= len(picture) else packed + tail


def strip_png(file: bytes, report: Report = ignore_progress) -> bytes | None:
    """Return the PNG with only what is needed to show it, profile and resolution included; None for a damaged one."""
    return _run_oxipng(file, STRIPPING_LEVEL, SHOWN_CHUNKS, report)


def _run_oxipng(file: bytes, level: int, kept: Sequence[str], report: Report) -> bytes | None:
    """Return oxipng's file with all metadata, or only the chunks `kept`; None if it fails.

    An exception of `report` ends its process.
    """
    return run_program(OXIPNG, (str(level), *kept), file, report)


def run_program(program: str, arguments: Sequence[str], file: bytes, report: Report) -> bytes | None:
    """Return the output of a program for the input `file`, or None if it fails or writes nothing."""
    command = [sys.executable, "-I", "-c", program, *arguments]
    # A file, because `communicate` never sends the rest of an input that a program didn't take within the first poll.
    with TemporaryFile() as given:
        given.write(file)
        given.seek(0)
        process = subprocess.Popen(command, stdin=given, stdout=PIPE, stderr=DEVNULL)  # noqa: S603 (no outside input)
    with process:
        try:
            output = _read_output(process, report)
        finally:
            process.kill()
    return (output or None) if process.returncode == 0 else None


def _read_output(process: "subprocess.Popen[bytes]", report: Report) -> bytes | None:
    """Return a program's output, or None after `TIMEOUT`. The progress is a guess: oxipng reports none."""
    for asked in range(round(TIMEOUT / POLL_SECONDS)):
        try:
            return process.communicate(timeout=POLL_SECONDS)[0]
        except subprocess.TimeoutExpired:
            report(1 - 1 / (1 + asked * POLL_SECONDS / USUAL_SECONDS))
    return None


def optimise_jpeg(file: bytes) -> bytes:
    """Return the JPG with the same coefficients, metadata and attachments, or unchanged if that saves nothing.

    Unchanged stays, too, what is damaged, cannot follow a picture of another size or is signed.
    """
    picture, tail = split_at_end(file)
    packed = None if has_credentials(picture) else run_program(MOZJPEG, ("ALL",), picture, ignore_progress)
    if packed is None or len(packed) >= len(picture):
        return file
    try:
        return (follow_pictures(file, len(picture), packed) if tail else packed) + tail
    except UnusableIndex:
        return file


def optimise_written_jpeg(file: bytes) -> bytes:
    """Return a JPG just written, with the same coefficients and metadata, or unchanged if that saves nothing."""
    return min(bytes(mozjpeg.optimize(file, mozjpeg.COPY_MARKERS.ALL)), file, key=len)


def strip_jpeg(file: bytes, orientation: int) -> bytes | None:
    """Return the JPG with only its coefficients, profile and EXIF `orientation` 1-8; None for a damaged one.

    What is behind the picture is left out together with what points to it.
    """
    packed = run_program(MOZJPEG, ("ICC",), file, ignore_progress)
    if packed is None:
        return None
    stripped = _keep_profile_alone(packed)
    if orientation == 1:
        return stripped
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    block = exif.tobytes()
    # The JFIF segment must be the first.
    position = 4 + int.from_bytes(stripped[4:6]) if stripped[2:4] == JFIF_SEGMENT else 2
    return stripped[:position] + build_segment(APP1, block) + stripped[position:]


def _keep_profile_alone(file: bytes) -> bytes:
    """Return the JPG without segments that libjpeg takes for parts of a profile, such as an index of pictures."""
    others = [
        segment
        for segment in read_segments(file)
        if segment.marker == APP2 and not segment.is_named(APP2, PROFILE_NAME)
    ]
    return leave_out(file, others)
