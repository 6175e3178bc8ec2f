"""/transform: the configurations it takes, the ones it refuses and how, and when it answers."""

import json
import re
import time
from typing import Any

import pytest

from tests.contract.conftest import Account
from tests.contract.installation import PATIENCE
from tests.contract.jobs import ENLARGE, LARGE, LONG, QUICK, denoise, enlarge, step, workflow
from tests.contract.pictures import blank_png, photo
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
    return service.data("/transform", {"api_token": token, "uid": uid, "jconfig": jconfig, **fields}, way)


def refuse(service: Service, token: str, jconfig: Any, way: str = "urlencoded", **fields: Any) -> tuple[int, str]:
    known = {"api_token": token, "uid": fields.pop("uid", None) or service.upload(token), "jconfig": jconfig}
    return service.refusal("/transform", known | fields, way)


@pytest.mark.parametrize("way", ENCODINGS)
def test_every_encoding_starts_a_job_and_waits_for_it(service: Service, token: str, way: str) -> None:
    data = start(service, token, QUICK, way)
    assert re.fullmatch(r"[0-9a-f]{32}", data["trans_id"])
    assert data["status"] in FINISHED
    assert service.end_of(token, data["trans_id"])["status"] == "finish"


def test_a_result_within_the_servers_patience_is_finished_at_once(service: Service, token: str) -> None:
    service.finished(token)
    assert start(service, token, QUICK)["status"] == "finish"


def test_a_jconfig_may_be_an_object_in_json(service: Service, token: str) -> None:
    data = start(service, token, denoise(auto_params=False, remove_noise=10, sharpen=0), "json")
    assert service.end_of(token, data["trans_id"])["status"] == "finish"


def test_every_job_has_an_id_of_its_own(service: Service, token: str) -> None:
    uid = service.upload(token)
    fields = {"api_token": token, "uid": uid, "jconfig": QUICK, "wait": 0}
    assert service.data("/transform", fields)["trans_id"] != service.data("/transform", fields)["trans_id"]


@pytest.mark.parametrize(
    "jconfig",
    [
        {"job": "denoise", "config": denoise()["config"]},
        workflow(denoise()),
        workflow(denoise(), enlarge()),
        workflow(denoise(), denoise(), spelling="job", title="workflow"),
        workflow(denoise(), step("matting", "matting", "MattingStable")),
        step("denoise", "denoise", "DenoiseStable", {"dpi": 300, "format": "jpg", "compress": {"quality": 60}}),
        step("denoise", "denoise", "DenoiseStable", {}),
        denoise(something_new=5),
        enlarge(suppress_noise=0, remove_blur=100),
    ],
    ids=["job", "one step", "two steps", "older", "ends in matting", "output", "no output", "unknown key", "extremes"],
)
def test_configurations_of_the_documentation_are_taken(service: Service, token: str, jconfig: Any) -> None:
    data = start(service, token, json.dumps(jconfig), wait=0)
    assert data["status"] in FINISHED
    assert service.client(token).cancel(data["trans_id"])


@pytest.mark.parametrize(
    "jconfig", ["", "{", "denoise", "5", "null", "[]", '"text"', "{}", '{"name": "denoise"}', "\x00", "[" * 20_000]
)
def test_what_is_no_configuration_is_10013(service: Service, token: str, jconfig: str) -> None:
    assert refuse(service, token, jconfig)[0] in ((10013, 10001) if jconfig in ("", "\x00") else (10013,))


def test_a_missing_field_is_an_illegal_parameter(service: Service, token: str) -> None:
    uid = service.upload(token)
    code, message = service.refusal("/transform", {"api_token": token, "uid": uid})
    assert code == 10001
    assert "jconfig" in message
    code, message = service.refusal("/transform", {"api_token": token, "jconfig": QUICK})
    assert code == 10001
    assert "uid" in message


@pytest.mark.parametrize(
    ("jconfig", "named"),
    [
        (enlarge(suppress_noise=101), ("suppress_noise", "101", "100")),
        (enlarge(remove_blur=-1), ("remove_blur", "-1", "0")),
        (enlarge(suppress_noise="40"), ("suppress_noise",)),
        (enlarge("2x"), ("scale", "2x")),
        (enlarge(3), ("scale", "3")),
        (step("enlarge3", "enlarge3", "EnlargeStandard_2x_Stable", scale=4), ("scale", "4")),
        (step("enlarge3", "enlarge3", "EnlargeStandard_4x_Stable", scale=2), ("scale", "2")),
        (denoise(auto_params="true"), ("auto_params",)),
        (denoise(auto_params=False, sharpen=100.5), ("sharpen", "100.5")),
        (step("denoise", "denoise", "DenoiseStable", {"dpi": 2001}), ("dpi", "2001", "2000")),
        (step("denoise", "denoise", "DenoiseStable", {"format": "gif"}), ("format", "gif")),
        (step("denoise", "denoise", "DenoiseStable", {"compress": {"quality": 101}}), ("quality", "101", "100")),
        (workflow(enlarge(), denoise()), ("enlarge3",)),
        (workflow(step("matting", "matting", "MattingStable"), denoise()), ("matting",)),
        (workflow(step("denoise", "denoise", "DenoiseStable", {"dpi": 72}), denoise()), ()),
        (step("x", "no_such_module", "X"), ("no_such_module", "enlarge3", "denoise", "matting")),
    ],
)
def test_what_is_out_of_range_is_named_with_its_value_and_range(
    service: Service, token: str, jconfig: Any, named: tuple[str, ...]
) -> None:
    code, message = refuse(service, token, json.dumps(jconfig))
    assert code == 10001
    for part in named:
        assert part in message, message


