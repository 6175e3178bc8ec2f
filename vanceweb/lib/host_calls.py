"""Work that is one call to a host of somebody else: few calls at a time to each host, and again after pauses."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from vanceweb.lib.call_slots import CallSlots, IsFree, find_service_name
from vanceweb.lib.leases import Lease, LeasedModel, claim, filter_due

Row = TypeVar("Row", bound=LeasedModel)


def attempt_most_overdue(
    rows: QuerySet[Row],
    attempt: Callable[[Lease[Row]], object],
    *,
    slots: CallSlots,
    choices: int,
    url_field: str = "url",
    states: Collection[str] | None = None,
    **options: Any,
) -> bool:
    """Claim the most overdue row whose host has a free slot, and call `attempt` with the lease.

    Such a row is searched for among the `choices` most overdue ones. `url_field` names the URL of a row, `states` and
    the `options` are those of `claim`. Return False if there is no such row.
    """

    def take_row(is_free: IsFree) -> tuple[str, Lease[Row]] | None:
        due = filter_due(rows, states).order_by("not_before", "pk").values_list("pk", url_field)
        for pk, url in due[:choices]:
            # A URL without a host counts as one of its own: the call will fail, but no other.
            host = find_service_name(url) or url
            if not is_free(host):
                continue
            lease = claim(rows, pk=pk, duration=timedelta(seconds=settings.LEASE_SECONDS), states=states, **options)
            if lease is not None:
                return host, lease
        return None

    taken = slots.take(take_row)
    if taken is None:
        return False
    host, lease = taken
    with slots.returning(host):
        attempt(lease)
    return True


def plan_next_attempt(attempts: int, pauses: Sequence[float]) -> datetime | None:
    """Return the time of the next attempt after so many that failed, the first one counted; None if none is left.

    `pauses` are the seconds between the attempts.
    """
    if attempts > len(pauses):
        return None
    return timezone.now() + timedelta(seconds=pauses[attempts - 1])
