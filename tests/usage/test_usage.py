"""The usage page's queries, and its refresh."""

from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult

from tests.conftest import as_actor, get_bundled
from tests.factories import make_hosted_connection
from vanceweb.teams.models import User
from vanceweb.usage.models import HistorySync
from vanceweb.usage.queries import get_balances
from vanceweb.usage.services import request_refresh


def count_queued_syncs() -> int:
    return DBTaskResult.objects.filter(task_path="vanceweb.usage.tasks.sync_histories").count()


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
