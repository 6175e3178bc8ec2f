"""Real worker processes with jobs that have to stop: inside a network, and inside a call that nothing can stop."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as site
from django.db import connection
from django_tasks_db.models import DBTaskResult

from tests.engine.conftest import Caller
from tests.engine.processing.endless_networks import write_endless_loop, write_endless_node
from tests.live_site import wait_for
from tests.operations import HANGING
from vanceweb.engine.models import Transform, WebhookDelivery
from vanceweb.engine.processing.cutout.matting import U2NET
from vanceweb.engine.run_monitor import REPLACED_EXIT_CODE

State = Transform.State
Process = subprocess.Popen[bytes]
STUCK_SECONDS = 3  # of computing
SECONDS = 180  # generous: other work may be using the processors
MAX_RUN_SECONDS = "6"  # longer than a worker takes from the start of a run to the call that hangs
MATTING = json.dumps({"name": "matting", "config": {"module": "matting", "module_params": {}}})
COMPRESS = json.dumps({"name": "compress", "config": {"module": "compress", "module_params": {"quality": 80}}})

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def engine_files() -> Path:
    """The storage of the data folder, which the worker processes use too."""
    return Path(site.DATA_DIR, "engine")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A models directory of the test's own."""
    return tmp_path / "models"


@pytest.fixture
def start_worker(transactional_db: None, models: Path, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """A function that starts a worker on the engine's queue; it ends with the test."""
    started: list[Process] = []

    def start(**variables: str) -> Process:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "vanceweb.settings",
            "DATA_DIR": str(site.DATA_DIR),
            "DATABASE_URL": build_database_url(),
            "MODELS_DIR": str(models),
            "ENGINE_MODEL_THREADS": "1",
            **variables,
        }
        command = [sys.executable, str(site.BASE_DIR / "manage.py"), "work", "--queue", "engine"]
        with (tmp_path / "worker.log").open("ab") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def build_database_url() -> str:
    """Return the URL of the tests' database."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    person = f"{quote(values['USER'], safe='')}:{quote(values['PASSWORD'], safe='')}"
    return f"postgresql://{person}@{values['HOST']}:{values['PORT'] or 5432}/{values['NAME']}"


def wait_for_state(trans_id: str, *states: str) -> Transform:
    return wait_for(
        lambda: Transform.objects.filter(trans_id=trans_id, state__in=states, finished_at__isnull=False).first(),
        SECONDS,
        f"the end of {trans_id}",
    )


def wait_until_running(trans_id: str) -> None:
    wait_for(
        lambda: Transform.objects.filter(trans_id=trans_id, started_at__isnull=False).exists(),
        SECONDS,
        f"the start of {trans_id}",
    )


def wait_until_stuck(trans_id: str, worker: Process) -> None:
    """Wait until the worker has computed for longer than a run takes to load its network."""
    wait_until_running(trans_id)
    before = read_cpu_seconds(worker)
    wait_for(lambda: read_cpu_seconds(worker) > before + STUCK_SECONDS, SECONDS, "the endless call")


def read_cpu_seconds(process: Process) -> float:
    fields = Path("/proc", str(process.pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def expect_exit(worker: Process) -> Iterator[None]:
    """Expect that the worker replaces itself after the block."""
    yield
    assert worker.wait(SECONDS) == REPLACED_EXIT_CODE


def test_a_cancelled_job_that_nothing_can_stop_ends_with_its_worker_and_the_next_worker_goes_on(
    alice: Caller, start_worker: Callable[..., Process], models: Path
) -> None:
    write_endless_node(models / U2NET.files[0])
    stuck = alice.create_transform(jconfig=MATTING)
    worker = start_worker()
    wait_until_stuck(stuck, worker)
    waiting = alice.create_transform(jconfig=COMPRESS)
    with expect_exit(worker):
        alice.post("cancel", trans_id=stuck)
    ended = Transform.objects.get(trans_id=stuck)
    assert (ended.state, ended.message) == (State.CANCELLED, "The job was cancelled.")
    assert (ended.lease_token, ended.lease_until) == (None, None)
    assert Transform.objects.get(trans_id=waiting).state == State.QUEUED
    start_worker()
    assert wait_for_state(waiting, *State).state == State.FINISHED


def test_a_job_that_takes_too_long_fails_with_its_worker_and_the_webhook_is_told(
    alice: Caller, start_worker: Callable[..., Process], tmp_path: Path
) -> None:
    """The job waits instead of computing: another test shows that a network's call ends with its worker too."""
    stuck = alice.create_transform(jconfig=MATTING)
    Transform.objects.update(webhook="https://example.com/hook")
    hanging = {"DJANGO_SETTINGS_MODULE": "tests.hanging_settings", "ENGINE_MAX_RUN_SECONDS": MAX_RUN_SECONDS}
    with expect_exit(start_worker(**hanging)):
        pass
    assert HANGING in (tmp_path / "worker.log").read_text()
    ended = Transform.objects.get(trans_id=stuck)
    assert (ended.state, ended.message) == (State.FAILED, "The job took too long and was stopped.")
    delivery = WebhookDelivery.objects.get(transform=ended)
    assert delivery.url == "https://example.com/hook"
    assert DBTaskResult.objects.get(queue_name="io").task_path == "vanceweb.engine.tasks.deliver_webhooks"


