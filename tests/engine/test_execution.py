"""Execution of transforms under leases: a real worker on a real queue with the real networks."""

import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event

import pytest
from django.db import connection, connections
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from tests.engine.conftest import Caller, picture
from vanceweb.engine.execution import MAX_ATTEMPTS, execute_next_transform
from vanceweb.engine.models import Transform, Upload
from vanceweb.engine.run_monitor import RunMonitor, RunStopped
from vanceweb.lib.leases import Lease, LeaseLost, ProcessStopping, claim, stopping

Work = Callable[..., None]
State = Transform.State


def build_noisy_picture(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(file, "PNG")
    return file.getvalue()


def claim_transform(transform: Transform, seconds: float = 60) -> Lease[Transform]:
    lease = claim(
        Transform.objects.all(),
        pk=transform.pk,
        states=Transform.UNFINISHED,
        state=State.RUNNING,
        duration=timedelta(seconds=seconds),
    )
    assert lease is not None
    return lease


class TestRun:
    def test_a_job_runs_to_its_end_and_changes_the_picture(self, alice: Caller, work: Work) -> None:
        source = build_noisy_picture(64, 48)
        trans_id = alice.create_transform(source)
        work()
        progress = alice.post("progress", trans_id=trans_id)["data"]
        answer = alice.http.get("/web_api/v1/download", {"api_token": alice.token, "trans_id": trans_id})
        content = answer.getvalue()
        assert (progress["status"], progress["percent"]) == ("finish", 100)
        assert progress["filesize"] == str(len(content)) == answer["Content-Length"]
        assert progress["backend"]
        assert answer["Content-Disposition"] == 'attachment; filename="photo-denoise.png"'
        with Image.open(io.BytesIO(content)) as result, Image.open(io.BytesIO(source)) as original:
            assert result.size == (64, 48)
            assert result.tobytes() != original.tobytes()
        assert alice.account.used == 1

    def test_a_second_message_does_nothing(self, alice: Caller, work: Work) -> None:
        alice.create_transform()
        transform = Transform.objects.get()
        work()
        assert not execute_next_transform()
        transform.refresh_from_db()
        assert (transform.state, transform.attempts) == (State.FINISHED, 1)

    def test_a_row_that_another_worker_holds_is_left_alone(self, alice: Caller, work: Work) -> None:
        alice.create_transform()
        transform = Transform.objects.get()
        lease = claim_transform(transform)
        work()
        transform.refresh_from_db()
        assert (transform.state, transform.lease_token) == (State.RUNNING, lease.token)

    def test_missing_weights_end_it_with_a_plain_sentence(
        self, alice: Caller, work: Work, settings: Settings, tmp_path: Path
    ) -> None:
        settings.MODELS_DIR = tmp_path / "nowhere"
        data = self.run_failing_job(alice, work)
        assert "weights" in data["msg"]
        assert "Traceback" not in data["msg"]

    def test_a_removed_upload_ends_it(self, alice: Caller, work: Work, engine_files: Path) -> None:
        trans_id = alice.create_transform()
        Transform.objects.update(upload=None)
        work()
        assert "removed" in alice.post("progress", trans_id=trans_id)["data"]["msg"]

    def test_the_guide_pictures_in_cn_configs_change_the_drawing(self, alice: Caller, work: Work) -> None:
        drawn = []
        for guide in (build_noisy_picture(64, 48), picture(64, 48)):
            trans_id = alice.create_transform(picture(64, 48), self.build_guided_jconfig(alice.create_upload(guide)))
            work()
            answer = alice.http.get("/web_api/v1/download", {"api_token": alice.token, "trans_id": trans_id})
            drawn.append(answer.getvalue())
        assert drawn[0] != drawn[1]

    def test_a_guide_that_was_removed_ends_it(self, alice: Caller, work: Work) -> None:
        guide = alice.create_upload(build_noisy_picture(64, 48))
        trans_id = alice.create_transform(picture(64, 48), self.build_guided_jconfig(guide))
        Upload.objects.filter(uid=guide).delete()
        work()
        data = alice.post("progress", trans_id=trans_id)["data"]
        assert (data["status"], data["msg"]) == ("fatal", "A picture that cn_configs names no longer exists.")

    @staticmethod
    def build_guided_jconfig(uid: str) -> str:
        config = {"module": "img2anime", "module_params": {"model_name": "style1"}}
        guides = [{"image_uid": uid, "cn_name": "cartoon_lineart"}]
        return json.dumps({"name": "img2anime", "config": config, "cn_configs": guides})

    def test_an_unexpected_error_ends_it_without_revealing_details(
        self, alice: Caller, work: Work, engine_files: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        trans_id = alice.create_transform()
        transform = Transform.objects.select_related("upload").get()
        assert transform.upload is not None
        (engine_files / transform.upload.file_name).unlink()
        work()
        data = alice.post("progress", trans_id=trans_id)["data"]
        assert (data["status"], data["msg"]) == ("fatal", "The job failed and exited for an unexpected reason.")
        assert "FileNotFoundError" in caplog.text

    def test_a_job_that_was_interrupted_too_often_is_given_up(self, alice: Caller, work: Work) -> None:
        alice.create_transform()
        Transform.objects.update(attempts=MAX_ATTEMPTS)
        work()
        assert Transform.objects.get().state == State.FAILED

    def test_nothing_is_left_in_the_work_folder(self, alice: Caller, work: Work, settings: Settings) -> None:
        alice.create_transform()
        work()
        assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []

    def test_old_work_folders_of_killed_workers_are_removed(
        self, alice: Caller, work: Work, settings: Settings
    ) -> None:
        old, young, other = (settings.FILE_UPLOAD_TEMP_DIR / name for name in ("engine-a", "engine-b", "other"))
        for folder in (old, young, other):
            folder.mkdir()
        long_ago = time.time() - settings.ENGINE_MAX_RUN_SECONDS - 60
        for folder in (old, other):
            os.utime(folder, (long_ago, long_ago))
        alice.create_transform()
        work()
        assert {path.name for path in settings.FILE_UPLOAD_TEMP_DIR.iterdir()} == {"engine-b", "other"}

    def test_the_credits_are_fixed_when_the_job_is_submitted(self, alice: Caller) -> None:
        alice.create_transform()
        assert Transform.objects.get().cost == Decimal(1)

    @staticmethod
    def run_failing_job(alice: Caller, work: Work) -> dict[str, str]:
        trans_id = alice.create_transform(build_noisy_picture(32, 32))
        work()
        data: dict[str, str] = alice.post("progress", trans_id=trans_id)["data"]
        assert data["status"] == "fatal"
        return data


@pytest.fixture
def timed_operations(settings: Settings) -> None:
    """Operations that take seconds, with progress that is stored at each tile."""
    settings.ENGINE_OPERATIONS = "tests.operations.TIMED_OPERATIONS"
    settings.ENGINE_PROGRESS_SECONDS = 0


class TestCancelWhileRunning:
    def test_it_stops_between_tiles_and_costs_nothing(self, alice: Caller, work: Work, timed_operations: None) -> None:
        trans_id = alice.create_transform(build_noisy_picture(1600, 1200))

        def run() -> None:
            try:
                work()
            finally:
                connections.close_all()

        worker = threading.Thread(target=run)
        worker.start()
        deadline = time.monotonic() + 60
        percents = {0.0}
        while len(percents) < 3 and time.monotonic() < deadline:
            percents.add(alice.post("progress", trans_id=trans_id)["data"]["percent"])
            time.sleep(0.02)
        assert alice.post("cancel", trans_id=trans_id)["data"]["status"] == "process"
        worker.join(timeout=60)
        assert len(percents) >= 3
        assert max(percents) < 100
        data = alice.post("progress", trans_id=trans_id)["data"]
        assert (data["status"], data["msg"]) == ("fatal", "The job was cancelled.")
        assert alice.post("download", trans_id=trans_id)["code"] == 10014
        assert alice.account.used == 0


@pytest.mark.django_db
class TestRunMonitor:
    @pytest.fixture
    def transform(self, alice: Caller) -> Transform:
        alice.create_transform()
        return Transform.objects.get()

    def test_it_writes_the_percentage_but_not_at_every_tile(self, transform: Transform, settings: Settings) -> None:
        settings.ENGINE_PROGRESS_SECONDS = 60
        monitor = RunMonitor(claim_transform(transform), lost=lambda: False)
        monitor(0.25)
        monitor(0.5)
        transform.refresh_from_db()
        assert transform.percent == 25

    def test_it_stops_when_the_lease_is_lost(self, transform: Transform) -> None:
        with pytest.raises(LeaseLost):
            RunMonitor(claim_transform(transform), lost=lambda: True)(0.5)
        Transform.objects.update(lease_token=None, lease_until=None)
        lease = claim_transform(transform)
        Transform.objects.update(lease_token=None)
        with pytest.raises(LeaseLost):
            RunMonitor(lease, lost=lambda: False)(0.5)

    def test_it_stops_when_the_job_was_cancelled(self, transform: Transform) -> None:
        Transform.objects.update(cancel_requested=True)
        with pytest.raises(RunStopped) as stop:
            RunMonitor(claim_transform(transform), lost=lambda: False)(0.5)
        assert stop.value.state == State.CANCELLED

    @pytest.mark.django_db(transaction=True)
    def test_it_survives_a_broken_connection(self, transform: Transform, settings: Settings) -> None:
        settings.ENGINE_PROGRESS_SECONDS = 0
        monitor = RunMonitor(claim_transform(transform), lost=lambda: False)
        connection.ensure_connection()
        connection.connection.close()
        monitor(0.25)
        monitor(0.5)
        transform.refresh_from_db()
        assert transform.percent == 50

    def test_it_stops_when_the_run_takes_too_long(self, transform: Transform, settings: Settings) -> None:
        settings.ENGINE_MAX_RUN_SECONDS = 0
        monitor = RunMonitor(claim_transform(transform), lost=lambda: False)
        time.sleep(0.01)
        with pytest.raises(RunStopped, match="too long") as stop:
            monitor(0.5)
        assert stop.value.state == State.FAILED


def test_a_worker_that_lost_its_lease_leaves_the_row_and_no_file(
    alice: Caller, work: Work, timed_operations: None, engine_files: Path
) -> None:
    """Another worker takes the row over: the first one's file is removed, the second one's row is kept."""
    alice.create_transform(build_noisy_picture(1200, 900))
    transform = Transform.objects.get()

    def run() -> None:
        try:
            execute_next_transform()
        finally:
            connections.close_all()

    worker = threading.Thread(target=run)
    worker.start()
    while not Transform.objects.filter(percent__gt=0).exists() and worker.is_alive():
        time.sleep(0.02)
    Transform.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    second = claim_transform(transform)
    worker.join(timeout=60)
    transform.refresh_from_db()
    assert (transform.state, transform.lease_token, transform.attempts) == (State.RUNNING, second.token, 2)
    assert not (engine_files / "results").exists()


@pytest.fixture
def stop() -> Iterator[Event]:
    """The event that tells the work of this process to stop."""
    yield stopping
    stopping.clear()


def test_a_process_that_has_to_stop_gives_the_row_back(
    alice: Caller, transactional_db: None, settings: Settings, stop: Event, timed_operations: None
) -> None:
    settings.ENGINE_PROGRESS_SECONDS = 0
    trans_id = alice.create_transform(build_noisy_picture(1200, 900))

    def stop_when_it_runs() -> None:
        try:
            while not Transform.objects.filter(percent__gt=0).exists():
                time.sleep(0.02)
            stop.set()
        finally:
            connections.close_all()

    watcher = threading.Thread(target=stop_when_it_runs)
    watcher.start()
    assert execute_next_transform()
    watcher.join()
    transform = Transform.objects.get()
    assert (transform.state, transform.lease_token, transform.attempts) == (State.QUEUED, None, 0)
    data = alice.post("progress", trans_id=trans_id)["data"]
    assert (data["status"], "seconds" in data) == ("waiting", False)


@pytest.mark.django_db
def test_a_run_ends_at_its_next_tile_when_the_process_has_to_stop(alice: Caller, stop: Event) -> None:
    alice.create_transform()
    monitor = RunMonitor(claim_transform(Transform.objects.get()), lost=lambda: False)
    stop.set()
    with pytest.raises(ProcessStopping):
        monitor(0.5)
