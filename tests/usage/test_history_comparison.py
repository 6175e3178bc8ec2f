"""What a service changes in its history later: rows that come late, go, or come back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.usage import scripted_history
from tests.usage.scripted_history import BEGINNING, Charge, ScriptedHistory
from tests.usage.test_history_walks import assert_state_is_true, list_counted, list_service, read_to_the_end
from vanceweb.usage.history_sync import sync_history
from vanceweb.usage.models import HistorySync, UsageRecord, WalkScope
from vanceweb.vault.models import Connection


@pytest.fixture
def service(transactional_db: None, bundled: Connection, settings: Any) -> ScriptedHistory:
    settings.BUNDLED_ENGINE_WSGI = "tests.usage.scripted_history.application"
    settings.CLIENT_ATTEMPTS = 1
    settings.HISTORY_OVERLAP_SECONDS = 0
    # Forty rows, one each day until now: some are older than the weeks that are compared daily.
    first = timezone.now().replace(tzinfo=None, microsecond=0) - timedelta(days=39)
    service = ScriptedHistory(charges=[to_charge(first + timedelta(days=day)) for day in range(40)])
    scripted_history.SERVICE = service
    read_to_the_end(bundled)
    return service


def to_charge(moment: datetime, **fields: Any) -> Charge:
    return Charge(int((moment - BEGINNING).total_seconds()), **fields)


def move_back(**times: timedelta) -> None:
    """Let the last comparisons be so long ago."""
    HistorySync.objects.update(**{name: timezone.now() - ago for name, ago in times.items()})


def test_a_quiet_history_costs_one_page(service: ScriptedHistory, bundled: Connection) -> None:
    service.pages_read = 0
    assert sync_history(bundled.pk) == 0
    assert service.pages_read == 1


def test_the_newest_weeks_are_compared_daily(service: ScriptedHistory, bundled: Connection) -> None:
    del service.charges[20]
    service.charges.append(Charge(service.charges[-1].second + 60))
    service.charges.insert(25, Charge(service.charges[25].second - 5, job="matting"))
    move_back(recent_compared_at=timedelta(days=2))
    service.pages_read = 0
    read_to_the_end(bundled)
    assert list_counted(bundled) == list_service(service)
    assert_state_is_true(bundled)
    gone = UsageRecord.objects.exclude(withdrawn_at=None).get()
    assert gone.place is None
    recent = HistorySync.objects.get().recent_compared_at
    assert recent is not None
    assert timezone.now() - recent < timedelta(hours=1)


def test_a_row_that_comes_back_counts_again(service: ScriptedHistory, bundled: Connection) -> None:
    gone = service.charges.pop(20)
    read_to_the_end(bundled)
    assert UsageRecord.objects.exclude(withdrawn_at=None).count() == 1, "the total disagrees, so all is compared"
    service.charges.insert(20, gone)
    move_back(whole_compared_at=timedelta(days=31))
    read_to_the_end(bundled)
    assert not UsageRecord.objects.exclude(withdrawn_at=None).exists()
    assert UsageRecord.objects.count() == 40
    assert list_counted(bundled) == list_service(service)


def test_old_changes_are_found_monthly(service: ScriptedHistory, bundled: Connection) -> None:
    service.charges[1] = Charge(service.charges[1].second, job="matting")
    move_back(recent_compared_at=timedelta(days=2))
    read_to_the_end(bundled)
    assert list_counted(bundled) != list_service(service)
    move_back(whole_compared_at=timedelta(days=31))
    read_to_the_end(bundled)
    assert list_counted(bundled) == list_service(service)
    assert_state_is_true(bundled)


@pytest.mark.parametrize("later", [0, 1, 7])
def test_what_the_service_prunes_stays(service: ScriptedHistory, bundled: Connection, later: int) -> None:
    del service.charges[:5]
    service.charges += [Charge(service.charges[-1].second + 60 * number) for number in range(1, later + 1)]
    service.pages_read = 0
    read_to_the_end(bundled)
    assert UsageRecord.objects.counted().count() == 40 + later
    assert list_counted(bundled) == list_service(service)
    sync = HistorySync.objects.get()
    assert (sync.pruned_rows, sync.is_complete) == (5, True)
    assert service.pages_read <= 6, "the oldest page tells it; not everything is read again"


def test_a_history_that_ends_is_kept(service: ScriptedHistory, bundled: Connection) -> None:
    service.charges.clear()
    read_to_the_end(bundled)
    assert UsageRecord.objects.counted().count() == 40


def test_rows_from_before_places_were_stored_get_theirs(service: ScriptedHistory, bundled: Connection) -> None:
    UsageRecord.objects.update(place=None)
    HistorySync.objects.all().delete()
    service.charges.append(Charge(service.charges[-1].second + 60))
    read_to_the_end(bundled)
    assert UsageRecord.objects.count() == 41
    assert list_counted(bundled) == list_service(service)


def test_new_rows_are_stored_while_everything_is_compared(
    service: ScriptedHistory, bundled: Connection, settings: Any
) -> None:
    settings.HISTORY_TURN_PAGES = 1
    del service.charges[10]
    sync_history(bundled.pk)
    service.charges.append(Charge(service.charges[-1].second + 60))
    assert sync_history(bundled.pk) == 1
    assert HistorySync.objects.get().walk_scope == WalkScope.WHOLE
    read_to_the_end(bundled)
    assert list_counted(bundled) == list_service(service)


def test_a_turn_reads_a_limited_number_of_pages(service: ScriptedHistory, bundled: Connection, settings: Any) -> None:
    settings.HISTORY_TURN_PAGES = 2
    UsageRecord.objects.all().delete()
    HistorySync.objects.all().delete()
    stored = [sync_history(bundled.pk) for _ in range(3)]
    # The page of the newest rows isn't stored yet: the last page has one row, 40 = 13 * 3 + 1.
    assert stored == [4, 6, 6]
    sync = HistorySync.objects.get()
    assert (sync.complete_rows, sync.is_complete) == (16, False)
    assert list_counted(bundled) == list_service(service)[:16]
