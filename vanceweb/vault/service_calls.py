"""Leases on rows that calls to services are for, within the limits of this process for such calls."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import QuerySet

from vanceweb.lib.call_slots import IsFree, find_service_name, get_call_slots
from vanceweb.lib.leases import Lease, LeasedModel, claim, filter_due

Row = TypeVar("Row", bound=LeasedModel)

# Rows looked at for one message: services without a free slot, and rows that other processes took first.
MOST_TRIES = 20


def take_due_row(
    rows: QuerySet[Row], *, base_url: str = "base_url", call_later: Callable[[], object] | None = None, **fields: Any
) -> tuple[str, Lease[Row]] | None:
    """Claim the most overdue row whose service has a free slot, set the `fields`, and occupy the slot.

    `base_url` is the path from a row to its connection's address. `call_later` wakes a worker once a slot is free, if a
    row was passed over for want of one. Return the service's name and the lease, or None if no row is due or all their
    services are busy. The caller must give back the slot (`CallSlots.returning`). Reads no token.
    """

    def choose(is_free: IsFree) -> tuple[str, Lease[Row]] | None:
        busy: list[str] = []
        for _ in range(MOST_TRIES):
            due = filter_due(rows).exclude(**{f"{base_url}__in": busy})
            found = due.order_by("not_before", "pk").values_list("pk", base_url).first()
            if found is None:
                return None
            pk, url = found
            service = find_service_name(url)
            if not is_free(service):
                busy.append(url)
                continue
            # A question is repeated for as long as the connection exists, so it counts as no attempt.
            duration = timedelta(seconds=settings.LEASE_SECONDS)
            lease = claim(rows, pk=pk, duration=duration, is_attempt=False, **fields)
            if lease is not None:
                return service, lease
        return None

    return get_call_slots().take(choose, call_later=call_later)
