"""The single charges that somebody may see: filtered, searched, sorted, and read page by page in both directions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import hide_private_pictures
from vanceweb.teams.access import Actor, filter_own_usage, filter_visible
from vanceweb.teams.models import User
from vanceweb.usage.figures.filters import Filters
from vanceweb.usage.figures.periods import Period
from vanceweb.usage.models import UsageRecord
from vanceweb.vault.models import CREDIT_DECIMALS, REPORTED_DIGITS, Connection

# Charges that one page of a search looks at. No index finds a part of a name, so a search takes as long as it looks;
# the next page looks on from there.
SEARCHED_ROWS = 5000


class RecordSort(TextChoices):
    """The orders of the history. Equal rows are in the order in which they were stored, or in the reverse one."""

    NEWEST = "newest", gettext_lazy("Newest first")
    OLDEST = "oldest", gettext_lazy("Oldest first")
    MOST = "most", gettext_lazy("Most credits first")
    LEAST = "least", gettext_lazy("Fewest credits first")

    @property
    def field(self) -> str:
        return "created_at" if self in (RecordSort.NEWEST, RecordSort.OLDEST) else "points"

    @property
    def is_descending(self) -> bool:
        return self in (RecordSort.NEWEST, RecordSort.MOST)


@dataclass(frozen=True)
class RecordPage:
    """Some charges, each with its `shown_job`, and the cursors of the pages around; None at either end.

    `searches_on` is True if the page ends where the search has looked at as much as one page may: the next one looks
    on, even if this one is empty.
    """

    rows: list[UsageRecord]
    next: str | None
    previous: str | None
    searches_on: bool = False


@dataclass(frozen=True)
class _Order:
    field: str
    is_descending: bool

    @property
    def columns(self) -> tuple[str, str]:
        return (f"-{self.field}", "-pk") if self.is_descending else (self.field, "pk")

    @property
    def reverse(self) -> "_Order":
        return _Order(self.field, not self.is_descending)

    def filter_after(self, rows: QuerySet[UsageRecord], value: Any, pk: int) -> QuerySet[UsageRecord]:
        """Return the rows after the one with this value and key."""
        side = self._get_side(is_after=True)
        beyond = Q(**{f"{self.field}__{side}": value}) | Q(**{self.field: value, f"pk__{side}": pk})
        # The first condition follows from the other; by it, an index leads to the place at once.
        return rows.filter(Q(**{f"{self.field}__{side}e": value}) & beyond)

    def filter_until(self, rows: QuerySet[UsageRecord], value: Any, pk: int) -> QuerySet[UsageRecord]:
        """Return the rows up to the one with this value and key, and that one."""
        side = self._get_side(is_after=False)
        until = Q(**{f"{self.field}__{side}": value}) | Q(**{self.field: value, f"pk__{side}e": pk})
        return rows.filter(Q(**{f"{self.field}__{side}e": value}) & until)

    def _get_side(self, *, is_after: bool) -> str:
        return "lt" if self.is_descending == is_after else "gt"


def find_records(
    actor: Actor, filters: Filters | None = None, *, period: Period | None = None
) -> QuerySet[UsageRecord]:
    """Return the charges that the actor may see, each with the person who caused it, in no order.

    Members and viewers see their own, admins everybody's on the team's connections; private ones only their person.
    """
    chosen = filters or Filters()
    rows = filter_own_usage(UsageRecord.objects.counted(), actor, private=chosen.is_private).select_related(
        "created_by"
    )
    if period is not None:
        first, last = period.get_moments(actor.team.time_zone)
        rows = rows.filter(created_at__gte=first, created_at__lt=last)
    if chosen.feature:
        rows = rows.filter(feature=chosen.feature)
    if chosen.person is not None:
        rows = rows.filter(created_by=chosen.person)
    if chosen.connections:
        named = filter_visible(Connection.objects.filter(uuid__in=chosen.connections), actor)
        rows = rows.filter(connection__in=list(named.values_list("pk", flat=True)))
    return rows


def get_records_page(
    actor: Actor,
    rows: QuerySet[UsageRecord],
    *,
    limit: int,
    search: str = "",
    sort: RecordSort = RecordSort.NEWEST,
    after: str = "",
    before: str = "",
    last: bool = False,
) -> RecordPage:
    """Return a page of the charges, found by `find_records`: the first one, or that after or before a cursor.

    `last` begins at the other end. A `search` keeps those whose picture's name, text or person's name has it as a part.
    At most three queries. Raise Http404 for a cursor of somebody's own.
    """
    order = _Order(sort.field, sort.is_descending)
    is_backwards = last or bool(before)
    reading = order.reverse if is_backwards else order
    cursor = before if is_backwards else after
    if cursor:
        rows = reading.filter_after(rows, *_parse_cursor(sort, cursor))
    found, end = _read_rows(actor, rows, reading, search, limit)
    beyond = None if end is None else build_record_cursor(sort, end)
    entered = found[0] if found and cursor else None
    behind = None if entered is None else build_record_cursor(sort, entered)
    if is_backwards:
        found.reverse()
    add_shown_jobs(actor, found)
    following, previous = (behind, beyond) if is_backwards else (beyond, behind)
    return RecordPage(found, following, previous, searches_on=end is not None and len(found) < limit)


def add_shown_jobs(actor: Actor, rows: list[UsageRecord]) -> None:
    """Tell each charge its job, unless that is private to somebody else or deleted. One query."""
    named = [row.job_uuid for row in rows if row.job_uuid is not None]
    if not named:
        return
    jobs = {job.uuid: job for job in filter_visible(Job.objects.fetch_names().filter(uuid__in=named), actor)}
    hide_private_pictures(actor, jobs.values())
    for row in rows:
        row.shown_job = jobs.get(row.job_uuid) if row.job_uuid else None


def build_record_cursor(sort: RecordSort, row: UsageRecord) -> str:
    """Return the cursor of a row in this order."""
    value = row.created_at.isoformat() if sort.field == "created_at" else format(row.points, "f")
    return f"{value}_{row.pk}"


def _read_rows(
    actor: Actor, rows: QuerySet[UsageRecord], order: _Order, search: str, limit: int
) -> tuple[list[UsageRecord], UsageRecord | None]:
    """Return up to `limit` rows in this order, and the row after which to go on, None at the end."""
    ordered = rows.order_by(*order.columns)
    if not search:
        found = list(ordered[: limit + 1])
        return found[:limit], found[limit - 1] if len(found) > limit else None
    looked_last = list(ordered.select_related(None).only(order.field)[SEARCHED_ROWS - 1 : SEARCHED_ROWS + 1])
    end = looked_last[0] if len(looked_last) > 1 else None
    if end is not None:
        ordered = order.filter_until(ordered, getattr(end, order.field), end.pk)
    found = list(ordered.filter(_build_condition(actor, search))[: limit + 1])
    return (found[:limit], found[limit - 1]) if len(found) > limit else (found, end)


def _build_condition(actor: Actor, search: str) -> Q:
    """Return the condition for rows in whose names, as far as the actor may read them, the text is a part."""
    own = Q(source=None) | Q(source__private_to=None) | Q(source__private_to=actor.user)
    jobs = filter_visible(Job.objects.filter(uuid=OuterRef("job_uuid"), source_name__icontains=search), actor)
    people = User.objects.filter(username__icontains=search)
    # The text of somebody's private job may have the name of a picture in it.
    readable = Q(job_uuid=None) | Q(Exists(filter_visible(Job.objects.filter(uuid=OuterRef("job_uuid")), actor)))
    info = Q(info__icontains=search) & readable
    return info | Q(created_by__in=people.values("pk")) | Q(Exists(jobs.filter(own)))


def _parse_cursor(sort: RecordSort, cursor: str) -> tuple[Any, int]:
    text, _separator, number = cursor.rpartition("_")
    try:
        value, pk = _PARSERS[sort.field](text), int(number)
    except (ValueError, OverflowError, InvalidOperation):
        raise Http404(_("There is no such page.")) from None
    if not 0 <= pk < 2**63:
        raise Http404(_("There is no such page."))
    return value, pk


def _parse_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    # Python reads more than it writes, such as a NUL at the end.
    if moment.isoformat() != text or moment.tzinfo is None:
        raise ValueError(text)
    # A zone's shift can lead out of the years 1 to 9999: OverflowError.
    return moment.astimezone(UTC)


def _parse_points(text: str) -> Decimal:
    if len(text) > REPORTED_DIGITS + 2:
        raise ValueError(text)
    points = Decimal(text)
    exponent = points.as_tuple().exponent
    if not isinstance(exponent, int) or not -CREDIT_DECIMALS <= exponent <= 0 or format(points, "f") != text:
        raise ValueError(text)
    return points


_PARSERS: Mapping[str, Any] = {"created_at": _parse_moment, "points": _parse_points}
