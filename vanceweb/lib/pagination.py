"""Keyset pagination: the next page starts after the last row shown. New rows shift nothing; deep pages cost no more."""

from datetime import UTC, datetime
from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

M = TypeVar("M", bound=Model)


def get_page_after(queryset: QuerySet[M], *, after: str | None, limit: int) -> tuple[list[M], str | None]:
    """Return up to `limit` rows, newest first by (created_at, pk), and the next page's cursor, or None at the end.

    `after` is the cursor from an earlier call, or None or "" for the first page. Raises Http404 for any other text.
    """
    if after:
        created_at, pk = _parse_cursor(after)
        older = Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk)
        # The first condition follows from the other; by it, an index leads to the place at once.
        queryset = queryset.filter(Q(created_at__lte=created_at) & older)
    rows = list(queryset.order_by("-created_at", "-pk")[: limit + 1])
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], build_cursor(rows[limit - 1])


def build_first_page_address(request: HttpRequest) -> str:
    """Return the address of the list that a request asks for, with its filters, from the first row on."""
    query = request.GET.copy()
    query.pop("after", None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def build_cursor(row: Model) -> str:
    """Return the cursor of the page that begins after a row."""
    created_at: datetime = row.created_at  # type: ignore[attr-defined]
    return f"{created_at.isoformat()}_{row.pk}"


def _parse_cursor(cursor: str) -> tuple[datetime, int]:
    moment, _separator, pk = cursor.rpartition("_")
    try:
        created_at, number = datetime.fromisoformat(moment), int(pk)
        # A zone's shift can lead out of the years 1 to 9999: OverflowError.
        in_utc = created_at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Http404(_("There is no such page.")) from None
    # Python reads more than it writes, such as a NUL at the end.
    is_ours = created_at.isoformat() == moment and created_at.tzinfo is not None
    if not is_ours or not 0 <= number < 2**63:
        raise Http404(_("There is no such page."))
    return in_utc, number
