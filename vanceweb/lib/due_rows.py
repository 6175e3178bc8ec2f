"""Taking the most overdue row of a kind, and requests that make rows due at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import models
from django.db.models import Case, F, Value, When
from django.utils import timezone

from vanceweb.lib.leases import Lease, LeasedModel, claim, filter_due

Row = TypeVar("Row", bound=LeasedModel)


def claim_next(rows: models.QuerySet[Row], *, duration: timedelta, is_attempt: bool = True) -> Lease[Row] | None:
    """Claim the row that has been due longest. Return None if none is due that nobody else holds."""
    # Several workers find the same row, and only one of them gets it.
    while (pk := filter_due(rows).order_by("not_before").values_list("pk", flat=True).first()) is not None:
        lease = claim(rows, pk=pk, duration=duration, is_attempt=is_attempt)
        if lease is not None:
            return lease
    return None


def request_rows(rows: models.QuerySet[Row], enqueue: Callable[[], object]) -> int:
    """Make the rows due now and send one message for each. Return their number. Call it inside a transaction.

    Rows that are due and wait for a worker keep their place and their message. A row that a worker holds is due again
    when the worker releases it (see `schedule_next`).
    """
    now = timezone.now()
    requested = rows.exclude(not_before__lte=now, lease_until=None).update(not_before=now, woken_at=now)
    for _ in range(requested):
        enqueue()
    return requested


def schedule_next(row: LeasedModel, at: datetime | None) -> Case:
    """Return the value of `not_before` for the release of a lease: `at`, or the time of a request that came meanwhile.

    `row` was read after the claim and before the work began.
    """
    return Case(
        When(not_before=row.not_before, then=Value(at)),
        default=F("not_before"),
        output_field=models.DateTimeField(null=True),
    )
