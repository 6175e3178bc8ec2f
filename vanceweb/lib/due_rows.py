"""Requests that make rows due at once, or after the work that is under way."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db import models
from django.db.models import Case, F, Value, When
from django.utils import timezone

from vanceweb.lib.leases import LeasedModel

Row = TypeVar("Row", bound=LeasedModel)


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
