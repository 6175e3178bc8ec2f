"""Wake-ups: messages in the queue which say that a row of some kind may be due.

A message names no row: the worker that receives it takes the best due row of that kind, or none. Rows carry their time
(`LeasedModel.not_before`), so nothing waits in the queue, and a lost message costs at most REWAKE_SECONDS.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from vanceweb.lib.leases import LeasedModel

Row = TypeVar("Row", bound=LeasedModel)

# The message for a row that is still due after this long counts as lost.
REWAKE_SECONDS = 10
# Rows per call, so that a sweep stays short and the queue never fills up. The next sweep continues.
BATCH = 100


def wake_due_rows(due: models.QuerySet[Row], enqueue: Callable[[], object], *, limit: int = BATCH) -> int:
    """Send one message for each row of `due`, the most overdue first, for which none was sent lately.

    `due` are rows that a worker could take now (`leases.filter_due`). Of several sweepers only one wakes for a row.
    Return the number of messages, at most `limit`.
    """
    now = timezone.now()
    lost = now - timedelta(seconds=REWAKE_SECONDS)
    # A row that came due after its last message, or whose worker died, is woken at once.
    asleep = due.filter(
        Q(woken_at=None) | Q(woken_at__lt=lost) | Q(woken_at__lt=F("not_before")) | Q(woken_at__lt=F("lease_until"))
    )
    keys = list(asleep.order_by("not_before").values_list("pk", flat=True)[:limit])
    if not keys:
        return 0
    with transaction.atomic():
        woken = asleep.filter(pk__in=keys).update(woken_at=now)
        for _ in range(woken):
            enqueue()
    return woken
