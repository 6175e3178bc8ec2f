"""Default time limits, retries and size limits. The site passes its own."""

from __future__ import annotations

import random
from dataclasses import dataclass

# The engine's largest output (200 megapixels) is a smaller PNG; a larger file means that something is wrong.
MAX_RESULT_BYTES = 1024 * 1024 * 1024
# The longest JSON response is a page of history, some 20 kB. Longer ones aren't read to the end.
MAX_JSON_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True)
class Timeouts:
    """Time limits in seconds. `connect` limits one TCP and TLS connection; the others limit the time without data from
    the service. A JSON response must also be complete within that time after it began, and a whole call is broken off
    once the sum of its limits has passed (`APICall.longest`).

    `upload`    the service stores and checks the image before it responds
    `upload_total` the sending of the image, so that a service that reads it byte by byte can't block a worker for ever
    `transform` without a webhook, the service responds when the job is done or its own time limit has passed; giving
                up early loses the job's id
    `progress`  a look-up, but on a service that may be busy with jobs
    `download`  slow storage may delay the first byte
    `download_total` the whole download, so that a service that trickles can't block a worker for ever
    `balance`, `history`, `cancel` look-ups
    """

    connect: float = 10.0
    upload: float = 120.0
    upload_total: float = 1800.0
    transform: float = 300.0
    progress: float = 30.0
    download: float = 60.0
    download_total: float = 1800.0
    balance: float = 30.0
    history: float = 30.0
    cancel: float = 30.0


@dataclass(frozen=True)
class Retries:
    """Retries with exponential back-off: `attempts` in all, with pauses that double from `first_pause` to
    `longest_pause` seconds. Each is shortened at random so that many workers don't retry at the same moment."""

    attempts: int = 4
    first_pause: float = 0.5
    longest_pause: float = 10.0

    def compute_pause(self, failures: int, asked: float | None = None) -> float:
        """Return the seconds to wait after the given number of failures (from 1).

        The pause is at least `asked`, the service's own wish, but never longer than `longest_pause`.
        """
        longest = min(self.longest_pause, self.first_pause * 2.0 ** (failures - 1))
        chosen = longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
        return chosen if asked is None else max(chosen, min(asked, self.longest_pause))
