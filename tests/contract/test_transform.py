"""/transform: accepted and refused configurations, and the time of the response."""

import json
import re
import time
from typing import Any

import pytest

from tests.contract.conftest import Account
from tests.contract.installation import TRANSFORM_WAIT_SECONDS
from tests.contract.jconfigs import (
    ENLARGE,
    LARGE,
    LONG,
    QUICK,
    build_denoise,
    build_enlarge,
    build_step,
    build_workflow,
)
from tests.contract.pictures import make_blank_png, make_photo
from tests.contract.service import ENCODINGS, Service
from vanceweb.client import (
    IllegalParameter,
    JConfigRejected,
    LimitExceeded,
    NotFound,
    Status,
)

UNKNOWN = "0123456789abcdef" * 2
FINISHED = ("finish", "process", "busy", "waiting")


def start(service: Service, token: str, jconfig: Any, way: str = "urlencoded", **fields: Any) -> Any:
    uid = service.upload(token)
    return service.fetch_data("/transform", {"api_token": token, "uid": uid, "jconfig": jconfig, **fields}, way)


def refuse(service: Service, token: str, jconfig: Any, way: str = "urlencoded", **fields: Any) -> tuple[int, str]:
    known = {"api_token": token, "uid": fields.pop("uid", None) or service.upload(token), "jconfig": jconfig}
    return service.fetch_error("/transform", known | fields, way)


@pytest.mark.parametrize("way", ENCODINGS)
def test_every_encoding_starts_a_job_and_waits_for_it(service: Service, token: str, way: str) -> None:
    data = start(service, token, QUICK, way)
    assert re.fullmatch(r"[0-9a-f]{32}", data["trans_id"])
    assert data["status"] in FINISHED
    assert service.wait_for_end(token, data["trans_id"])["status"] == "finish"


def test_a_job_that_ends_within_the_wait_is_reported_as_finished(service: Service, token: str) -> None:
    service.finish_job(token)
    assert start(service, token, QUICK)["status"] == "finish"


def test_a_jconfig_may_be_an_object_in_json(service: Service, token: str) -> None:
    data = start(service, token, build_denoise(auto_params=False, remove_noise=10, sharpen=0), "json")
    assert service.wait_for_end(token, data["trans_id"])["status"] == "finish"


def test_every_job_has_an_id_of_its_own(service: Service, token: str) -> None:
    uid = service.upload(token)
    fields = {"api_token": token, "uid": uid, "jconfig": QUICK, "wait": 0}
    assert service.fetch_data("/transform", fields)["trans_id"] != service.fetch_data("/transform", fields)["trans_id"]


@pytest.mark.parametrize(
    "jconfig",
    [
        {"job": "denoise", "config": build_denoise()["config"]},
        build_workflow(build_denoise()),
        build_workflow(build_denoise(), build_enlarge()),
        build_workflow(build_denoise(), build_denoise(), spelling="job", title="workflow"),
        build_workflow(build_denoise(), build_step("matting", "matting", "MattingStable")),
        build_step("denoise", "denoise", "DenoiseStable", {"dpi": 300, "format": "jpg", "compress": {"quality": 60}}),
        build_step("denoise", "denoise", "DenoiseStable", {}),
        build_denoise(something_new=5),
        build_enlarge(suppress_noise=0, remove_blur=100),
    ],
    ids=["job", "one step", "two steps", "older", "ends in matting", "output", "no output", "unknown key", "extremes"],
)
def test_documented_configurations_are_accepted(service: Service, token: str, jconfig: Any) -> None:
    data = start(service, token, json.dumps(jconfig), wait=0)
    assert data["status"] in FINISHED
    assert service.build_client(token).cancel(data["trans_id"])


@pytest.mark.parametrize(
    "jconfig", ["", "{", "denoise", "5", "null", "[]", '"text"', "{}", '{"name": "denoise"}', "\x00", "[" * 20_000]
)
def test_an_unreadable_configuration_is_10013(service: Service, token: str, jconfig: str) -> None:
    assert refuse(service, token, jconfig)[0] in ((10013, 10001) if jconfig in ("", "\x00") else (10013,))


def test_a_missing_field_is_an_illegal_parameter(service: Service, token: str) -> None:
    uid = service.upload(token)
    code, message = service.fetch_error("/transform", {"api_token": token, "uid": uid})
    assert code == 10001
    assert "jconfig" in message
    code, message = service.fetch_error("/transform", {"api_token": token, "jconfig": QUICK})
    assert code == 10001
    assert "uid" in message


