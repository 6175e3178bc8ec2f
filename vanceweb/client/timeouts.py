"""How long the client waits and how often it tries. The site passes its settings in; these are the defaults."""

from __future__ import annotations

import random
from dataclasses import dataclass

# A picture of the engine's largest output (200 megapixels) is under this as PNG; beyond it something is wrong.
MAX_RESULT_BYTES = 1024 * 1024 * 1024
# The longest JSON answer is a page of history, some 20 kB; a longer one isn't read to its end.
MAX_JSON_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True)
class Timeouts:
    """Seconds. `connect` holds for one TCP and TLS connection, the others for one silence of the service while
    we wait for its answer; a JSON answer must be complete that long after it began.

    `upload`    the service stores and checks the picture before it answers
    `transform` without a webhook the service answers when the job is done or its patience ends, and giving up
                early loses the job's id
    `progress`  a look-up, but on a service that may be busy with jobs
    `download`  the first byte may wait for a slow storage
    `download_total` a whole download, so that a service that drips can't hold a worker for ever
    `balance`, `history`, `cancel` look-ups
    """

    connect: float = 10.0
    upload: float = 120.0
    transform: float = 300.0
    progress: float = 30.0
    download: float = 60.0
    download_total: float = 1800.0
    balance: float = 30.0
    history: float = 30.0
    cancel: float = 30.0


@dataclass(frozen=True)
class Retries:
    """How a call that may be repeated is repeated: `attempts` in all, pauses doubling from `first_pause` to
    `longest_pause` seconds, each shortened by chance so that many workers don't come back at the same moment."""

    attempts: int = 4
    first_pause: float = 0.5
    longest_pause: float = 10.0

    def compute_pause(self, failures: int, asked: float | None = None) -> float:
        """Seconds to wait after so many failures (from 1); at least what the service asked for, within bounds."""
        longest = min(self.longest_pause, self.first_pause * 2.0 ** (failures - 1))
        chosen = longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
        return chosen if asked is None else max(chosen, min(asked, self.longest_pause))
