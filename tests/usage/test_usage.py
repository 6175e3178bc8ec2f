"""The usage page's queries, and its refresh."""

from datetime import timedelta

from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from tests.conftest import as_actor, get_bundled
from tests.factories import make_hosted_connection
from vanceweb.teams.models import User
from vanceweb.usage.models import HistorySync, UsageRecord
from vanceweb.usage.queries import get_balances, get_history_page
from vanceweb.usage.service_times import build_times
from vanceweb.usage.services import request_refresh


def create_record(owner: User, number: int, *, private: bool = False) -> UsageRecord:
    return UsageRecord.objects.create(
        **as_actor(owner).own(private=private).to_fields(),
        connection=get_bundled(owner),
        connection_name="Bundled engine",
        point_type="download",
        job="denoise",
        info="photo.png",
        points=1,
        balance=1000 - number,
        # Two rows at a time share their time, so the key must distinguish them.
        **build_times(
            (timezone.now().replace(microsecond=0) - timedelta(minutes=number // 2)).replace(tzinfo=None),
            service_zone="UTC",
            team_zone="UTC",
        ),
    )


def count_queued_syncs() -> int:
    return DBTaskResult.objects.filter(task_path="vanceweb.usage.tasks.sync_histories").count()


def test_the_history_pages_by_key_with_one_query_each(alice: User, bob: User, charlie: User) -> None:
    visible = [create_record(person, number) for number, person in enumerate((alice, bob, alice, alice, bob, alice))]
    visible.append(create_record(alice, 6, private=True))
    create_record(bob, 7, private=True)
    create_record(charlie, 0)
    actor = as_actor(alice)
    seen: list[UsageRecord] = []
    cursor: str | None = None
    while True:
        with CaptureQueriesContext(database) as queries:
            page, cursor = get_history_page(actor, cursor, 3)
            assert all(row.connection_name for row in page)
        assert len(queries) == 1
        seen += page
        if cursor is None:
            break
    assert sorted(row.pk for row in seen) == sorted(row.pk for row in visible)
    assert [row.created_at for row in seen] == sorted((row.created_at for row in visible), reverse=True)


def test_balances_are_the_teams_and_the_persons_own_in_one_query(alice: User, bob: User, charlie: User) -> None:
    HistorySync.objects.create(connection=get_bundled(alice))
    own = make_hosted_connection(bob)
    actor = as_actor(alice)
    with CaptureQueriesContext(database) as queries:
        found = get_balances(actor)
        assert [(row.balance, row.history_sync.last_error) for row in found] == [(1000, "")]
    assert len(queries) == 1
    assert get_balances(as_actor(bob)) == [get_bundled(alice), own]
    assert get_balances(as_actor(charlie)) == [get_bundled(charlie)]


def test_a_refresh_reads_the_connections_that_the_person_sees(alice: User, bob: User, charlie: User) -> None:
    make_hosted_connection(bob)
    assert request_refresh(actor=as_actor(alice)) == 1
    assert count_queued_syncs() == 1
    assert HistorySync.objects.get().connection == get_bundled(alice)
    assert DBTaskResult.objects.filter(task_path="vanceweb.vault.tasks.check_connections").count() == 1