def test_a_worker_that_is_told_to_stop_in_a_call_that_nothing_can_stop_puts_its_job_back(
    alice: Caller, start_worker: Callable[..., Process], models: Path
) -> None:
    write_endless_node(models / U2NET.files[0])
    stuck = alice.create_transform(jconfig=MATTING)
    worker = start_worker()
    wait_until_stuck(stuck, worker)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(SECONDS) == 0
    left = Transform.objects.get(trans_id=stuck)
    assert (left.state, left.attempts, left.lease_token) == (State.QUEUED, 0, None)


def test_a_worker_that_is_told_to_stop_leaves_a_network_and_puts_its_job_back(
    alice: Caller, start_worker: Callable[..., Process], models: Path
) -> None:
    write_endless_loop(models / U2NET.files[0])
    trans_id = alice.create_transform(jconfig=MATTING)
    worker = start_worker()
    wait_until_running(trans_id)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(SECONDS) == 0
    left = Transform.objects.get(trans_id=trans_id)
    assert (left.state, left.attempts, left.lease_token) == (State.QUEUED, 0, None)


def test_a_cancelled_job_leaves_a_network_and_its_worker_goes_on(
    alice: Caller, start_worker: Callable[..., Process], models: Path
) -> None:
    write_endless_loop(models / U2NET.files[0])
    endless = alice.create_transform(jconfig=MATTING)
    worker = start_worker()
    wait_until_running(endless)
    alice.post("cancel", trans_id=endless)
    assert wait_for_state(endless, *State).state == State.CANCELLED
    following = alice.create_transform(jconfig=COMPRESS)
    assert wait_for_state(following, *State).state == State.FINISHED
    assert worker.poll() is None


def test_a_running_job_of_img2sr_is_cancelled_and_its_worker_goes_on(
    alice: Caller, start_worker: Callable[..., Process]
) -> None:
    params = {"face_enhancer": True, "strength": 1.0}
    jconfig = json.dumps({"name": "img2sr", "config": {"module": "img2sr", "module_params": params}})
    photo = Path(site.BASE_DIR, "tests", "photos", "clock_motion.png").read_bytes()
    trans_id = alice.create_transform(photo, jconfig)
    worker = start_worker(MODELS_DIR=str(site.MODELS_DIR))
    wait_for(lambda: Transform.objects.filter(percent__gt=0).exists(), SECONDS, "progress")
    alice.post("cancel", trans_id=trans_id)
    assert wait_for_state(trans_id, *State).state == State.CANCELLED
    assert worker.poll() is None
