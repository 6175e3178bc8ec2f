"""Smaller files of the very same picture: the entropy coding of a JPG or PNG done again, better."""

import subprocess
import sys

import mozjpeg_lossless_optimization as mozjpeg

# oxipng holds Python's lock while it works, tens of seconds for a large picture: in this process the lease on the job
# would run out. It therefore works in a process of its own, from standard input to standard output.
OXIPNG = (
    "import sys, oxipng;"
    "sys.stdout.buffer.write(oxipng.optimize_from_memory(sys.stdin.buffer.read(), level=int(sys.argv[1])))"
)
LEVELS = ((500_000, 4), (8_000_000, 2))  # px up to which so much effort is spent: ten seconds or less on one core
LOWEST_LEVEL = 1
PATIENCE = 600  # seconds; far more than the largest picture needs


def smaller_png(file: bytes, pixels: int) -> bytes:
    """The PNG with the same samples, frames and metadata, or itself where nothing is won. `pixels` is its size."""
    level = next((level for most, level in LEVELS if pixels <= most), LOWEST_LEVEL)
    command = [sys.executable, "-I", "-c", OXIPNG, str(level)]
    try:
        done = subprocess.run(command, input=file, capture_output=True, check=True, timeout=PATIENCE)  # noqa: S603 (our own words only)
    except subprocess.SubprocessError:
        return file
    return min(done.stdout, file, key=len)


def smaller_jpeg(file: bytes) -> bytes:
    """The JPG with the same coefficients and metadata, or itself where nothing is won."""
    try:
        return min(bytes(mozjpeg.optimize(file, mozjpeg.COPY_MARKERS.ALL)), file, key=len)
    except ValueError:
        return file
