"""Each call's request and its parsed response."""

import io
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.client.conftest import TOKEN, TRANS_ID, UID
from tests.client.fake_service import FakeService, reply_success
from vanceweb.client import (
    Balance,
    HistoryPage,
    HistoryRow,
    JobProgress,
    StartedJob,
    Status,
    UploadedImage,
    VanceClient,
)

UPLOADED = {
    "uid": UID,
    "name": "cat.png",
    "thumbnail": "https://example.org/t.jpg",
    "w": 1200,
    "h": 1199,
    "filesize": 3618416,
}
ROW = {
    "point_type": "download",
    "job": "denoise",
    "info": "denoise_SwJes_0.jpg.jpg",
    "point": "1.000",
    "balance": "392.200",
    "created_at": "2021-12-14 04:36:18",
}
PAGE = {"datas": [ROW, ROW], "current_page": 1, "last_page": 5, "per_page": 20, "total": 100}


def test_upload_sends_the_file_with_a_length(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_success(UPLOADED))
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400
    answer = client.upload(io.BytesIO(picture), name="cät.png", purpose="compress")

    assert answer == UploadedImage(UID, "cat.png", "https://example.org/t.jpg", 1200, 1199, 3618416)
    (seen,) = service.requests
    assert (seen.method, seen.path, seen.query) == ("POST", "/upload", {})
    assert int(seen.headers["content-length"]) == len(seen.body)
    assert "transfer-encoding" not in seen.headers
    assert picture in seen.body
    assert 'name="file"; filename="cät.png"\r\nContent-Type: image/png'.encode() in seen.body
    assert f'name="api_token"\r\n\r\n{TOKEN}\r\n'.encode() in seen.body
    assert b'name="job"\r\n\r\ncompress\r\n' in seen.body


def test_upload_starts_at_the_beginning_of_the_file(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_success(UPLOADED))
    file = io.BytesIO(b"\xff\xd8\xff" + b"jpeg" * 10)
    file.seek(20)
    client.upload(file, name="")
    assert b'filename="image"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xffjpeg' in service.requests[0].body


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("", "image"),
        ("..", "image"),
        ("/me/cat.png", "cat.png"),
        ("C:\\me\\cat.png", "cat.png"),
        ("a\nb", "ab"),
    ],
)
def test_upload_sends_a_bare_file_name(client: VanceClient, service: FakeService, name: str, sent: str) -> None:
    service.set_replies(reply_success(UPLOADED))
    client.upload(io.BytesIO(b"\xff\xd8\xff"), name=name)
    assert f'filename="{sent}"'.encode() in service.requests[0].body


def test_upload_reads_the_file_in_chunks(client: VanceClient, service: FakeService, tmp_path: Path) -> None:
    class Counting(io.FileIO):
        largest = 0

        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert size >= 0, "the whole file was read at once"
            self.largest = max(self.largest, size)
            return super().read(size)

    service.set_replies(reply_success(UPLOADED))
    (tmp_path / "big.png").write_bytes(bytes(3_000_000))
    with Counting(tmp_path / "big.png") as file:
        client.upload(file, name="big.png")
        assert 0 < file.largest <= 65536
    assert len(service.requests[0].body) > 3_000_000


@pytest.mark.parametrize("status", ["finish", "waiting", "process", "busy", "fatal", "webhook"])
def test_transform_returns_every_status(client: VanceClient, service: FakeService, status: str) -> None:
    service.set_replies(reply_success({"trans_id": TRANS_ID, "status": status}))
    assert client.transform(UID, '{"name": "denoise"}') == StartedJob(TRANS_ID, Status(status))
    (seen,) = service.requests
    assert (seen.method, seen.path, seen.query) == ("POST", "/transform", {})
    assert seen.form == {"api_token": TOKEN, "uid": UID, "jconfig": '{"name": "denoise"}'}


