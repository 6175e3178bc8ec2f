"""Responses with an error code, and responses that break the contract."""

import io
import pickle
from collections.abc import Callable

import pytest

from tests.client.conftest import TRANS_ID, UID
from tests.client.fake_service import FakeService, Reply, reply_bytes, reply_error, reply_html, reply_success
from tests.client.test_calls import PAGE, ROW, UPLOADED
from vanceweb.client import (
    IllegalParameter,
    InsufficientCredits,
    InvalidResponse,
    InvalidToken,
    JConfigRejected,
    JobFailed,
    LimitExceeded,
    NotFound,
    RequestRefused,
    ServiceFault,
    ServiceUnreachable,
    UnknownCode,
    VanceClient,
    VanceError,
)

CODES = [
    (10001, IllegalParameter),
    (10010, ServiceFault),
    (10011, NotFound),
    (10012, LimitExceeded),
    (10013, JConfigRejected),
    (10014, JobFailed),
    (30001, InvalidToken),
    (30004, InsufficientCredits),
    (20202, UnknownCode),
]
CALLS: dict[str, Callable[[VanceClient], object]] = {
    "upload": lambda client: client.upload(io.BytesIO(b"\xff\xd8\xff"), name="a.jpg"),
    "transform": lambda client: client.transform(UID, "{}"),
    "progress": lambda client: client.get_progress(TRANS_ID),
    "download": lambda client: client.download(TRANS_ID, io.BytesIO()),
    "balance": lambda client: client.get_balance(),
    "history": lambda client: client.get_history(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize(("code", "kind"), CODES)
def test_every_call_raises_the_error_for_each_code(
    client: VanceClient,
    service: FakeService,
    call: Callable[[VanceClient], object],
    code: int,
    kind: type[RequestRefused],
) -> None:
    service.set_replies(reply_error(code, "What it says"))
    with pytest.raises(kind) as caught:
        call(client)
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.message) == (code, "What it says")
    assert caught.value.request == f"{service.requests[0].method} {service.requests[0].path}"
    assert len(service.requests) == 1, "a response, even an error, is not requested again"


@pytest.mark.parametrize(
    ("msg", "sentence"),
    [
        ("  Illegal\nParameter ", "Illegal Parameter"),
        ({"api_token": ["The api token field is required."]}, "The api token field is required."),
        ({"uid": ["Uid is missing."], "jconfig": ["Not JSON.", "Too short."]}, "Uid is missing. Not JSON. Too short."),
        ({"uid": "A text alone."}, "A text alone."),
        (None, IllegalParameter.meaning),
        ("", IllegalParameter.meaning),
        ([1, 2], IllegalParameter.meaning),
        ({"uid": [{"deep": 1}]}, IllegalParameter.meaning),
    ],
)
def test_messages_of_every_shape_become_a_sentence(
    client: VanceClient, service: FakeService, msg: object, sentence: str
) -> None:
    service.set_replies(reply_error(10001, msg))
    with pytest.raises(IllegalParameter) as caught:
        client.get_balance()
    assert caught.value.message == sentence


def test_a_very_long_message_is_shortened(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_error(10010, "x" * 9000))
    with pytest.raises(ServiceFault) as caught:
        client.get_balance()
    assert len(caught.value.message) == 500


@pytest.mark.parametrize("status", [200, 400, 404, 500, 503])
def test_the_code_counts_under_every_http_status(client: VanceClient, service: FakeService, status: int) -> None:
    service.set_replies(reply_error(10011, "Gone", status=status))
    with pytest.raises(NotFound):
        client.get_progress(TRANS_ID)
    assert len(service.requests) == 1


def test_success_under_an_error_status_is_invalid(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_success({"status": "finish"}, status=500))
    with pytest.raises(InvalidResponse, match="HTTP status 500"):
        client.get_progress(TRANS_ID)


def test_a_code_may_be_a_string(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_bytes(b'{"code": "30001", "msg": "No"}'))
    with pytest.raises(InvalidToken):
        client.get_balance()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize(
    "answer",
    [
        reply_html(200),
        reply_html(403),
        reply_bytes(b""),
        reply_bytes(b"null"),
        reply_bytes(b"[]"),
        reply_bytes(b'{"code": 200'),
        reply_bytes(b"{}"),
        reply_bytes(b'{"code": null}'),
        reply_bytes(b'{"code": true, "data": {}}'),
        reply_bytes(b'{"code": 200}'),
        reply_bytes(b'{"code": 200, "data": []}'),
        reply_bytes(b'{"code": 200, "data": {}}'),
        reply_bytes(b"[" * 100_000),
        reply_bytes(b"\xff\xfe\x00", kind="text/plain"),
        reply_bytes(b"", status=302, headers={"Location": "https://elsewhere.example/login"}),
    ],
)
def test_any_other_response_is_invalid(
    client: VanceClient, service: FakeService, call: Callable[[VanceClient], object], answer: Reply
) -> None:
    service.set_replies(answer)
    with pytest.raises(InvalidResponse) as caught:
        call(client)
    assert caught.value.code is None
    assert caught.value.message.endswith(".")
    assert len(service.requests) == 1


def test_a_redirect_is_named_and_not_followed(client: VanceClient, service: FakeService) -> None:
    service.set_replies(
        reply_bytes(b"", status=307, headers={"Location": service.base_url.replace("127.0.0.1", "localhost")})
    )
    with pytest.raises(InvalidResponse, match="redirects to localhost"):
        client.transform(UID, "{}")
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("call", "data", "key", "bad"),
    [
        *[("upload", UPLOADED, key, None) for key in UPLOADED],
        *[("upload", UPLOADED, "uid", bad) for bad in ("A" * 32, "a" * 31, "a" * 33, 5, "g" * 32, "../" + "a" * 29)],
        *[("upload", UPLOADED, "w", bad) for bad in (0, -1, "wide", True, 1.5, [1200])],
        *[("transform", {"trans_id": TRANS_ID, "status": "busy"}, key, None) for key in ("trans_id", "status")],
        ("transform", {"trans_id": TRANS_ID, "status": "busy"}, "status", "done"),
        ("progress", {"status": "finish"}, "status", "FINISH"),
        ("progress", {"status": "finish"}, "filesize", "many"),
        ("progress", {"status": "process"}, "percent", 101),
        ("progress", {"status": "process"}, "percent", -1),
        *[("balance", {"max_num": "1.000", "used_num": "0.000"}, key, None) for key in ("max_num", "used_num")],
        *[
            ("balance", {"max_num": "1.000", "used_num": "0.000"}, "max_num", bad)
            for bad in ("NaN", "Infinity", "1e99", "1_000", " 1", "", True, [], "1,000")
        ],
        *[("history", PAGE, key, None) for key in PAGE],
        ("history", PAGE, "datas", {"0": ROW}),
        ("history", PAGE, "datas", ["row"]),
        ("history", PAGE, "current_page", 0),
        *[("history", PAGE, "datas", [ROW, ROW | {key: None}]) for key in ROW],
        ("history", PAGE, "datas", [ROW | {"created_at": "2021-13-14 04:36:18"}]),
        ("history", PAGE, "datas", [ROW | {"created_at": "yesterday"}]),
    ],
)
def test_a_missing_or_invalid_value_is_named_but_not_shown(
    client: VanceClient, service: FakeService, call: str, data: dict[str, object], key: str, bad: object
) -> None:
    service.set_replies(reply_success({**data, key: bad}))
    with pytest.raises(InvalidResponse) as caught:
        CALLS[call](client)
    assert f"data.{key}" in caught.value.message
    state = "is missing" if bad is None or (key == "datas" and "is missing" in caught.value.message) else "something"
    assert state in caught.value.message


