"""The daily removal of files without a row, in steps so short that the sweeper's other work isn't late."""

import logging
import time
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings

from vanceweb.ops.stray_files import BATCH, RULES, StrayCount, walk_strays
from vanceweb.teams.models import User

PAUSE_SECONDS = 24 * 3600.0
# After a storage that didn't answer.
RETRY_SECONDS = 3600.0
# A file that is younger may still get its row. Twice a job's longest time (JOB_MAX_RUN_SECONDS) counts if it is more.
MIN_AGE = timedelta(days=1)
# Files looked at in one step, which takes a second at most, in a bucket too.
STEP_FILES = 1000
# More strays than both of these look like the wrong database, or an older one: then a person has to decide.
MANY_STRAYS = 100
LARGE_SHARE = 0.1

logger = logging.getLogger(__name__)


class StraySweep:
    """The walk of one process through all storages."""

    def __init__(self, *, step_files: int = STEP_FILES, many: int = MANY_STRAYS) -> None:
        self._step_files, self._many = step_files, many
        # The walk that is under way, if any, and when the next one may begin.
        self._steps: Iterator[int] | None = None
        self._next_start = 0.0

    def advance(self) -> None:
        """Do the next step, if a walk is under way or due. Raise OSError: it begins anew in an hour."""
        now = time.monotonic()
        if self._steps is None:
            if now < self._next_start:
                return
            self._steps, self._next_start = self._walk_all(), now + PAUSE_SECONDS
        try:
            done = 0
            for files in self._steps:
                done += files
                if done >= self._step_files:
                    return
        except OSError:
            self._steps, self._next_start = None, now + RETRY_SECONDS
            raise
        self._steps = None

    def _walk_all(self) -> Iterator[int]:
        if not User.objects.exists():
            return
        batch = min(BATCH, self._step_files)
        min_age = max(MIN_AGE, 2 * timedelta(seconds=settings.JOB_MAX_RUN_SECONDS))
        for rules in RULES:
            found, removed = StrayCount(), StrayCount()
            yield from walk_strays(rules, found, min_age=min_age, remove=False, batch=batch)
            if found.strays > max(self._many, LARGE_SHARE * found.files):
                logger.warning(
                    "%d of %d files in the storage “%s” have no row in this database. Is it the right one? If so, "
                    "`manage.py doctor --repair` removes them.",
                    found.strays, found.files, rules.storage,
                )  # fmt: skip
            elif found.strays:
                yield from walk_strays(rules, removed, min_age=min_age, remove=True, batch=batch)
                logger.warning("Removed %d files without a row from the storage “%s”", removed.removed, rules.storage)


_sweep = StraySweep()


def remove_stray_files() -> None:
    """Continue the daily removal. Nothing is removed on an installation without people: its database is new."""
    _sweep.advance()
