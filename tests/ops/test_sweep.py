"""The sweeper calls the functions named in the settings and continues when one of them fails."""

import logging
import os
import signal
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult

from vanceweb.ops.management.commands.sweep import Sweeper
from vanceweb.ops.sweeps import remove_old_tasks

CALLS: list[str] = []


def good() -> None:
    CALLS.append("good")


def bad() -> None:
    CALLS.append("bad")
    raise RuntimeError("broken on purpose")


@pytest.fixture(autouse=True)
def no_calls() -> None:
    CALLS.clear()


@pytest.mark.django_db
def test_failing_sweep_does_not_stop_the_others_and_is_logged(settings, caplog):
    settings.SWEEPS = [f"{__name__}.bad", f"{__name__}.good"]
    call_command("sweep", once=True)
    assert CALLS == ["bad", "good"]
    assert "test_sweep.bad failed" in caplog.text
    assert "broken on purpose" in caplog.text


@pytest.mark.django_db
def test_sweep_that_keeps_failing_is_logged_once_a_minute(caplog):
    sweeper = Sweeper({"bad": bad})
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            sweeper.sweep()
    assert len(CALLS) == 3
    assert len(caplog.records) == 1


@pytest.mark.django_db
def test_rounds_follow_each_other_until_sigterm(settings):
    settings.SWEEPS, settings.SWEEP_INTERVAL = [f"{__name__}.good"], 0.01
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    def end() -> None:
        while len(CALLS) < 3:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end).start()
    try:
        call_command("sweep")
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
    assert len(CALLS) >= 3


def test_every_sweep_of_the_settings_exists(settings):
    assert settings.SWEEPS
    assert settings.CHORES
    assert all(callable(import_string(name)) for name in (*settings.SWEEPS, *settings.CHORES))


@pytest.mark.django_db
def test_tasks_that_ended_long_ago_or_were_lost_are_removed(settings):
    cache.clear()
    now = timezone.now()
    long_ago, lately = now - timedelta(days=2), now - timedelta(seconds=10)
    for status, when in [("SUCCESSFUL", long_ago), ("FAILED", long_ago), ("RUNNING", long_ago), ("READY", long_ago),
                         ("SUCCESSFUL", lately), ("RUNNING", lately)]:  # fmt: skip
        make_task(status, when)
    remove_old_tasks()
    left = DBTaskResult.objects.order_by("status", "enqueued_at").values_list("status", "started_at")
    assert [(status, started == lately) for status, started in left] == [
        ("READY", False),
        ("RUNNING", True),
        ("SUCCESSFUL", True),
    ]


@pytest.mark.django_db
def test_old_tasks_are_searched_for_only_from_time_to_time(django_assert_num_queries: Any):
    cache.clear()
    remove_old_tasks()
    with django_assert_num_queries(0):
        remove_old_tasks()


def make_task(status: str, when: Any) -> None:
    task = DBTaskResult.objects.create(
        status=status,
        args_kwargs={"args": [], "kwargs": {}},
        task_path="vanceweb.jobs.tasks.advance_jobs",
        backend_name="default",
        started_at=when,
        finished_at=when if status in ("SUCCESSFUL", "FAILED") else None,
        **({"exception_class_path": "builtins.ValueError"} if status == "FAILED" else {}),
    )
    DBTaskResult.objects.filter(pk=task.pk).update(enqueued_at=when)
