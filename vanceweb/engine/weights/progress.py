"""Progress display of an installation of weights: a bar on a terminal, plain lines elsewhere."""

from typing import NoReturn, Protocol, TextIO

from tqdm import tqdm


class Progress(Protocol):
    """The calls that `install_weights` makes during a download."""

    def start(self, label: str, total: int) -> None:
        """Start a download of `total` bytes."""

    def update(self, done: int) -> None:
        """Report that `done` bytes have arrived."""

    def finish(self) -> None:
        """End the download, successful or not."""


class SilentProgress:
    """No display."""

    def start(self, label: str, total: int) -> None:
        """Do nothing."""

    def update(self, done: int) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


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
        """Leave the bar in place and go to the next line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class LineProgress:
    """A line for each quarter, for log files and continuous integration."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._label, self._total, self._quarter = "", 0, 0

    def start(self, label: str, total: int) -> None:
        """Write the label and the size of the download."""
        self._label, self._total, self._quarter = label, max(total, 1), 0
        self._write_line(f"{label}: fetching {total / 1e6:.1f} MB")

    def update(self, done: int) -> None:
        """Write a line at each new quarter."""
        quarter = min(4 * done // self._total, 4)
        if quarter > self._quarter:
            self._quarter = quarter
            self._write_line(f"{self._label}: {25 * quarter} %")

    def finish(self) -> None:
        """Do nothing: no line is left open."""

    def _write_line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


def choose_progress(stream: TextIO) -> Progress:
    """Return the progress display that suits `stream`."""
    return BarProgress(stream) if stream.isatty() else LineProgress(stream)
