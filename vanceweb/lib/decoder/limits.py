"""The limits of the children that decode pictures."""

import os
import resource
import signal
from dataclasses import dataclass

MEGABYTE = 1024 * 1024
# The seconds hold for pictures up to this size, px, and grow with larger ones: the largest upload.
PIXELS_OF_LIMIT = 34_000_000
# The largest result has about seven times as many pixels.
LARGEST_GROWTH = 7
# A child's address space without a picture: Python, Pillow and the codecs.
BASE_MEMORY = 256 * MEGABYTE
# Two copies of eight bytes: the samples of a 16-bit or CMYK picture before and after a conversion.
BYTES_PER_PIXEL = 16
# The connection, the picture, the standard streams and a reserve.
OPEN_FILES = 16
# Pages and API calls have priority over pictures.
NICENESS = 5


@dataclass(frozen=True)
class DecoderLimits:
    """The limits of one child: processor time for an upload, s, and memory of any picture, bytes.

    A child on a busy machine may take `wall_factor` times as long as its processor time.
    """

    seconds: int
    memory: int
    wall_factor: int

    @property
    def wall_seconds(self) -> float:
        """The longest time after which a child is killed, s."""
        return float(self.seconds * LARGEST_GROWTH * self.wall_factor)


def confine_process(limits: DecoderLimits) -> None:
    """Limit this process for the rest of its life: it can't write files or use more than `limits`."""
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, max(niceness, NICENESS))
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(kind, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_AS, (min(BASE_MEMORY, limits.memory), limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds * LARGEST_GROWTH + 1))
    _set_alarm(limits.seconds * limits.wall_factor)


def refuse_processes() -> None:
    """Forbid this process to start processes and threads, for the rest of its life."""
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def grant_for_pixels(pixels: int, *, limits: DecoderLimits) -> int:
    """Raise the limits to those of a picture of `pixels` px, and return the memory left for it, bytes."""
    growth = min(LARGEST_GROWTH, max(1, -(-pixels // PIXELS_OF_LIMIT)))
    seconds, hardest = limits.seconds * growth, limits.seconds * LARGEST_GROWTH + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hardest))
    _set_alarm(seconds * limits.wall_factor)
    memory = min(limits.memory, BASE_MEMORY + pixels * BYTES_PER_PIXEL)
    resource.setrlimit(resource.RLIMIT_AS, (memory, limits.memory))
    return memory - BASE_MEMORY


def _set_alarm(seconds: int) -> None:
    """Let the kernel end this process after `seconds` of wall-clock time, whatever it is doing."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
