"""Failures of work that is repeated all the time: each kind is logged from time to time, not in every round."""

import logging
import time

LOG_INTERVAL_SECONDS = 60.0

logger = logging.getLogger(__name__)


class RepeatedFailures:
    """The times at which failures were logged, by the name of what failed."""

    def __init__(self) -> None:
        self._logged_at: dict[str, float] = {}

    def log_exception(self, name: str, *, row: object = None) -> None:
        """Log the exception that is being handled, unless one of this `name` was logged in LOG_INTERVAL_SECONDS.

        `row` is the key of the row that was worked on, if there is one.
        """
        if time.monotonic() - self._logged_at.get(name, -LOG_INTERVAL_SECONDS) >= LOG_INTERVAL_SECONDS:
            self._logged_at[name] = time.monotonic()
            of_row = "" if row is None else f" of row {row}"
            logger.exception("%s%s failed; it is retried in every round", name, of_row)
