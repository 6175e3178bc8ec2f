"""`/transform`, `/progress`, `/cancel` and `/download`. Other tests check the resulting pictures."""

import json
import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from tests.engine.conftest import DENOISE, Caller, picture
from vanceweb import __version__
from vanceweb.engine.models import LedgerEntry, Transform, Upload

Make = Callable[..., Transform]


def build_jconfig(module: str, **config: Any) -> str:
    return json.dumps({"name": module, "config": {"module": module, **config}})


def build_enlarge_jconfig(scale: int) -> str:
    return build_jconfig("enlarge3", module_params={"scale": scale})


class TestTransform:
    def test_a_job_that_no_worker_runs_is_busy_after_the_waiting_time(self, alice: Caller, settings: Settings) -> None:
        settings.ENGINE_PATIENCE = 0.3
        start = time.monotonic()
        data = alice.post("transform", uid=alice.create_upload(), jconfig=DENOISE)["data"]
        assert 0.3 <= time.monotonic() - start < 3
        assert re.fullmatch("[0-9a-f]{32}", data["trans_id"])
        assert data["status"] == "busy"
        assert DBTaskResult.objects.get().queue_name == "engine"

    @pytest.mark.parametrize("wait", ["0", "0.2", 0])
    def test_a_caller_can_shorten_the_waiting_time(self, wait: object, alice: Caller) -> None:
        start = time.monotonic()
        alice.post("transform", uid=alice.create_upload(), jconfig=DENOISE, wait=wait)
        assert time.monotonic() - start < 5

    @pytest.mark.parametrize("wait", ["-1", "x", "nan", "inf"])
    def test_a_bad_wait_is_named(self, wait: str, alice: Caller) -> None:
        answer = alice.post("transform", uid=alice.create_upload(), jconfig=DENOISE, wait=wait)
        assert answer["code"] == 10001
        assert "wait" in answer["msg"]

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(("state", "status"), [("finished", "finish"), ("failed", "fatal")])
    def test_it_waits_for_the_end(self, state: str, status: str, alice: Caller) -> None:
        def end_it() -> None:
            try:
                while not Transform.objects.filter(state="queued").update(state=state):
                    time.sleep(0.05)
            finally:
                connections.close_all()

        worker = threading.Thread(target=end_it)
        worker.start()
        data = alice.post("transform", uid=alice.create_upload(), jconfig=DENOISE)["data"]
        worker.join()
        assert data["status"] == status

    @pytest.mark.django_db(transaction=True)
    def test_requests_beyond_the_limit_do_not_wait(self, alice: Caller, settings: Settings) -> None:
        settings.ENGINE_PATIENCE = 3
        uid = alice.create_upload()

        def submit() -> None:
            try:
                alice.post("transform", uid=uid, jconfig=DENOISE)
            finally:
                connections.close_all()

        waiting = [threading.Thread(target=submit) for _ in range(settings.ENGINE_MAX_WAITING)]
        for thread in waiting:
            thread.start()
        while Transform.objects.count() < len(waiting):
            time.sleep(0.02)
        time.sleep(0.1)
        start = time.monotonic()
        data = alice.post("transform", uid=uid, jconfig=DENOISE)["data"]
        elapsed = time.monotonic() - start
        for thread in waiting:
            thread.join()
        assert data["status"] == "busy"
        assert elapsed < 1.5

    def test_a_running_job_is_in_process(self, alice: Caller) -> None:
        trans_id = alice.create_transform()
        Transform.objects.update(state="running", percent=41.666)
        data = alice.post("progress", trans_id=trans_id)["data"]
        assert data == {"status": "process", "percent": 41.7, "version": f"vanceweb {__version__}"}

    def test_the_seconds_of_the_work_are_told_from_its_start_on(self, alice: Caller) -> None:
        trans_id = alice.create_transform()
        assert "seconds" not in alice.post("progress", trans_id=trans_id)["data"]
        start = timezone.now() - timedelta(seconds=60)
        Transform.objects.update(state="running", started_at=start)
        assert alice.post("progress", trans_id=trans_id)["data"]["seconds"] >= 60
        Transform.objects.update(state="failed", finished_at=start + timedelta(seconds=3.3))
        assert alice.post("progress", trans_id=trans_id)["data"]["seconds"] == 3.3

    def test_a_webhook_is_answered_at_once(self, alice: Caller, settings: Settings) -> None:
        settings.ENGINE_WEBHOOK_ALLOWED_HOSTS = ["localhost"]
        data = alice.post("transform", uid=alice.create_upload(), jconfig=DENOISE, webhook="http://localhost:9/hook")[
            "data"
        ]
        assert data["status"] == "webhook"
        assert Transform.objects.get(trans_id=data["trans_id"]).webhook == "http://localhost:9/hook"

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1/", "http://localhost/", "ftp://example.com/", "nothing", "http://[::1]:80/"]
    )
    def test_a_webhook_that_is_not_public_is_refused(self, url: str, alice: Caller) -> None:
        answer = alice.post("transform", uid=alice.create_upload(), jconfig=DENOISE, webhook=url)
        assert answer["code"] == 10001
        assert "webhook" in answer["msg"]
        assert not Transform.objects.exists()

    @pytest.mark.parametrize(
        ("text", "code", "said"),
        [
            ("{", 10013, ""),
            ("[]", 10013, ""),
            ('"text"', 10013, ""),
            (build_jconfig("nothing"), 10001, "denoise"),
            (build_enlarge_jconfig(3), 10001, "scale"),
            (build_jconfig("denoise", module_params={"remove_noise": 101}), 10001, "remove_noise"),
            (build_jconfig("img2anime", module_params={"model_name": "style7"}), 10001, "us_comic_boy"),
            (build_jconfig("real_esrgan", module_params={"scale": "16x"}), 10001, "scale"),
        ],
    )
    def test_invalid_jobs_are_refused_before_they_start(self, text: str, code: int, said: str, alice: Caller) -> None:
        answer = alice.post("transform", uid=alice.create_upload(), jconfig=text)
        assert answer["code"] == code
        assert said in json.dumps(answer["msg"])
        assert not Transform.objects.exists()
        assert not DBTaskResult.objects.exists()

    def test_guides_must_be_the_accounts_own_pictures(self, alice: Caller, bob: Caller) -> None:
        for uid, refused in ((alice.create_upload(), False), (bob.create_upload(), True), ("0" * 32, True)):
            step = {"name": "img2anime", "config": {"module": "img2anime", "module_params": {"model_name": "style1"}},
                    "cn_configs": [{"image_uid": uid, "cn_name": "cartoon_tile"}]}  # fmt: skip
            answer = alice.post("transform", uid=alice.create_upload(), jconfig=json.dumps(step), wait="0")
            assert (answer["code"] == 10011) == refused
            assert not refused or uid in answer["msg"]

    def test_a_result_beyond_the_limit_is_refused_with_the_numbers(self, alice: Caller) -> None:
        upload = Upload.objects.create(
            account=alice.account, name="big.png", format="PNG", width=7680, height=4320, filesize=1
        )
        answer = alice.post("transform", uid=upload.uid, jconfig=build_enlarge_jconfig(4))
        assert answer["code"] == 10012
        assert "30720 x 17280" in answer["msg"]
        assert "200.0 megapixels" in answer["msg"]
        assert "can't be enlarged 4x, only 2x" in answer["msg"]

    @pytest.mark.parametrize(("format", "wanted", "code"), [
        ("JPEG", None, 10012), ("JPEG", "png", 200), ("PNG", None, 200), ("PNG", "jpg", 10012),
    ])  # fmt: skip
    def test_a_jpg_with_too_long_a_side_is_refused_before_it_is_queued(
        self, alice: Caller, format: str, wanted: str | None, code: int
    ) -> None:
        """A JPG holds at most 65,500 px a side, a PNG more."""
        upload = Upload.objects.create(
            account=alice.account, name="long.png", format=format, width=8200, height=300, filesize=1
        )
        jconfig = json.loads(build_enlarge_jconfig(8))
        jconfig["config"]["out_params"] = {"format": wanted} if wanted else {}
        answer = alice.post("transform", uid=upload.uid, jconfig=json.dumps(jconfig), wait="0")
        assert answer["code"] == code
        assert code == 200 or "65,500 px a side" in answer["msg"]


