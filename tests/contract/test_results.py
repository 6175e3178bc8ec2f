"""/progress and /download of finished and failed jobs, and the costs of results."""

import io
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from PIL import Image

from tests.contract.conftest import Account
from tests.contract.jconfigs import (
    ENLARGE,
    LARGE,
    LONG,
    MATTING,
    QUICK,
    as_json,
    build_denoise,
    build_step,
    build_workflow,
)
from tests.contract.pictures import make_photo
from tests.contract.service import WAYS, Service
from vanceweb.client import InsufficientCredits, InvalidToken, JobFailed, NotFound, Status

UNKNOWN = "0123456789abcdef" * 2
NO_CHANGE_PARAMS = {"auto_params": False, "remove_noise": 0, "sharpen": 0}
NO_CHANGE = build_denoise(**NO_CHANGE_PARAMS)


@pytest.mark.parametrize("way", WAYS)
def test_the_progress_of_a_finished_job_has_its_size_as_a_string(service: Service, token: str, way: str) -> None:
    fields = {"api_token": token, "trans_id": service.finish_job(token)}
    data = service.fetch_data("/progress", fields, way)
    assert data["status"] == "finish"
    assert isinstance(data["filesize"], str)
    assert int(data["filesize"]) == len(service.send("/download", fields).content)


@pytest.mark.parametrize("way", WAYS)
def test_every_encoding_downloads_the_picture(service: Service, token: str, way: str) -> None:
    response = service.send(
        "/download", {"api_token": token, "trans_id": service.finish_job(token, picture=make_photo(96, 80))}, way
    )
    assert response.headers["Content-Type"] == "image/png"
    assert int(response.headers["Content-Length"]) == len(response.content)
    picture = Image.open(io.BytesIO(response.content))
    picture.load()
    assert (picture.format, picture.size) == ("PNG", (96, 80))


@pytest.mark.parametrize(
    ("out", "source", "format", "kind"),
    [
        ({"format": "jpg", "dpi": 300, "compress": {"quality": 90}}, "PNG", "JPEG", "image/jpeg"),
        ({"format": "png"}, "JPEG", "PNG", "image/png"),
        ({}, "JPEG", "JPEG", "image/jpeg"),
    ],
)
def test_the_result_has_the_requested_format(
    service: Service, token: str, out: Any, source: str, format: str, kind: str
) -> None:
    jconfig = as_json(build_step("denoise", "denoise", "DenoiseStable", out, **NO_CHANGE_PARAMS))
    trans_id = service.finish_job(token, jconfig, make_photo(kind=source))
    response = service.send("/download", {"api_token": token, "trans_id": trans_id})
    picture = Image.open(io.BytesIO(response.content))
    assert picture.format == format
    assert response.headers["Content-Type"] == kind
    if "dpi" in out:
        assert tuple(round(value) for value in picture.info["dpi"]) == (300, 300)


@pytest.mark.parametrize("service", ["http"], indirect=True)
def test_a_cutout_is_a_png_with_alpha(service: Service, token: str) -> None:
    target = io.BytesIO()
    client = service.build_client(token)
    assert client.download(service.finish_job(token, MATTING, make_photo(kind="JPEG")), target).format == "png"
    assert Image.open(target).mode == "RGBA"


@pytest.mark.parametrize("path", ["/progress", "/download", "/cancel"])
def test_another_accounts_job_is_reported_like_an_unknown_one(
    service: Service, token: str, make_account: Account, path: str
) -> None:
    theirs = service.finish_job(make_account())
    answers = [service.fetch_json(path, {"api_token": token, "trans_id": trans_id}) for trans_id in (theirs, UNKNOWN)]
    assert answers[0] == answers[1]
    assert answers[0]["code"] == 10011


def test_only_the_first_download_of_a_result_is_charged(service: Service, token: str) -> None:
    client = service.build_client(token)
    trans_id = service.finish_job(token)
    assert client.get_balance().used == 0, "upload, transform and progress are free"
    first, second = io.BytesIO(), io.BytesIO()
    client.download(trans_id, first)
    assert client.get_balance().used == 1
    client.download(trans_id, second)
    assert client.get_balance().used == 1
    assert first.getvalue() == second.getvalue()


@pytest.mark.parametrize(
    ("jconfig", "cost"),
    [
        (QUICK, 1),
        (as_json(build_workflow(NO_CHANGE, NO_CHANGE)), 2),
        (as_json(build_workflow(NO_CHANGE, NO_CHANGE, NO_CHANGE)), 3),
    ],
    ids=["one step", "two steps", "three steps"],
)
def test_a_workflow_costs_the_sum_of_its_steps(service: Service, token: str, jconfig: str, cost: int) -> None:
    client = service.build_client(token)
    client.download(service.finish_job(token, jconfig), io.BytesIO())
    assert client.get_balance().used == cost
    assert client.get_history().rows[0].points == cost


