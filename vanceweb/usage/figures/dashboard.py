"""The dashboard of a team, or of a person's private connections: all its figures in seven queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.http import Http404
from django.utils.translation import gettext as _

from vanceweb.teams.access import Actor
from vanceweb.teams.models import User
from vanceweb.usage.figures.bars import Bars, build_bars
from vanceweb.usage.figures.entries import Entry, EntryNames, load_names
from vanceweb.usage.figures.filters import Dimension, Filters
from vanceweb.usage.figures.group_sums import NOTHING, Parts, PartSum, SumReader
from vanceweb.usage.figures.heat_map import HeatMap, read_heat_map
from vanceweb.usage.figures.job_figures import JobFigures, read_job_figures
from vanceweb.usage.figures.periods import Bucket, Period
from vanceweb.usage.figures.running_out import RunOut, get_look_back, predict_run_out
from vanceweb.usage.queries import get_balances
from vanceweb.vault.models import Connection


@dataclass(frozen=True)
class Comparison:
    """A figure of the period and of the one before; None where it is unknown."""

    now: Decimal | None
    before: Decimal | None

    @property
    def change_percent(self) -> float | None:
        """The change since the period before; None without anything to compare with."""
        if self.now is None or not self.before:
            return None
        return round(float(100 * (self.now - self.before) / self.before), 1)


@dataclass(frozen=True)
class ConnectionBalance:
    """A connection with the credits left, None where the service hasn't told, and the day on which they run out."""

    connection: Connection
    left: Decimal | None
    run_out: RunOut


@dataclass(frozen=True)
class Tiles:
    """The figures that answer at one look.

    `left` sums up the balances that are known; `run_out` is for that sum. `cost_per_picture` is the credits of this
    site's jobs by the number of their pictures. `saved` is the credits of jobs on the bundled engine, which charges the
    hosted service's prices and costs nothing.
    """

    left: Decimal | None
    balances: tuple[ConnectionBalance, ...]
    spent: Comparison
    foreign: Comparison
    run_out: RunOut
    cost_per_picture: Comparison
    saved: Comparison
    jobs: int


@dataclass(frozen=True)
class Share:
    """The part of the spent credits that one entry has, and its credits in the period before."""

    entry: Entry
    credits: Decimal
    before: Decimal
    jobs: int
    percent: float


@dataclass(frozen=True)
class Shares:
    """The parts of all that was spent, the largest first, foreign charges last."""

    by: Dimension
    rows: tuple[Share, ...]
    total: Decimal


@dataclass(frozen=True)
class Dashboard:
    """All figures of the page. `connections` are those of the scope that the filters let through.

    `people` are those whose charges the actor may look at: of the team, and those who spent before they left it.
    """

    period: Period
    filters: Filters
    today: date
    connections: tuple[Connection, ...]
    people: tuple[User, ...]
    tiles: Tiles
    bars: Bars
    by_feature: Shares
    by_person: Shares
    by_connection: Shares
    heat_map: HeatMap
    jobs: JobFigures


def compute_dashboard(
    actor: Actor,
    period: Period,
    filters: Filters,
    today: date,
    *,
    bucket: Bucket | None = None,
    by: Dimension = Dimension.FEATURE,
) -> Dashboard:
    """Return the figures of the period, whose days are those of the team's zone, in at most seven queries.

    `bucket` is that of the bars; None for one that suits the period. Raise Http404 for a connection in the filters that
    the actor may not see.
    """
    connections = find_connections(actor, filters)
    reader = SumReader(actor, filters, [connection.pk for connection in connections])
    now, before = reader.read_parts(period, period.before)
    people = [*now[Dimension.PERSON], *before[Dimension.PERSON]]
    names = load_names(actor, (part.values[0] for part in people), connections)
    chosen = bucket or period.choose_bucket()
    bars = build_bars(reader.read_buckets(period, chosen, by), names, period, chosen, by)
    shares = {
        dimension: build_shares(dimension, now, before, names)
        for dimension in (Dimension.FEATURE, Dimension.PERSON, Dimension.CONNECTION)
    }
    return Dashboard(
        period,
        filters,
        today,
        tuple(connections),
        tuple(sorted(names.people.values(), key=lambda person: person.get_username())),
        _build_tiles(connections, reader, now, before, today),
        bars,
        shares[Dimension.FEATURE],
        shares[Dimension.PERSON],
        shares[Dimension.CONNECTION],
        read_heat_map(actor, period, filters),
        read_job_figures(actor, period, filters, reader.connection_ids, zone=actor.team.time_zone),
    )


