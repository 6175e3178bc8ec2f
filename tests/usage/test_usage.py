"""The usage page's queries, and the times at which histories are read again."""

from datetime import timedelta
from typing import Any

from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from vanceweb.jobs.models import Job
from vanceweb.teams.models import User
from vanceweb.usage.models import HistorySync, UsageRecord
from vanceweb.usage.queries import get_balances, get_history_page
from vanceweb.usage.services import request_refresh
from vanceweb.usage.sweeps import refresh_histories
from vanceweb.vault.models import Connection


def create_record(owner: User, number: int) -> UsageRecord:
    return UsageRecord.objects.create(
        owner=owner,
        connection=Connection.objects.get(owner=owner),
        connection_name="Bundled engine",
        point_type="download",
        job="denoise",
        info="photo.png",
        points=1,
        balance=1000 - number,
        # Two rows at a time share their time, so the key must distinguish them.
        created_at=timezone.now().replace(microsecond=0) - timedelta(minutes=number // 2),
    )


def count_queued_syncs() -> int:
    return DBTaskResult.objects.filter(task_path="vanceweb.usage.tasks.sync_history").count()


def test_the_history_pages_by_key_with_one_query_each(alice: User, bob: User) -> None:
    mine = [create_record(alice, number) for number in range(7)]
    create_record(bob, 0)
    seen: list[UsageRecord] = []
    cursor: str | None = None
    while True:
        with CaptureQueriesContext(database) as queries:
            page, cursor = get_history_page(alice, cursor, 3)
            assert all(row.connection_name for row in page)
        assert len(queries) == 1
        seen += page
        if cursor is None:
            break
    assert sorted(row.pk for row in seen) == sorted(row.pk for row in mine)
    assert [row.created_at for row in seen] == sorted((row.created_at for row in mine), reverse=True)


def test_balances_are_the_users_own_in_one_query(alice: User, bob: User) -> None:
    HistorySync.objects.create(connection=Connection.objects.get(owner=alice))
    with CaptureQueriesContext(database) as queries:
        found = get_balances(alice)
        assert [(row.balance, row.history_sync.last_error) for row in found] == [(1000, "")]
    assert len(queries) == 1
    assert [row.owner_id for row in get_balances(bob)] == [bob.pk]


def test_a_refresh_reads_the_users_own_connections(alice: User, bob: User) -> None:
    assert request_refresh(user=alice) == 1
    assert count_queued_syncs() == 1
    assert DBTaskResult.objects.filter(task_path="vanceweb.vault.tasks.refresh_balance").count() == 1


def test_a_history_is_read_once_after_a_job_is_done(alice: User, bundled: Connection) -> None:
    refresh_histories()
    refresh_histories()
    assert count_queued_syncs() == 1, "the first time"
    Job.objects.create(
        owner=alice,
        connection=bundled,
        feature="denoise",
        credits=1,
        state=Job.State.DONE,
        finished_at=timezone.now() + timedelta(seconds=1),
    )
    Connection.objects.update(check_state="failed")
    refresh_histories()
    assert count_queued_syncs() == 1, "not where the token doesn't work"
    Connection.objects.update(check_state="ok")
    refresh_histories()
    assert count_queued_syncs() == 2


def test_a_history_is_read_again_after_a_while(bundled: Connection, settings: Any) -> None:
    long_ago = timezone.now() - timedelta(seconds=settings.HISTORY_REFRESH_SECONDS + 1)
    HistorySync.objects.create(connection=bundled, asked_at=long_ago)
    refresh_histories()
    refresh_histories()
    assert count_queued_syncs() == 1
