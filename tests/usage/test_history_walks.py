"""A history that grows, is pruned and changed, and is stopped while it is read, ends equal to the service's."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.usage import scripted_history
from tests.usage.scripted_history import Charge, ScriptedHistory
from vanceweb.usage.history_sync import sync_history
from vanceweb.usage.models import HistorySync, UsageDay, UsageRecord
from vanceweb.vault.models import Connection

Row = tuple[str, Decimal, int]


@pytest.fixture
def service(transactional_db: None, bundled: Connection, settings: Any) -> ScriptedHistory:
    settings.BUNDLED_ENGINE_WSGI = "tests.usage.scripted_history.application"
    settings.CLIENT_ATTEMPTS = 1
    settings.HISTORY_OVERLAP_SECONDS = 0
    scripted_history.SERVICE = ScriptedHistory()
    return scripted_history.SERVICE


def to_second(record: UsageRecord) -> int:
    return int((record.service_time.replace(tzinfo=None) - scripted_history.BEGINNING).total_seconds())


def list_counted(connection: Connection) -> list[Row]:
    """Return the counted rows that the service still lists, the oldest first."""
    sync = HistorySync.objects.get(connection=connection)
    rows = UsageRecord.objects.counted().filter(connection=connection, place__gt=sync.pruned_rows).order_by("place")
    return [(row.job, row.balance, to_second(row)) for row in rows]


def list_service(service: ScriptedHistory) -> list[Row]:
    return [(charge.job, Decimal(charge.balance), charge.second) for charge in service.charges]


def assert_state_is_true(connection: Connection) -> None:
    """Each place up to `complete_rows` is stored once, and the sums are those of the rows."""
    sync = HistorySync.objects.get(connection=connection)
    places = UsageRecord.objects.filter(connection=connection, place__lte=sync.complete_rows, place__gt=0)
    assert sorted(places.values_list("place", flat=True)) == list(range(1, sync.complete_rows + 1))
    rows: Counter[Any] = Counter(UsageRecord.objects.counted().values_list("day", flat=True))
    summed: Counter[Any] = Counter()
    for day in UsageDay.objects.all():
        summed[day.day] += day.rows
    assert summed == rows


def read_to_the_end(connection: Connection) -> None:
    for _ in range(60):
        sync_history(connection.pk)
        sync = HistorySync.objects.get(connection=connection)
        if not sync.walk_scope and not sync.last_error:
            return
    pytest.fail("the history is read for ever")


@dataclass
class Event:
    """Something that happens to the service's history, before a page or between two turns."""

    kind: str
    number: int
    charges: list[Charge] = field(default_factory=list)

    def apply(self, service: ScriptedHistory) -> None:
        getattr(self, f"_{self.kind}")(service)

    def _grow(self, service: ScriptedHistory) -> None:
        for charge in self.charges:
            last = service.charges[-1].second if service.charges else 0
            service.charges.append(Charge(last + charge.second, charge.job, charge.balance))

    def _prune(self, service: ScriptedHistory) -> None:
        # Something stays: where nothing is listed, nobody can tell what went.
        del service.charges[: min(self.number, len(service.charges) - 1)]

    def _break(self, service: ScriptedHistory) -> None:
        raise ConnectionError("the connection is closed")


charges = st.builds(
    Charge,
    st.sampled_from([0, 0, 1, 2, 5000]),
    st.sampled_from(["denoise", "matting"]),
    st.sampled_from([99, 98]),
)
grows = st.builds(Event, st.just("grow"), st.just(0), st.lists(charges, max_size=6))
breaks = st.builds(Event, st.just("break"), st.just(0))
prunes = st.builds(Event, st.just("prune"), st.integers(1, 4))


# Each example is a history of its own, read over several turns from a real database: shrinking one takes minutes.
PLAYED = settings(
    max_examples=40, phases=[Phase.explicit, Phase.generate], deadline=None, suppress_health_check=list(HealthCheck)
)


def play(
    service: ScriptedHistory, connection: Connection, rounds: list[list[Event]], check: Callable[[], None]
) -> None:
    """Read a turn in each round; its first event comes before the turn, the others before one page each."""
    for events in rounds:
        waiting = list(events)
        if waiting and waiting[0].kind != "break":
            waiting.pop(0).apply(service)
        service.before_page = lambda number, waiting=waiting: waiting.pop(0).apply(service) if waiting else None
        sync_history(connection.pk)
        check()
    service.before_page = lambda number: None


@settings(
    max_examples=40, phases=[Phase.explicit, Phase.generate], deadline=None, suppress_health_check=list(HealthCheck)
)
@given(
    first=st.lists(charges, max_size=25),
    rounds=st.lists(st.lists(st.one_of(grows, breaks), max_size=6), max_size=6),
    per_page=st.integers(1, 5),
    turn_pages=st.integers(1, 6),
)
def test_growth_and_interruptions(
    service: ScriptedHistory,
    bundled: Connection,
    settings: Any,
    first: list[Charge],
    rounds: list[list[Event]],
    per_page: int,
    turn_pages: int,
) -> None:
    start_anew(service, first, per_page)
    settings.HISTORY_TURN_PAGES = turn_pages

    def check() -> None:
        sync = HistorySync.objects.get(connection=bundled)
        complete = list_counted(bundled)[: sync.complete_rows]
        assert complete == list_service(service)[: sync.complete_rows]
        assert not Counter(list_counted(bundled)) - Counter(list_service(service)), "one row too many"
        assert_state_is_true(bundled)

    play(service, bundled, rounds, check)
    read_to_the_end(bundled)
    assert list_counted(bundled) == list_service(service)
    assert UsageRecord.objects.count() == len(service.charges)
    assert HistorySync.objects.get(connection=bundled).is_complete
    assert_state_is_true(bundled)
    assert sync_history(bundled.pk) == 0


@settings(
    max_examples=40, phases=[Phase.explicit, Phase.generate], deadline=None, suppress_health_check=list(HealthCheck)
)
@given(
    first=st.lists(charges, max_size=25),
    rounds=st.lists(st.lists(st.one_of(grows, breaks, prunes), max_size=6), max_size=6),
    per_page=st.integers(1, 5),
    turn_pages=st.integers(1, 6),
)
def test_growth_interruptions_and_pruning(
    service: ScriptedHistory,
    bundled: Connection,
    settings: Any,
    first: list[Charge],
    rounds: list[list[Event]],
    per_page: int,
    turn_pages: int,
) -> None:
    """Equal rows can hide for a while that others went; the comparison of everything finds what is missing then."""
    start_anew(service, first, per_page)
    settings.HISTORY_TURN_PAGES = turn_pages
    play(service, bundled, rounds, lambda: None)
    read_to_the_end(bundled)
    long_ago = timezone.now() - timedelta(days=40)
    HistorySync.objects.update(whole_compared_at=long_ago)
    read_to_the_end(bundled)
    assert not Counter(list_service(service)) - Counter(list_counted(bundled)), "a row is missing"
    assert list_counted(bundled) == list_service(service)
    assert HistorySync.objects.get(connection=bundled).is_complete
    assert_state_is_true(bundled)


def start_anew(service: ScriptedHistory, charges: list[Charge], per_page: int) -> None:
    UsageRecord.objects.all().delete()
    UsageDay.objects.all().delete()
    HistorySync.objects.all().delete()
    service.charges = []
    service.per_page = per_page
    service.before_page = lambda number: None
    Event("grow", 0, charges).apply(service)