@pytest.mark.parametrize(
    "jconfig",
    [
        step("dehazing", "dehazing", "DehazingStable", contrast=1, brightness=50),
        step("sketch", "sketch", "SketchStable", single_face=True),
    ],
)
def test_older_modules_that_nothing_of_today_replaces_say_so(service: Service, token: str, jconfig: Any) -> None:
    code, message = refuse(service, token, json.dumps(jconfig))
    assert code == 10001
    assert "No feature of today" in message


def test_an_output_beyond_the_limit_is_refused_with_the_numbers(service: Service, token: str) -> None:
    uid = service.upload(token, blank_png(8500, 4000))
    code, message = refuse(service, token, json.dumps(enlarge(4)), uid=uid)
    assert code == 10012
    assert "200" in re.sub(r"\D", "", message)


def test_an_unknown_upload_is_10011(service: Service, token: str) -> None:
    assert refuse(service, token, QUICK, uid=UNKNOWN)[0] == 10011


def test_another_accounts_upload_is_as_unknown_as_one_that_never_was(
    service: Service, token: str, make_account: Account
) -> None:
    theirs = service.upload(make_account())
    assert refuse(service, token, QUICK, uid=theirs) == refuse(service, token, QUICK, uid=UNKNOWN)


def test_beyond_its_patience_the_server_answers_and_goes_on(service: Service, token: str) -> None:
    """The first job is on the way when it answers; the next one stands in the queue behind it."""
    client = service.client(token)
    picture = service.upload(token, photo(*LARGE))
    begun = time.monotonic()
    first = service.data("/transform", {"api_token": token, "uid": picture, "jconfig": LONG})
    lasted = time.monotonic() - begun
    second = client.transform(service.upload(token), ENLARGE, wait=0)
    try:
        assert first["status"] == "process"
        assert PATIENCE - 0.5 < lasted < PATIENCE + 4
        assert second.status in (Status.BUSY, Status.WAITING)
        running = client.get_progress(first["trans_id"])
        assert running.status is Status.PROCESS
        assert running.percent is None or 0 <= running.percent < 100
        assert client.get_progress(second.trans_id).status in (Status.BUSY, Status.WAITING)
        assert service.refusal("/download", {"api_token": token, "trans_id": second.trans_id})[0] in (10011, 10014)
    finally:
        assert client.cancel(second.trans_id)
        assert client.cancel(first["trans_id"])
    assert service.end_of(token, first["trans_id"])["status"] == "fatal"
    assert service.end_of(token, second.trans_id)["status"] == "fatal"
    assert client.get_balance().used == 0


@pytest.mark.parametrize("wait", [0, 0.2])
def test_a_client_may_say_how_long_to_wait(service: Service, token: str, wait: float) -> None:
    client = service.client(token)
    uid = service.upload(token, photo(*LARGE))
    begun = time.monotonic()
    started = client.transform(uid, LONG, wait=wait)
    assert time.monotonic() - begun < PATIENCE - 1
    assert not started.status.has_ended
    assert client.cancel(started.trans_id)
    service.end_of(token, started.trans_id)


@pytest.mark.parametrize("wait", ["soon", "-1", "nan", "inf"])
def test_a_wait_that_is_none_is_an_illegal_parameter(service: Service, token: str, wait: str) -> None:
    assert refuse(service, token, QUICK, wait=wait)[0] == 10001


def test_the_client_has_an_error_for_each_refusal(service: Service, token: str) -> None:
    client = service.client(token)
    uid = service.upload(token)
    with pytest.raises(NotFound):
        client.transform(UNKNOWN, QUICK)
    with pytest.raises(JConfigRejected):
        client.transform(uid, "{")
    with pytest.raises(IllegalParameter, match="suppress_noise"):
        client.transform(uid, json.dumps(enlarge(suppress_noise=101)))
    with pytest.raises(LimitExceeded):
        client.transform(service.upload(token, blank_png(8500, 4000)), json.dumps(enlarge(4)))