def compute_bars(actor: Actor, period: Period, filters: Filters, *, bucket: Bucket, by: Dimension) -> Bars:
    """Return the credits of each bucket with a series for every entry, in at most three queries. Raise Http404."""
    connections = find_connections(actor, filters)
    reader = SumReader(actor, filters, [connection.pk for connection in connections])
    sums = reader.read_buckets(period, bucket, by)
    people = (row.values[0] for row in sums) if by == Dimension.PERSON else ()
    return build_bars(sums, load_names(actor, people, connections), period, bucket, by, most=None)


def find_connections(actor: Actor, filters: Filters) -> list[Connection]:
    """Return the connections of the filters' scope, those that are named if any are, in one query. Raise Http404."""
    visible = [row for row in get_balances(actor) if row.is_private == filters.is_private]
    if not filters.connections:
        return visible
    named = [row for row in visible if row.uuid in filters.connections]
    if len(named) < len(filters.connections):
        raise Http404(_("There is no such connection."))
    return named


def _build_tiles(
    connections: Sequence[Connection],
    reader: SumReader,
    now: Parts,
    before: Parts,
    today: date,
) -> Tiles:
    bundled = {connection.pk for connection in connections if connection.is_bundled}
    left, balances, run_out = _read_balances(connections, reader, today)
    return Tiles(
        left=left,
        balances=balances,
        spent=Comparison(*(_add_up(parts[Dimension.FEATURE]) for parts in (now, before))),
        foreign=Comparison(*(_add_up(_find_foreign(parts)) for parts in (now, before))),
        run_out=run_out,
        cost_per_picture=Comparison(_get_cost(now), _get_cost(before)),
        saved=Comparison(
            *(
                _add_up(part for part in parts[Dimension.CONNECTION] if part.values[0] in bundled)
                for parts in (now, before)
            )
        ),
        jobs=_count_jobs(now),
    )


def _read_balances(
    connections: Sequence[Connection], reader: SumReader, today: date
) -> tuple[Decimal | None, tuple[ConnectionBalance, ...], RunOut]:
    """Return the credits left on all connections, those on each, and when the sum runs out."""
    daily = reader.read_daily(get_look_back(today))
    balances = tuple(
        ConnectionBalance(
            row,
            row.balance,
            predict_run_out(row.balance, daily.get(row.pk, {}), today, since=row.created_at.date()),
        )
        for row in connections
    )
    known = [row for row in balances if row.left is not None]
    if not known:
        return None, balances, predict_run_out(None, {}, today, since=today)
    total: dict[date, Decimal] = defaultdict(Decimal)
    for row in known:
        for day, credits in daily.get(row.connection.pk, {}).items():
            total[day] += credits
    left = sum((row.left for row in known if row.left is not None), NOTHING)
    since = min(row.connection.created_at.date() for row in known)
    return left, balances, predict_run_out(left, total, today, since=since)


def _add_up(parts: Iterable[PartSum]) -> Decimal:
    return sum((part.credits for part in parts), NOTHING)


def _find_foreign(parts: Parts) -> list[PartSum]:
    return [part for part in parts[Dimension.FEATURE] if part.is_foreign]


def _count_jobs(parts: Parts) -> int:
    return sum(part.jobs for part in parts[Dimension.FEATURE])


def _get_cost(parts: Parts) -> Decimal | None:
    jobs = _count_jobs(parts)
    return (_add_up(parts[Dimension.FEATURE]) - _add_up(_find_foreign(parts))) / jobs if jobs else None


def build_shares(by: Dimension, now: Parts, before: Parts, names: EntryNames) -> Shares:
    """Return the parts of the sums of a period by one dimension, with those of the period before."""
    credits: dict[Entry, list[Decimal]] = defaultdict(lambda: [NOTHING, NOTHING])
    jobs: dict[Entry, int] = defaultdict(int)
    for place, parts in enumerate((now, before)):
        for part in parts[by]:
            entry = names.find_entry(by, part.values, is_foreign=part.is_foreign)
            credits[entry][place] += part.credits
            jobs[entry] += 0 if place else part.jobs
    total = _add_up(now[by])
    rows = [
        Share(entry, current, earlier, jobs[entry], round(float(100 * current / total), 1) if total else 0.0)
        for entry, (current, earlier) in credits.items()
        if current or jobs[entry]
    ]
    rows.sort(key=lambda row: (row.entry.is_foreign, -row.credits, row.entry.name))
    return Shares(by, tuple(rows), total)
