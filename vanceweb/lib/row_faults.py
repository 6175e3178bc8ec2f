"""Work on rows of which none can stop that on the others.

A row can be damaged, or hold what no code expected. Its exception is logged, at most once a minute for each kind of
work, and the others go on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils import timezone

from vanceweb.lib.leases import Lease, LeaseLost, suppress_database_errors
from vanceweb.lib.repeated_failures import RepeatedFailures

Row = TypeVar("Row", bound=Model)

# So many rows may fail in each round before others have to wait.
MOST_FAILURES = 1000
_failures = RepeatedFailures()


def run_for_each(name: str, rows: QuerySet[Row], work: Callable[[Any], object], *, limit: int) -> int:
    """Call `work` with the key of each row, the oldest first, until it has succeeded for `limit` rows.

    Rows for which it fails don't count, so they hold up no others. Return the number of successes.
    """
    done = 0
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)[: limit + MOST_FAILURES]):
        if done == limit:
            break
        try:
            work(pk)
        except Exception:
            _failures.log_exception(name, row=pk)
        else:
            done += 1
    return done


@contextmanager
def release_after_fault(name: str, lease: Lease[Any], *, seconds: float, **fields: Any) -> Iterator[None]:
    """Log an unexpected exception of the block, and release the row, which is due again after `seconds`.

    Otherwise its lease would expire, and the row would be the most overdue one again and again. Set the `fields`, too.
    """
    try:
        yield
    except LeaseLost:
        raise
    except Exception:
        _failures.log_exception(name, row=lease.pk)
        again = timezone.now() + timedelta(seconds=seconds)
        with suppress(LeaseLost), suppress_database_errors(f"the release of {lease.model.__name__} {lease.pk}"):
            lease.release(not_before=again, woken_at=timezone.now(), **fields)
