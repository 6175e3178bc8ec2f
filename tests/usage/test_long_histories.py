"""Long histories: the memory that reading one takes, and the bundled engine's pages of one."""

import tracemalloc
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from tests.usage import scripted_history
from tests.usage.scripted_history import Charge, ScriptedHistory
from vanceweb.engine.models import Account, LedgerEntry
from vanceweb.usage.history_sync import sync_history
from vanceweb.usage.models import HistorySync, UsageRecord
from vanceweb.vault.models import Connection

pytestmark = pytest.mark.django_db(transaction=True)
PAGE_ROWS = 100
PAGES = 16


class GeneratedHistory(ScriptedHistory):
    """A history of PAGES pages whose rows are made when they are asked for."""

    def build_page(self, number: int) -> dict[str, Any]:
        total = PAGES * PAGE_ROWS
        newest = total - (number - 1) * PAGE_ROWS
        rows = [Charge(place * 60, balance=place).as_json() for place in range(newest, newest - PAGE_ROWS, -1)]
        return {"datas": rows, "current_page": number, "last_page": PAGES, "per_page": PAGE_ROWS, "total": total}


@pytest.mark.slow
def test_memory_is_flat(bundled: Connection, settings: Any) -> None:
    settings.BUNDLED_ENGINE_WSGI = "tests.usage.scripted_history.application"
    settings.HISTORY_TURN_PAGES = PAGES // 4
    scripted_history.SERVICE = GeneratedHistory()
    peaks = []
    tracemalloc.start()
    try:
        for _ in range(4):
            tracemalloc.reset_peak()
            sync_history(bundled.pk)
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert UsageRecord.objects.count() == PAGES * PAGE_ROWS
    assert HistorySync.objects.get().is_complete
    assert peaks[-1] < 1.2 * peaks[1], peaks


def test_a_seeded_history_is_read_through_the_real_endpoint(bundled: Connection, settings: Any) -> None:
    settings.HISTORY_TURN_PAGES = 3
    account = Account.objects.get()
    call_command("seed_ledger", rows=950, account=account.name)
    stored = [sync_history(bundled.pk) for _ in range(4)]
    sync = HistorySync.objects.get()
    assert (sync.last_error, stored, sync.is_complete) == ("", [250, 300, 300, 100], True)
    account.refresh_from_db()
    assert (account.charges, UsageRecord.objects.count()) == (950, 950)
    kept = list(UsageRecord.objects.order_by("place").values_list("place", "points", "balance", "info"))
    listed = LedgerEntry.objects.charges().order_by("place").values_list("place", "points", "balance", "info")
    assert kept == list(listed)
    call_command("seed_ledger", rows=1, account=account.name)
    assert sync_history(bundled.pk) == 1


@pytest.mark.parametrize("given", [{"rows": 0}, {"rows": 1, "account": "nobody"}])
def test_seeding_refuses_no_rows_and_unknown_accounts(bundled: Connection, given: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        call_command("seed_ledger", **{"account": "studio"} | given)


def test_the_last_page_skips_no_rows(bundled: Connection) -> None:
    call_command("seed_ledger", rows=30, account=Account.objects.get().name)
    charges = LedgerEntry.objects.charges().filter(account=Account.objects.get(), place__lte=3, place__gt=0)
    with CaptureQueriesContext(
        database,
    ) as queries:
        assert [entry.place for entry in charges] == [3, 2, 1]
    assert "OFFSET" not in queries[0]["sql"]
    assert "engine_ledger_place" in charges.explain()
