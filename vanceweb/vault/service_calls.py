"""Limits for calls to services by one io process, and leases on the rows that such calls are for."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet

from vanceweb.lib.call_slots import CallSlots
from vanceweb.lib.leases import Lease, LeasedModel, claim, filter_due
from vanceweb.vault.models import Connection

Row = TypeVar("Row", bound=LeasedModel)

# As many services may be slow at the same time before calls to others wait, too. With the default of IO_SERVICE_CALLS
# that leaves a quarter of sixteen threads for work that calls no service.
SLOW_SERVICES = 3
SLOTS = CallSlots(per_service=settings.IO_SERVICE_CALLS, in_all=SLOW_SERVICES * settings.IO_SERVICE_CALLS)
# Rows looked at for one message: services without a free slot, and rows that other processes took first.
TRIES = 20


def get_service(connection: Connection) -> str:
    """Return the service's name for CallSlots: its host and port, or "" for the bundled engine."""
    return _get_host(connection.base_url)


def take_due_row(rows: QuerySet[Row], *, base_url: str = "base_url") -> tuple[str, Lease[Row]] | None:
    """Claim the most overdue row whose service has a free slot, and occupy the slot. Return the service and the lease.

    `base_url` is the path from a row to its connection's address. Return None if no row is due or all their services
    are busy. The caller must give back the slot (`SLOTS.returning`). Reads no token.
    """

    def choose(is_free: Callable[[str], bool]) -> tuple[str, Lease[Row]] | None:
        busy: list[str] = []
        for _ in range(TRIES):
            due = filter_due(rows).exclude(**{f"{base_url}__in": busy})
            found = due.order_by("not_before").values_list("pk", base_url).first()
            if found is None:
                return None
            pk, url = found
            service = _get_host(url)
            if not is_free(service):
                busy.append(url)
                continue
            # A reading repeats for as long as the connection exists, so it counts as no attempt.
            lease = claim(rows, pk=pk, duration=timedelta(seconds=settings.LEASE_SECONDS), is_attempt=False)
            if lease is not None:
                return service, lease
        return None

    return SLOTS.take(choose)


def _get_host(base_url: str) -> str:
    return urlsplit(base_url).netloc.lower()
