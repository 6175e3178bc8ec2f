"""How an installation of weights tells its progress: a bar on a terminal, plain lines anywhere else."""

from typing import NoReturn, Protocol, TextIO

from tqdm import tqdm


class Progress(Protocol):
    """What `install` calls while it works."""

    def start(self, label: str, total: int) -> None:
        """One download begins; `total` is in bytes."""

    def update(self, done: int) -> None:
        """`done` bytes of it have arrived."""

    def finish(self) -> None:
        """It ended, well or not."""


class SilentProgress:
    """Says nothing."""

    def start(self, label: str, total: int) -> None:
        """Nothing to say."""

    def update(self, done: int) -> None:
        """Nothing to say."""

    def finish(self) -> None:
        """Nothing to say."""


class BarProgress:
    """A tqdm bar, for a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._total = 0
        self._bar: tqdm[NoReturn] | None = None

    def start(self, label: str, total: int) -> None:
        """Draw an empty bar."""
        self._total = total
        self._bar = tqdm(
            total=total, desc=label, unit="B", unit_scale=True, file=self._stream, dynamic_ncols=True, leave=True
        )

    def update(self, done: int) -> None:
        """Move the bar to `done` bytes."""
        if self._bar is not None:
            self._bar.update(min(done, self._total) - self._bar.n)

    def finish(self) -> None:
        """Leave the bar where it is and go to the next line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class LineProgress:
    """A line for each quarter, for log files and continuous integration."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._label, self._total, self._quarter = "", 0, 0

    def start(self, label: str, total: int) -> None:
        """Say what is fetched and how big it is."""
        self._label, self._total, self._quarter = label, max(total, 1), 0
        self._say(f"{label}: fetching {total / 1e6:.1f} MB")

    def update(self, done: int) -> None:
        """Say so at each new quarter."""
        quarter = min(4 * done // self._total, 4)
        if quarter > self._quarter:
            self._quarter = quarter
            self._say(f"{self._label}: {25 * quarter} %")

    def finish(self) -> None:
        """Nothing is left open."""

    def _say(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


def progress_for(stream: TextIO) -> Progress:
    """The fitting kind for `stream`."""
    return BarProgress(stream) if stream.isatty() else LineProgress(stream)