def test_a_result_can_be_downloaded_once_there_are_enough_credits(service: Service, make_account: Account) -> None:
    token = make_account(credits="1.5")
    client = service.build_client(token)
    trans_id = service.finish_job(token, as_json(build_workflow(NO_CHANGE, NO_CHANGE)))
    code, _ = service.fetch_error("/download", {"api_token": token, "trans_id": trans_id})
    assert code == 30004
    target = io.BytesIO()
    with pytest.raises(InsufficientCredits):
        client.download(trans_id, target)
    assert target.getvalue() == b""
    assert client.get_balance().left == Decimal("1.5")
    assert client.get_history().rows == ()
    call_command("grant_engine_credits", token, "1", stdout=io.StringIO())
    assert client.download(trans_id, target).filesize == len(target.getvalue()) > 0
    assert client.get_balance().left == Decimal("0.5")
    assert client.get_balance().granted == Decimal("2.5")


def test_an_account_without_credits_can_download_a_paid_result_again(service: Service, make_account: Account) -> None:
    token = make_account(credits="1")
    client = service.build_client(token)
    trans_id = service.finish_job(token)
    client.download(trans_id, io.BytesIO())
    assert client.get_balance().left == 0
    assert client.download(trans_id, io.BytesIO()).filesize > 0


def test_a_job_that_failed_is_10014_and_free(service: Service, token: str, settings: Any) -> None:
    """The upload's file is lost between upload and transform."""
    uid = service.upload(token)
    lost = [path for path in Path(settings.DATA_DIR, "engine").rglob("*") if uid in str(path) and path.is_file()]
    assert lost, "the upload is stored under its id"
    for path in lost:
        path.unlink()
    fields = {"api_token": token, "uid": uid, "jconfig": QUICK}
    answer = service.fetch_json("/transform", fields)
    if answer["code"] == 200:
        trans_id = answer["data"]["trans_id"]
        ended = service.wait_for_end(token, trans_id)
        assert ended["status"] == "fatal"
        assert ended["msg"]
        assert service.fetch_error("/download", {"api_token": token, "trans_id": trans_id})[0] == 10014
        with pytest.raises(JobFailed):
            service.build_client(token).download(trans_id, io.BytesIO())
    else:
        assert answer["code"] == 10011
    assert service.build_client(token).get_balance().used == 0


def test_a_cancelled_job_is_fatal_and_free(service: Service, token: str) -> None:
    client = service.build_client(token)
    started = client.transform(service.upload(token, make_photo(*LARGE)), LONG, wait=0)
    assert client.cancel(started.trans_id) is True
    assert service.wait_for_end(token, started.trans_id)["status"] == "fatal"
    assert client.get_progress(started.trans_id).status is Status.FATAL
    with pytest.raises((JobFailed, NotFound)):
        client.download(started.trans_id, io.BytesIO())
    assert client.get_balance().used == 0


def test_cancelling_a_finished_job_leaves_its_result(service: Service, token: str) -> None:
    client = service.build_client(token)
    trans_id = service.finish_job(token)
    assert client.cancel(trans_id) is True
    assert client.get_progress(trans_id).status is Status.FINISH
    assert client.download(trans_id, io.BytesIO()).filesize > 0


def test_the_client_distinguishes_the_errors(service: Service, token: str) -> None:
    with pytest.raises(NotFound):
        service.build_client(token).get_progress(UNKNOWN)
    with pytest.raises(NotFound):
        service.build_client(token).download(UNKNOWN, io.BytesIO())
    with pytest.raises(NotFound):
        service.build_client(token).cancel(UNKNOWN)
    with pytest.raises(InvalidToken):
        service.build_client("nobody-has-this-token").get_balance()


def test_a_job_from_upload_to_download_with_the_client(service: Service, token: str) -> None:
    client = service.build_client(token)
    uploaded = client.upload(io.BytesIO(make_photo()), name="cat.png")
    assert (uploaded.width, uploaded.height, uploaded.filesize) == (48, 40, uploaded.filesize)
    started = client.transform(uploaded.uid, ENLARGE)
    service.wait_for_end(token, started.trans_id)
    progress = client.get_progress(started.trans_id)
    target = io.BytesIO()
    downloaded = client.download(started.trans_id, target)
    assert progress.status is Status.FINISH
    assert progress.filesize == downloaded.filesize == len(target.getvalue())
    assert downloaded.format == "png"
    assert downloaded.name.endswith(".png")
    assert Image.open(target).size == (96, 80)
    balance = client.get_balance()
    assert (balance.granted, balance.used, balance.left) == (10, 1, 9)
    (row,) = client.get_history().rows
    assert (row.job, row.point_type, row.points, row.balance) == ("enlarge3", "download", 1, 9)
    assert re.fullmatch(r"\S+\.png", row.info.replace(" ", "_"))