@pytest.mark.parametrize(
    ("jconfig", "named"),
    [
        (build_enlarge(suppress_noise=101), ("suppress_noise", "101", "100")),
        (build_enlarge(remove_blur=-1), ("remove_blur", "-1", "0")),
        (build_enlarge(suppress_noise="40"), ("suppress_noise",)),
        (build_enlarge("2x"), ("scale", "2x")),
        (build_enlarge(3), ("scale", "3")),
        (build_step("enlarge3", "enlarge3", "EnlargeStandard_2x_Stable", scale=4), ("scale", "4")),
        (build_step("enlarge3", "enlarge3", "EnlargeStandard_4x_Stable", scale=2), ("scale", "2")),
        (build_denoise(auto_params="true"), ("auto_params",)),
        (build_denoise(auto_params=False, sharpen=100.5), ("sharpen", "100.5")),
        (build_step("denoise", "denoise", "DenoiseStable", {"dpi": 2001}), ("dpi", "2001", "2000")),
        (build_step("denoise", "denoise", "DenoiseStable", {"format": "gif"}), ("format", "gif")),
        (build_step("denoise", "denoise", "DenoiseStable", {"compress": {"quality": 101}}), ("quality", "101", "100")),
        (build_workflow(build_enlarge(), build_denoise()), ("enlarge3",)),
        (build_workflow(build_step("matting", "matting", "MattingStable"), build_denoise()), ("matting",)),
        (build_workflow(build_step("denoise", "denoise", "DenoiseStable", {"dpi": 72}), build_denoise()), ()),
        (build_step("x", "no_such_module", "X"), ("no_such_module", "enlarge3", "denoise", "matting")),
    ],
)
def test_a_value_out_of_range_is_named_with_its_range(
    service: Service, token: str, jconfig: Any, named: tuple[str, ...]
) -> None:
    code, message = refuse(service, token, json.dumps(jconfig))
    assert code == 10001
    for part in named:
        assert part in message, message


@pytest.mark.parametrize(
    "jconfig",
    [
        json.dumps(build_step("dehazing", "dehazing", "DehazingStable", contrast=1, brightness=50)),
        json.dumps(build_step("sketch", "sketch", "SketchStable", single_face=False)),
        json.dumps(build_step("perfect", "perfect", "perfect_2k")),
        "\ufeff" + QUICK,
        json.dumps(build_step("chainner", "chainner", "anime_4x_animesharp", scale=2)),
    ],
)
def test_what_older_clients_send_is_done(service: Service, token: str, jconfig: str) -> None:
    data = start(service, token, jconfig)
    assert service.wait_for_end(token, data["trans_id"])["status"] == "finish"


def test_an_output_above_the_limit_is_refused_with_the_numbers(service: Service, token: str) -> None:
    uid = service.upload(token, make_blank_png(8500, 4000))
    code, message = refuse(service, token, json.dumps(build_enlarge(4)), uid=uid)
    assert code == 10012
    assert "200" in re.sub(r"\D", "", message)


def test_an_unknown_upload_is_10011(service: Service, token: str) -> None:
    assert refuse(service, token, QUICK, uid=UNKNOWN)[0] == 10011


def test_another_accounts_upload_is_reported_like_an_unknown_one(
    service: Service, token: str, make_account: Account
) -> None:
    theirs = service.upload(make_account())
    assert refuse(service, token, QUICK, uid=theirs) == refuse(service, token, QUICK, uid=UNKNOWN)


def test_after_its_wait_the_server_responds_and_continues_the_job(service: Service, token: str) -> None:
    """The first job is running when the server responds; the second is queued behind it."""
    client = service.build_client(token)
    picture = service.upload(token, make_photo(*LARGE))
    begun = time.monotonic()
    first = service.fetch_data("/transform", {"api_token": token, "uid": picture, "jconfig": LONG})
    lasted = time.monotonic() - begun
    second = client.transform(service.upload(token), ENLARGE, wait=0)
    try:
        assert first["status"] == "process"
        assert TRANSFORM_WAIT_SECONDS - 0.5 < lasted < TRANSFORM_WAIT_SECONDS + 4
        assert second.status in (Status.BUSY, Status.WAITING)
        running = client.get_progress(first["trans_id"])
        assert running.status is Status.PROCESS
        assert running.percent is None or 0 <= running.percent < 100
        assert client.get_progress(second.trans_id).status in (Status.BUSY, Status.WAITING)
        assert service.fetch_error("/download", {"api_token": token, "trans_id": second.trans_id})[0] in (10011, 10014)
    finally:
        assert client.cancel(second.trans_id)
        assert client.cancel(first["trans_id"])
    assert service.wait_for_end(token, first["trans_id"])["status"] == "fatal"
    assert service.wait_for_end(token, second.trans_id)["status"] == "fatal"
    assert client.get_balance().used == 0


@pytest.mark.parametrize("wait", [0, 0.2])
def test_a_client_may_choose_the_wait(service: Service, token: str, wait: float) -> None:
    client = service.build_client(token)
    uid = service.upload(token, make_photo(*LARGE))
    begun = time.monotonic()
    started = client.transform(uid, LONG, wait=wait)
    assert time.monotonic() - begun < TRANSFORM_WAIT_SECONDS - 1
    assert not started.status.has_ended
    assert client.cancel(started.trans_id)
    service.wait_for_end(token, started.trans_id)


@pytest.mark.parametrize("wait", ["soon", "-1", "nan", "inf"])
def test_an_invalid_wait_is_an_illegal_parameter(service: Service, token: str, wait: str) -> None:
    assert refuse(service, token, QUICK, wait=wait)[0] == 10001


def test_the_client_has_an_error_for_each_refusal(service: Service, token: str) -> None:
    client = service.build_client(token)
    uid = service.upload(token)
    with pytest.raises(NotFound):
        client.transform(UNKNOWN, QUICK)
    with pytest.raises(JConfigRejected):
        client.transform(uid, "{")
    with pytest.raises(IllegalParameter, match="suppress_noise"):
        client.transform(uid, json.dumps(build_enlarge(suppress_noise=101)))
    with pytest.raises(LimitExceeded):
        client.transform(service.upload(token, make_blank_png(8500, 4000)), json.dumps(build_enlarge(4)))
