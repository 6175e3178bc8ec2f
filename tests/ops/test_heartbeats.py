"""Workers tell that they live: one row each, written seldom, gone when they end."""

import os
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.utils import timezone

from vanceweb.ops import heartbeats
from vanceweb.ops.heartbeats import ProcessHeartbeat, remove_old_heartbeats
from vanceweb.ops.models import WorkerHeartbeat

pytestmark = pytest.mark.django_db


def test_a_beat_tells_who_and_how_busy() -> None:
    ProcessHeartbeat("io", "io-1").beat(running=3)
    row = WorkerHeartbeat.objects.get()
    assert (row.kind, row.name, row.pid, row.running) == ("io", "io-1", os.getpid(), 3)
    assert timezone.now() - row.seen_at < timedelta(seconds=10)


def test_many_rounds_in_a_moment_write_once(django_assert_num_queries: Any) -> None:
    heartbeat = ProcessHeartbeat("io", "io-1")
    heartbeat.beat()
    with django_assert_num_queries(0):
        for _ in range(100):
            heartbeat.beat()


def test_a_later_beat_is_one_query(monkeypatch: Any, django_assert_num_queries: Any) -> None:
    monkeypatch.setattr(heartbeats, "BEAT_SECONDS", 0)
    heartbeat = ProcessHeartbeat("io", "io-1")
    heartbeat.beat()
    with django_assert_num_queries(1):
        heartbeat.beat(running=1)
    assert WorkerHeartbeat.objects.get().running == 1


def test_a_new_worker_takes_over_the_row_of_a_killed_one() -> None:
    ProcessHeartbeat("io", "io-1").beat()
    WorkerHeartbeat.objects.update(pid=1, seen_at=timezone.now() - timedelta(hours=1))
    ProcessHeartbeat("io", "io-1").beat()
    assert WorkerHeartbeat.objects.get().pid == os.getpid()


def test_a_worker_that_ends_leaves_no_row_and_takes_no_others() -> None:
    heartbeat = ProcessHeartbeat("io", "io-1")
    heartbeat.beat()
    ProcessHeartbeat("io", "io-2").beat()
    heartbeat.end()
    assert WorkerHeartbeat.objects.get().name == "io-2"


def test_a_database_that_does_not_answer_costs_a_beat_only(caplog: Any) -> None:
    def refuse(*args: object) -> None:
        raise OperationalError("locked")

    with connection.execute_wrapper(refuse):
        ProcessHeartbeat("io", "io-1").beat()
    assert "will be tried again" in caplog.text


def test_rows_of_long_silent_workers_go() -> None:
    for name, hours in (("io-1", 25), ("io-2", 23)):
        ProcessHeartbeat("io", name).beat()
        WorkerHeartbeat.objects.filter(name=name).update(seen_at=timezone.now() - timedelta(hours=hours))
    cache.clear()
    remove_old_heartbeats()
    assert WorkerHeartbeat.objects.get().name == "io-2"