class TestCancel:
    def test_a_waiting_job_ends_at_once_and_is_never_run(self, alice: Caller, work: Callable[[], None]) -> None:
        trans_id = alice.create_transform()
        assert alice.post("cancel", trans_id=trans_id)["data"] == {"status": "fatal"}
        work()
        data = alice.post("progress", trans_id=trans_id)["data"]
        assert (data["status"], data["msg"]) == ("fatal", "The job was cancelled.")
        assert Transform.objects.get().attempts == 0

    def test_cancellation_of_a_running_job_is_requested(self, alice: Caller) -> None:
        trans_id = alice.create_transform()
        Transform.objects.update(state="running")
        assert alice.post("cancel", trans_id=trans_id)["data"] == {"status": "process"}
        assert Transform.objects.get().cancel_requested

    def test_a_finished_job_stays_finished(self, alice: Caller, finished: Make) -> None:
        trans_id = finished(alice.account).trans_id
        assert alice.post("cancel", trans_id=trans_id)["data"] == {"status": "finish"}
        assert not Transform.objects.get().cancel_requested


class TestDownload:
    def test_the_bytes_come_with_type_length_and_name(self, alice: Caller, finished: Make) -> None:
        answer = self.get(alice, finished(alice.account, content=b"x" * 1_000_000))
        assert b"".join(answer.streaming_content) == b"x" * 1_000_000
        assert answer["Content-Type"] == "image/png"
        assert answer["Content-Length"] == "1000000"
        assert answer["Content-Disposition"] == 'attachment; filename="photo-denoise.png"'

    def test_a_page_in_the_bytes_is_saved_and_runs_nowhere(self, alice: Caller, finished: Make) -> None:
        answer = self.get(alice, finished(alice.account, content=b"<html><script>alert(1)</script>"))
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none';")

    def test_post_works_as_well(self, alice: Caller, finished: Make) -> None:
        trans_id = finished(alice.account).trans_id
        answer = alice.http.post("/web_api/v1/download", {"api_token": alice.token, "trans_id": trans_id})
        assert answer.getvalue() == b"the result"

    def test_the_first_is_charged_and_the_second_is_free(self, alice: Caller, finished: Make) -> None:
        transform = finished(alice.account)
        for _ in range(3):
            assert self.get(alice, transform).getvalue() == b"the result"
        assert alice.account.used == 1
        assert LedgerEntry.objects.charges().count() == 1

    def test_a_result_is_kept_if_there_are_too_few_credits(self, alice: Caller, finished: Make) -> None:
        transform = finished(alice.account, cost=11)
        assert self.get(alice, transform).json() == {"code": 30004, "msg": "Insufficient credits."}
        alice.account.refresh_from_db()
        Transform.objects.update(cost=10)
        assert self.get(alice, transform).getvalue() == b"the result"

    def test_upload_transform_progress_and_cancel_are_free(self, alice: Caller) -> None:
        trans_id = alice.create_transform()
        alice.post("progress", trans_id=trans_id)
        alice.post("cancel", trans_id=trans_id)
        assert alice.post("download", trans_id=trans_id)["code"] == 10014
        assert alice.account.used == 0

    def test_a_job_that_has_not_ended_has_no_file(self, alice: Caller) -> None:
        assert alice.post("download", trans_id=alice.create_transform())["code"] == 10011

    def test_a_failed_job_says_why(self, alice: Caller) -> None:
        trans_id = alice.create_transform()
        Transform.objects.update(state="failed", message="The network is missing.")
        assert alice.post("download", trans_id=trans_id) == {"code": 10014, "msg": "The network is missing."}

    def test_a_removed_file_is_not_charged(self, alice: Caller, finished: Make, engine_files: Path) -> None:
        transform = finished(alice.account)
        (engine_files / transform.get_result_path(1)).unlink()
        assert self.get(alice, transform).json()["code"] == 10011
        assert alice.account.used == 0

    def test_head_is_not_a_download(self, alice: Caller, finished: Make) -> None:
        transform = finished(alice.account)
        alice.http.head("/web_api/v1/download", {"api_token": alice.token, "trans_id": transform.trans_id})
        assert alice.account.used == 0

    @staticmethod
    def get(caller: Caller, transform: Transform) -> Any:
        return caller.http.get("/web_api/v1/download", {"api_token": caller.token, "trans_id": transform.trans_id})


class TestProgress:
    def test_a_finished_job_has_its_size_as_a_string(self, alice: Caller, finished: Make) -> None:
        transform = finished(alice.account)
        Transform.objects.update(percent=100, backend="SRMD")
        data = alice.post("progress", trans_id=transform.trans_id)["data"]
        assert data == {
            "status": "finish",
            "filesize": "10",
            "percent": 100,
            "backend": "SRMD",
            "version": f"vanceweb {__version__}",
        }

    @pytest.mark.parametrize("trans_id", ["0" * 32, "x", "' OR 1=1", "ü" * 40])
    def test_an_unknown_id_is_not_found(self, trans_id: str, alice: Caller) -> None:
        assert alice.post("progress", trans_id=trans_id)["code"] == 10011


def test_a_transparent_small_picture_can_be_uploaded_and_submitted(alice: Caller) -> None:
    assert alice.create_transform(picture(1, 1, mode="RGBA"))
