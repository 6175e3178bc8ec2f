"""What the supervisor and its children have to say, on one stream, line by line.

Lines are written by a thread of their own: a terminal or a pipe that stalls must not keep the supervisor from ending
or restarting a child.
"""

import contextlib
import queue
import threading
from typing import IO, TextIO

# Enough for a burst of tracebacks; beyond it lines are dropped and counted instead of filling the memory.
WAITING_LINES = 10_000


class Printer:
    """Writes lines to `stream` in the order they were given. Ends with `close`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(WAITING_LINES)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="printer", daemon=True)
        self._thread.start()

    def say(self, line: str) -> None:
        """Prints the line, or drops it when thousands are waiting already. Never blocks."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def follow(self, stream: IO[str], name: str) -> None:
        """Prints every line that comes from `stream`, with `name` before it, from a thread of its own."""
        threading.Thread(target=self._follow, args=(stream, name), name=f"follow-{name}", daemon=True).start()

    def close(self, seconds: float) -> None:
        """Waits at most `seconds` until everything said so far is written."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=seconds)
        self._thread.join(seconds)

    def _follow(self, stream: IO[str], name: str) -> None:
        with stream:
            for line in stream:
                self.say(f"{name:<8} | {line.rstrip()}")

    def _write(self) -> None:
        # A reader that went away (`make run | head`) is no reason to stop serving.
        with contextlib.suppress(OSError, ValueError):
            while (line := self._lines.get()) is not None:
                if self._dropped:
                    line, self._dropped = f"({self._dropped} lines were dropped)\n{line}", 0
                self._stream.write(line + "\n")
                self._stream.flush()