def test_transform_sends_webhook_and_wait_only_when_given(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_success({"trans_id": TRANS_ID, "status": "busy"}))
    client.transform(UID, "{}", webhook="https://example.org/hook?secret=1", wait=0)
    client.transform(UID, "{}", wait=2.5)
    assert service.requests[0].form["webhook"] == "https://example.org/hook?secret=1"
    assert service.requests[0].form["wait"] == "0"
    assert service.requests[1].form["wait"] == "2.5"
    assert "webhook" not in service.requests[1].form


def test_progress_of_a_finished_job_has_its_size_as_a_number(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_success({"status": "finish", "filesize": "16794935"}))
    assert client.get_progress(TRANS_ID) == JobProgress(Status.FINISH, filesize=16794935)
    (seen,) = service.requests
    assert (seen.method, seen.path, seen.query) == ("POST", "/progress", {})
    assert seen.form == {"api_token": TOKEN, "trans_id": TRANS_ID}


def test_progress_reads_the_engines_extensions(client: VanceClient, service: FakeService) -> None:
    service.set_replies(
        reply_success({"status": "process", "percent": 37.5, "backend": "onnxruntime", "version": "vanceweb 1.2"}),
        reply_success({"status": "fatal", "msg": "The picture\ncould not be read."}),
    )
    assert client.get_progress(TRANS_ID) == JobProgress(
        Status.PROCESS, percent=37.5, backend="onnxruntime", version="vanceweb 1.2"
    )
    assert client.get_progress(TRANS_ID) == JobProgress(Status.FATAL, message="The picture could not be read.")


def test_balance_is_exact(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_success({"max_num": "500.000", "used_num": "107.800"}))
    balance = client.get_balance()
    assert balance == Balance(granted=Decimal("500.000"), used=Decimal("107.800"))
    assert balance.left == Decimal("392.200")
    (seen,) = service.requests
    assert (seen.method, seen.path, seen.query) == ("GET", "/point", {"api_token": [TOKEN]})


@pytest.mark.parametrize("number", [500.1, 500, "500.1"])
def test_numbers_of_every_json_type_are_read_exactly(client: VanceClient, service: FakeService, number: object) -> None:
    service.set_replies(reply_success({"max_num": number, "used_num": 0}))
    assert client.get_balance().granted == Decimal(str(number))


def test_history_is_a_page_of_rows(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_success(PAGE))
    row = HistoryRow(
        point_type="download",
        job="denoise",
        info="denoise_SwJes_0.jpg.jpg",
        points=Decimal("1.000"),
        balance=Decimal("392.200"),
        created_at=datetime(2021, 12, 14, 4, 36, 18),
    )
    assert client.get_history(page=3, limit=50) == HistoryPage((row, row), page=1, last_page=5, per_page=20, total=100)
    (seen,) = service.requests
    assert (seen.method, seen.path, seen.query) == ("POST", "/points/record", {})
    assert seen.form == {"api_token": TOKEN, "page": "3", "limit": "50"}


def test_history_may_be_empty(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_success({"datas": [], "current_page": 1, "last_page": 1, "per_page": 20, "total": 0}))
    assert client.get_history().rows == ()


def test_cancel_is_true_if_the_service_supports_it(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_success({"status": "fatal"}))
    assert client.cancel(TRANS_ID) is True
    assert service.requests[0].path == "/cancel"
    assert service.requests[0].form == {"api_token": TOKEN, "trans_id": TRANS_ID}


def test_connections_are_reused(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_success({"status": "process"}))
    for _ in range(5):
        client.get_progress(TRANS_ID)
    assert len(service.peers) == 1


@pytest.mark.parametrize(
    "base_url", ["", "api.example.org", "ftp://example.org", "https://", "https://h/?a=1", "https://me:pw@h/"]
)
def test_an_invalid_base_url_is_refused(make_client: Callable[..., VanceClient], base_url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        make_client(base_url=base_url)


def test_a_trailing_slash_of_the_base_url_is_ignored(
    make_client: Callable[..., VanceClient], service: FakeService
) -> None:
    service.set_replies(reply_success({"status": "process"}))
    make_client(base_url=service.base_url + "/").get_progress(TRANS_ID)
    assert service.requests[0].path == "/progress"