def test_an_overlong_json_response_is_abandoned(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_bytes(b'{"code": 200, "data": "' + b"x" * 3_000_000 + b'"}'))
    with pytest.raises(InvalidResponse, match="longer than"):
        client.get_balance()


@pytest.mark.parametrize(
    "answer",
    [reply_html(404), reply_html(405), reply_error(10001, "?"), reply_error(404, "Not found"), reply_bytes(b"{}")],
)
def test_cancel_is_false_if_the_service_does_not_support_it(
    client: VanceClient, service: FakeService, answer: Reply
) -> None:
    service.set_replies(answer)
    assert client.cancel(TRANS_ID) is False


@pytest.mark.parametrize(("code", "kind"), [(10011, NotFound), (30001, InvalidToken), (10010, ServiceFault)])
def test_cancel_raises_the_errors_of_the_job(
    client: VanceClient, service: FakeService, code: int, kind: type[VanceError]
) -> None:
    service.set_replies(reply_error(code, "No"))
    with pytest.raises(kind):
        client.cancel(TRANS_ID)


@pytest.mark.parametrize(
    "error",
    [
        IllegalParameter(10001, "Too much.", "POST /transform"),
        ServiceUnreachable("Gone.", "GET /point", False, 3.0),
        InvalidResponse("What?", "GET /point"),
    ],
)
def test_errors_survive_pickling(error: VanceError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is type(error)
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)
