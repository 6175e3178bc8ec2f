"""Real `manage.py work` processes on the database of the test."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult

from tests.lib.models import Work
from tests.live_site import wait_for
from tests.ops.worker_tasks import HANGING, HANGS, take_work, wake_due_work
from vanceweb.ops.embedded_queue import EmbeddedQueue
from vanceweb.ops.models import WorkerHeartbeat
from vanceweb.ops.task_threads import STOP_SECONDS

# Generous: other tests may be using both processors.
SECONDS = 60
QUEUE_TABLE = DBTaskResult._meta.db_table

StartWorker = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "worker.log"


@pytest.fixture
def start_worker(transactional_db: None, tmp_path: Path, log: Path) -> Iterator[StartWorker]:
    """A function that starts a worker on the queue `io`. Further settings are environment variables."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*, concurrency: int = 4, **env: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "work", "--queue", "io"]
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*command, "--concurrency", str(concurrency)],
                env={**os.environ, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tests.settings",
                     "DATABASE_URL": build_database_url(), "LEASE_SECONDS": "300", **env},
                stdout=output,
                stderr=output,
            )  # fmt: skip
        started.append(process)
        return process

    (tmp_path / "keys").mkdir()
    yield start
    for process in started:
        process.kill()
        process.wait()


def build_database_url() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)


def add_work(*notes: str) -> list[Work]:
    """Create a row with its message for each of the notes."""
    rows = [Work.objects.create(note=note) for note in notes]
    for _ in rows:
        take_work.enqueue()
    return rows


def wait_until(count: int, **fields: Any) -> None:
    """Wait until that many rows have these fields."""
    wait_for(lambda: Work.objects.filter(**fields).count() == count, SECONDS, f"{count} rows with {fields}")


def test_calls_that_hang_do_not_hold_up_others(start_worker: StartWorker) -> None:
    add_work(HANGS, HANGS, "", "", "", "", "")
    start_worker(concurrency=3)
    wait_until(5, state="done")
    wait_until(2, state="running", note=HANGING)


def test_a_queue_that_all_threads_work_on_keeps_its_messages_for_others(start_worker: StartWorker) -> None:
    add_work(HANGS, HANGS, "")
    start_worker(concurrency=2)
    wait_until(2, state="running")
    assert EmbeddedQueue("io", worker_id="another").fetch() is not None


def test_sigterm_during_a_call_that_hangs_frees_its_row_for_the_next_worker(start_worker: StartWorker) -> None:
    (row,) = add_work(HANGS)
    worker = start_worker()
    wait_until(1, state="running", note=HANGING)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(SECONDS) == 0
    row.refresh_from_db()
    assert (row.state, row.lease_token, row.lease_until, row.attempts) == ("queued", None, None, 0)
    # The message is in the queue again; no sweeper has to find the row.
    start_worker()
    wait_until(1, state="done", attempts=1)


def test_sigterm_lets_a_short_task_end_and_fetches_no_more(start_worker: StartWorker) -> None:
    worker = start_worker()
    add_work("")
    wait_until(1, state="done")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(SECONDS) == 0
    add_work("")
    assert DBTaskResult.objects.filter(status="READY").count() == 1


def test_an_idle_worker_ends_at_once_on_either_signal(start_worker: StartWorker) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        worker = start_worker(WORKER_INTERVAL="600")
        add_work("")
        wait_until(0, state="queued")
        assert WorkerHeartbeat.objects.get().pid == worker.pid
        worker.send_signal(number)
        assert worker.wait(SECONDS) == 0
        assert not WorkerHeartbeat.objects.exists()


def test_the_row_of_a_killed_worker_is_taken_when_its_lease_has_expired(start_worker: StartWorker) -> None:
    add_work(HANGS)
    worker = start_worker(LEASE_SECONDS="1")
    wait_until(1, state="running", note=HANGING)
    worker.kill()
    worker.wait()
    start_worker(LEASE_SECONDS="1")
    wait_for(wake_due_work, SECONDS, "the expired lease")
    wait_until(1, state="done", attempts=2)


def test_an_error_of_the_database_does_not_end_the_dispatcher(start_worker: StartWorker, log: Path) -> None:
    worker = start_worker(WORKER_INTERVAL="0.05")
    add_work("")
    wait_until(1, state="done")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {QUEUE_TABLE} RENAME TO hidden")
        try:
            wait_for(lambda: "Reading the queue io failed" in log.read_text(), SECONDS, "the error")
        finally:
            cursor.execute(f"ALTER TABLE hidden RENAME TO {QUEUE_TABLE}")
    add_work("")
    wait_until(2, state="done")
    assert worker.poll() is None


@pytest.mark.django_db(transaction=True)
def test_an_empty_queue_costs_one_query_that_locks_nothing() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert EmbeddedQueue("io", worker_id="idle").fetch() is None
    (query,) = queries.captured_queries
    assert query["sql"].startswith("SELECT")
    assert "FOR UPDATE" not in query["sql"]


@pytest.mark.django_db(transaction=True)
def test_each_message_is_fetched_once_and_only_from_its_queue() -> None:
    add_work("", "")
    engine, io = EmbeddedQueue("engine", worker_id="one"), EmbeddedQueue("io", worker_id="two")
    fetched = [io.fetch() for _ in range(3)]
    assert engine.fetch() is None
    assert len({message and message.pk for message in fetched}) == 3
    assert fetched[2] is None


def test_a_stop_takes_less_time_than_the_supervisor_gives() -> None:
    assert STOP_SECONDS + 1 < settings.UP_STOP_SECONDS
