"""The page of the installation's state tells what works, what waits and what went wrong, also when parts are broken."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_job
from vanceweb.jobs.models import Job
from vanceweb.lib.error_records import ErrorRecordHandler
from vanceweb.lib.log_records import build_logging
from vanceweb.ops.due_work import KINDS
from vanceweb.ops.heartbeats import ProcessHeartbeat
from vanceweb.ops.models import WorkerHeartbeat
from vanceweb.ops.status import read_status
from vanceweb.teams.models import User

STATUS = "/status/"


@pytest.fixture(autouse=True)
def own_places(settings: Any, tmp_path: Path) -> None:
    settings.MODELS_DIR = tmp_path / "models"
    settings.ERRORS_FILE = tmp_path / "errors.jsonl"
    cache.delete("ops.count_pictures")


def read_page(visitor: Client) -> str:
    response = visitor.get(STATUS)
    assert response.status_code == 200
    return response.content.decode()


def test_a_worker_that_gave_a_sign_works_and_one_that_was_silent_does_not(visitor: Client) -> None:
    ProcessHeartbeat("io", "io-1").beat(running=2)
    ProcessHeartbeat("engine", "engine-1").beat()
    WorkerHeartbeat.objects.filter(kind="engine").update(seen_at=timezone.now() - timedelta(minutes=5))
    workers = {worker.name: worker for worker in read_status().workers.value or []}
    assert (workers["io-1"].is_alive, workers["io-1"].running) == (True, 2)
    assert not workers["engine-1"].is_alive
    page = read_page(visitor)
    assert "No worker of the kind “engine” has given a sign of life lately." in page
    assert "No worker of the kind “sweep” has given" in page
    assert "No worker of the kind “io” has given" not in page


def test_one_silent_worker_among_others_is_told(visitor: Client) -> None:
    for name in ("io-1", "io-2"):
        ProcessHeartbeat("io", name).beat()
    WorkerHeartbeat.objects.filter(name="io-2").update(seen_at=timezone.now() - timedelta(hours=1))
    page = read_page(visitor)
    assert "The worker io-2 on " in page
    assert "The worker io-1 on " not in page


def test_work_that_waits_is_counted_with_its_oldest(alice: User) -> None:
    job = make_job(alice, state=Job.State.QUEUED)
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now() - timedelta(minutes=10), lease_until=None)
    status = read_status()
    [jobs] = [due for due in status.work.value or [] if due.title == "Jobs"]
    assert jobs.rows == 1
    assert jobs.wait is not None
    assert jobs.wait > timedelta(minutes=9)
    assert "Jobs: work has been waiting for more than five minutes." in status.warnings


def test_every_kind_of_work_is_counted() -> None:
    assert set(configured.WAKEUPS) <= set(KINDS)


def test_storage_and_versions_are_told(visitor: Client, alice: User) -> None:
    make_job(alice)
    page = read_page(visitor)
    for text in ("free", "Django", "Python", connection.display_name, "vanceweb"):
        assert text in page


def test_the_last_errors_come_with_the_id_of_their_request(visitor: Client, settings: Any) -> None:
    logger = logging.Logger("broken.part")
    logger.addHandler(ErrorRecordHandler(settings.ERRORS_FILE))
    record = logger.makeRecord("broken.part", logging.ERROR, "", 0, "It failed", (), None)
    record.request = type("Request", (), {"request_id": "abc-123"})()
    logger.handle(record)
    page = read_page(visitor)
    assert "It failed" in page
    assert "abc-123" in page


def test_the_log_of_the_site_keeps_errors_where_the_page_reads_them() -> None:
    handlers = build_logging(level="WARNING", errors=Path("errors.jsonl"))["handlers"]
    assert handlers["errors"]["path"] == Path("errors.jsonl")
    assert handlers["errors"]["level"] == "ERROR"


def test_missing_weights_are_told(visitor: Client) -> None:
    assert "manage.py install_models" in read_page(visitor)


@pytest.mark.parametrize(
    ("table", "broken"),
    [
        ("ops_workerheartbeat", ["workers"]),
        ("jobs_job", ["work"]),
        ("gallery_blob", ["work", "storage"]),
        ('"vault_connection"."token"', ["findings"]),
        ("sqlite_version", ["versions"]),
    ],
)
def test_a_part_that_is_broken_hides_no_other(visitor: Client, caplog: Any, table: str, broken: list[str]) -> None:
    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if table in sql:
            raise OperationalError("broken on purpose")
        return execute(sql, *rest)

    if table == "sqlite_version" and connection.vendor != "sqlite":
        pytest.skip("another database tells its version otherwise")
    with connection.execute_wrapper(refuse):
        page, status = read_page(visitor), read_status()
    parts = ("workers", "work", "storage", "findings", "gaps", "errors", "versions")
    assert [name for name in parts if getattr(status, name).is_unknown] == broken
    assert "Last errors" in page
    assert "broken on purpose" in caplog.text


def test_a_decoder_that_does_not_answer_is_told(visitor: Client, settings: Any, tmp_path: Path) -> None:
    settings.DECODER_SOCKET = tmp_path / "no" / "socket"
    assert "The decoder doesn" in read_page(visitor)


def test_the_number_of_queries_is_bounded(
    visitor: Client, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        make_job(alice)
    with django_assert_max_num_queries(23):
        visitor.get(STATUS)
