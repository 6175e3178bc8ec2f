"""The stored history equals the service's, including equal rows, whatever happens during a sync."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.factories import make_job
from tests.usage import scripted_history
from tests.usage.scripted_history import BEGINNING, Charge, ScriptedHistory
from tests.usage.visible_charges import list_visible_charges
from vanceweb.engine.models import Account
from vanceweb.engine.seeding import seed_charges
from vanceweb.teams.models import User
from vanceweb.usage.history_sync import sync_history
from vanceweb.usage.models import HistorySync, UsageRecord
from vanceweb.usage.services import set_service_zone
from vanceweb.vault.models import Connection

Row = tuple[str, Decimal, datetime]


@pytest.fixture
def service(transactional_db: None, bundled: Connection, settings: Any) -> ScriptedHistory:
    settings.BUNDLED_ENGINE_WSGI = "tests.usage.scripted_history.application"
    settings.CLIENT_ATTEMPTS = 1
    # The sync must be correct even without the margin for servers' clocks.
    settings.HISTORY_OVERLAP_SECONDS = 0
    scripted_history.SERVICE = ScriptedHistory()
    return scripted_history.SERVICE


def count_stored(connection: Connection) -> Counter[Row]:
    records = UsageRecord.objects.filter(connection=connection)
    return Counter((record.job, record.balance, record.created_at) for record in records)


def count_listed(charges: list[Charge]) -> Counter[Row]:
    rows = ((charge, (BEGINNING + timedelta(seconds=charge.second)).replace(tzinfo=UTC)) for charge in charges)
    return Counter((charge.job, Decimal(charge.balance), moment) for charge, moment in rows)


# Charges shortly after each other, mostly in the same second, and of few kinds, so that many are equal.
steps = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 1, 2, 5000]), st.sampled_from(["denoise", "matting"]), st.sampled_from([99, 98])
    ),
    max_size=8,
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rounds=st.lists(st.tuples(steps, st.lists(steps, max_size=4)), min_size=1, max_size=4),
    per_page=st.integers(1, 5),
)
@example(rounds=[([(0, "denoise", 99)] * 4, []), ([(0, "denoise", 99)] * 3, [])], per_page=2)
@example(rounds=[([(0, "denoise", 99)] * 6, [[(0, "denoise", 99)] * 2, [(0, "denoise", 99)] * 3])], per_page=2)
def test_equal_rows_pages_and_growth_between_pages(
    service: ScriptedHistory, bundled: Connection, rounds: list[tuple[list[Any], list[list[Any]]]], per_page: int
) -> None:
    UsageRecord.objects.all().delete()
    HistorySync.objects.all().delete()
    service.charges.clear()
    service.per_page = per_page

    def grow(step: list[tuple[int, str, int]]) -> None:
        for seconds, job, balance in step:
            last = service.charges[-1].second if service.charges else 0
            service.charges.append(Charge(last + seconds, job, balance))

    for before, between in rounds:
        grow(before)
        waiting = list(between)
        service.before_page = lambda number, waiting=waiting: grow(waiting.pop(0)) if number > 1 and waiting else None
        sync_history(bundled.pk)
        assert count_stored(bundled) <= count_listed(service.charges), "one row too many"
    service.before_page = lambda number: None
    sync_history(bundled.pk)
    assert count_stored(bundled) == count_listed(service.charges)
    assert sync_history(bundled.pk) == 0


def test_only_the_new_pages_are_read_the_next_time(service: ScriptedHistory, bundled: Connection) -> None:
    service.charges = [Charge(number * 5000) for number in range(60)]
    assert sync_history(bundled.pk) == 60
    service.charges += [Charge(60 * 5000)]
    service.pages_read = 0
    assert sync_history(bundled.pk) == 1
    assert service.pages_read == 1


def test_a_late_row_is_found(service: ScriptedHistory, bundled: Connection, settings: Any) -> None:
    settings.HISTORY_OVERLAP_SECONDS = 3600
    service.charges = [Charge(number * 10) for number in range(9)]
    sync_history(bundled.pk)
    service.charges.insert(4, Charge(35))
    assert sync_history(bundled.pk) == 1
    assert count_stored(bundled) == count_listed(service.charges)


def test_rows_that_go_while_the_history_is_read_stay_and_leave_no_gap(
    service: ScriptedHistory, bundled: Connection
) -> None:
    service.charges = [Charge(number) for number in range(9)]
    service.before_page = lambda number: service.charges.pop(0) if number == 2 else None
    assert sync_history(bundled.pk) == 3
    assert "changed while it was read" in HistorySync.objects.get().last_error
    service.before_page = lambda number: None
    assert sync_history(bundled.pk) == 6
    assert count_stored(bundled) == count_listed([Charge(0), *service.charges])
    sync = HistorySync.objects.get()
    assert (sync.last_error, sync.complete_rows, sync.pruned_rows, sync.total_rows) == ("", 9, 1, 8)


def test_of_a_history_with_a_broken_page_stays_what_was_read(service: ScriptedHistory, bundled: Connection) -> None:
    service.charges = [Charge(number) for number in range(9)]

    def break_second_page(number: int) -> None:
        if number == 2:
            raise ConnectionError("the connection is closed")

    service.before_page = break_second_page
    assert sync_history(bundled.pk) == 3
    sync = HistorySync.objects.get()
    assert (bool(sync.last_error), sync.complete_rows, sync.is_complete) == (True, 3, False)
    service.before_page = lambda number: None
    assert sync_history(bundled.pk) == 6
    assert count_stored(bundled) == count_listed(service.charges)
    assert HistorySync.objects.get().is_complete


def test_long_texts_are_truncated_and_still_recognised(service: ScriptedHistory, bundled: Connection) -> None:
    service.charges = [Charge(1, job="x" * 400)]
    assert sync_history(bundled.pk) == 1
    assert sync_history(bundled.pk) == 0


def test_a_services_time_zone_can_be_corrected_later(service: ScriptedHistory, bundled: Connection) -> None:
    service.charges = [Charge(0), Charge(5000)]
    sync_history(bundled.pk)
    before = UsageRecord.objects.earliest("created_at").created_at
    set_service_zone(connection=bundled, zone="Asia/Shanghai")
    assert UsageRecord.objects.earliest("created_at").created_at == before - timedelta(hours=8)
    assert sync_history(bundled.pk) == 0
    set_service_zone(connection=bundled, zone="UTC")
    assert UsageRecord.objects.earliest("created_at").created_at == before


def test_equal_rows_are_numbered(service: ScriptedHistory, bundled: Connection) -> None:
    service.charges = [Charge(0)] * 3
    sync_history(bundled.pk)
    assert sorted(UsageRecord.objects.values_list("occurrence", flat=True)) == [1, 2, 3]


def test_the_real_engines_history_is_read(transactional_db: None, alice: User, bundled: Connection) -> None:
    seed_charges(account=Account.objects.get(), rows=205)
    assert sync_history(bundled.pk) == 205
    assert sync_history(bundled.pk) == 0
    record = UsageRecord.objects.first()
    assert record is not None
    assert (record.team, record.connection_name) == (bundled.team, "Bundled engine")
    assert (record.created_by, record.private_to) == (None, None), "the service doesn't say who made the job"


def test_a_private_connections_history_is_private(
    service: ScriptedHistory, bundled: Connection, alice: User, bob: User
) -> None:
    service.charges = [Charge(0)]
    Connection.objects.filter(pk=bundled.pk).update(private_to=bob)
    sync_history(bundled.pk)
    assert UsageRecord.objects.get().private_to == bob
    assert [len(list_visible_charges(person)) for person in (alice, bob)] == [0, 1]


def test_a_removed_connection_keeps_its_history(service: ScriptedHistory, bundled: Connection) -> None:
    service.charges = [Charge(0)]
    sync_history(bundled.pk)
    bundled.delete()
    assert sync_history(bundled.pk or 1) == 0
    assert UsageRecord.objects.get().connection_name == "Bundled engine"


def test_new_rows_are_matched_with_jobs(service: ScriptedHistory, bundled: Connection, alice: User) -> None:
    """The service that names no job, right after the reading of its history."""
    moment = BEGINNING.replace(tzinfo=UTC)
    job = make_job(alice, downloaded_at=moment + timedelta(seconds=9.4))
    service.charges = [Charge(10, job="enlarge3"), Charge(5000, job="enlarge3")]
    assert sync_history(bundled.pk) == 2
    newest_first = UsageRecord.objects.order_by("-created_at")
    assert [(row.match, row.job_uuid) for row in newest_first] == [("foreign", None), ("matched", job.uuid)]
