"""Work that follows a committed transaction and can't undo it any more."""

import logging
from collections.abc import Callable

from django.db import transaction

logger = logging.getLogger(__name__)


def run_after_commit(work: Callable[..., object], *arguments: object) -> None:
    """Call `work` once the transaction is committed. Log its error: whoever asked for the transaction got it.

    Django's `on_commit(…, robust=True)` does the same, but can't log what has no name, such as a partial.
    """

    def run() -> None:
        try:
            work(*arguments)
        except Exception:
            logger.exception("%s failed after its transaction", getattr(work, "__name__", work))

    transaction.on_commit(run)
