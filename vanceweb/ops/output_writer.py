"""The output of the supervisor and its child processes, written to one stream line by line.

A thread of its own writes the lines: a stalled terminal or pipe must not keep the supervisor from ending or restarting
a child.
"""

import contextlib
import queue
import threading
from typing import IO, TextIO

# Enough for a burst of tracebacks; further lines are dropped and counted instead of filling the memory.
MAX_QUEUED_LINES = 10_000


class OutputWriter:
    """A queue of lines that are written to `stream` in order, until `close`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(MAX_QUEUED_LINES)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write_lines, name="output-writer", daemon=True)
        self._thread.start()

    def write_line(self, line: str) -> None:
        """Queue the line, or drop it when the queue is full. Never block."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def forward(self, stream: IO[str], name: str) -> None:
        """Write every line read from `stream`, prefixed with `name`, from a thread of its own."""
        threading.Thread(target=self._forward, args=(stream, name), name=f"forward-{name}", daemon=True).start()

    def close(self, seconds: float) -> None:
        """Wait at most `seconds` until all queued lines are written."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=seconds)
        self._thread.join(seconds)

    def _forward(self, stream: IO[str], name: str) -> None:
        with stream:
            for line in stream:
                self.write_line(f"{name:<8} | {line.rstrip()}")

    def _write_lines(self) -> None:
        # Serving goes on when the reader has gone (`make run | head`).
        with contextlib.suppress(OSError, ValueError):
            while (line := self._lines.get()) is not None:
                if self._dropped:
                    line, self._dropped = f"({self._dropped} lines were dropped)\n{line}", 0
                self._stream.write(line + "\n")
                self._stream.flush()
