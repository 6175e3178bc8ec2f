"""The errors of all machines on the page of any of them, and the ids of work in the background."""

import logging
import socket
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from tests.factories import make_job
from vanceweb.jobs.worker import advance_job
from vanceweb.lib.error_records import ErrorRecordHandler, read_records
from vanceweb.lib.request_ids import get_request_id, use_work_id
from vanceweb.ops.heartbeats import ProcessHeartbeat
from vanceweb.ops.models import SharedError
from vanceweb.ops.shared_errors import KEPT, list_last_errors
from vanceweb.teams.models import User


@pytest.fixture
def machines(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that makes this process one of a machine with a file of its own, and returns its logger."""

    def choose(host: str) -> logging.Logger:
        monkeypatch.setattr(socket, "gethostname", lambda: host)
        settings.ERRORS_FILE = tmp_path / f"{host}.jsonl"
        logger = logging.Logger(host)
        logger.addHandler(ErrorRecordHandler(settings.ERRORS_FILE))
        return logger

    return choose


def list_messages() -> list[tuple[str, str]]:
    return sorted((record.host, record.message) for record in list_last_errors(limit=25))


@pytest.mark.django_db
def test_the_errors_of_another_machine_are_shown_once(machines: Any) -> None:
    machines("engine-host").error("no weights")
    workers = [ProcessHeartbeat("engine", name) for name in ("engine-1", "engine-2")]
    for worker in workers:
        worker.beat()
    machines("web-host").error("no mail")
    ProcessHeartbeat("sweep", "sweep").beat()
    assert list_messages() == [("engine-host", "no weights"), ("web-host", "no mail")]
    assert SharedError.objects.count() == 2


@pytest.mark.django_db
def test_a_file_without_new_errors_costs_no_query(machines: Any, django_assert_num_queries: Any) -> None:
    machines("one").error("first")
    heartbeat = ProcessHeartbeat("io", "io-1")
    heartbeat.beat()
    with django_assert_num_queries(0):
        heartbeat._errors.copy_new_errors()


@pytest.mark.django_db
def test_the_oldest_copies_are_removed(machines: Any) -> None:
    logger = machines("one")
    for number in range(KEPT // 25 + 3):
        for part in range(25):
            logger.error("error %d.%d", number, part)
        ProcessHeartbeat("io", "io-1").beat()
    assert SharedError.objects.count() == KEPT


@pytest.mark.django_db
def test_without_the_database_the_machines_own_errors_are_shown(machines: Any) -> None:
    machines("one").error("lost connection")

    def refuse(*_: Any) -> Any:
        raise OperationalError("broken on purpose")

    with connection.execute_wrapper(refuse):
        ProcessHeartbeat("io", "io-1").beat()
        assert list_messages() == [("one", "lost connection")]


@pytest.mark.usefixtures("postgresql")
def test_no_text_is_too_odd_for_the_database(machines: Any) -> None:
    machines("one").error("a\0b \udc80 é")
    ProcessHeartbeat("io", "io-1").beat()
    assert [message for _host, message in list_messages()] == ["ab ? é"]
    assert SharedError.objects.count() == 1


def test_what_work_logs_has_its_id(machines: Any, settings: Any) -> None:
    logger = machines("one")
    with use_work_id("task", 7), use_work_id("job", 8):
        logger.error("inside")
    logger.error("outside")
    assert [record.request_id for record in read_records(settings.ERRORS_FILE, limit=2)] == ["", "job-8"]
    assert get_request_id() == ""


@pytest.mark.django_db(transaction=True)
def test_the_error_of_a_job_has_the_id_in_its_address(machines: Any, alice: User, settings: Any) -> None:
    job = make_job(alice, state="queued")
    # What no code expected: the job's steps can't be read.
    type(job).objects.filter(pk=job.pk).update(steps=[{"feature": 5}])
    root, handler = logging.getLogger(), machines("one").handlers[0]
    root.addHandler(handler)
    try:
        advance_job(job.pk)
    finally:
        root.removeHandler(handler)
    assert [record.request_id for record in read_records(settings.ERRORS_FILE, limit=5)] == [f"job-{job.uuid}"]
