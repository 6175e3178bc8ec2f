"""The token appears nowhere: not in reprs, errors, chained exceptions, logs or pickles."""

import io
import logging
import pickle
import traceback
from collections.abc import Callable

import pytest

from tests.client.conftest import TOKEN
from tests.client.fake_service import FakeService, Reply, delay, drop_connection, reply_bytes, reply_error, reply_html
from tests.client.test_error_responses import CALLS
from vanceweb.client import Timeouts, VanceClient, VanceError
from vanceweb.client.redaction import Secret

TROUBLE: dict[str, Reply] = {
    "echoed": reply_error(30001, f"The token {TOKEN} is not known"),
    "echoed in a field": reply_error(10001, {"api_token": [f"{TOKEN}?"]}),
    "echoed as page": reply_bytes(TOKEN.encode(), kind=f"text/{TOKEN}"),
    "echoed as value": reply_bytes(b'{"code": 200, "data": {"uid": "%s", "status": "%s"}}' % ((TOKEN.encode(),) * 2)),
    "redirected": reply_bytes(b"", status=302, headers={"Location": f"https://elsewhere.example/?api_token={TOKEN}"}),
    "dropped": drop_connection,
    "502": reply_html(502),
    "cut off": reply_bytes(b'{"code"', length=100),
    "slow": delay(0.4, reply_html(200)),
}


def collect_texts(exc: BaseException) -> str:
    """Return everything that a log, a debug page or an error tracker would show of an error and its chain."""
    texts = ["".join(traceback.format_exception(exc))]
    chained: BaseException | None = exc
    while chained is not None:
        texts += [repr(chained), str(chained), repr(vars(chained)), repr(chained.args)]
        chained = chained.__cause__ or chained.__context__
    step = exc.__traceback__
    while step is not None:
        if "/vanceweb/client/" in step.tb_frame.f_code.co_filename:
            texts += [f"{name}={value!r}" for name, value in step.tb_frame.f_locals.items()]
        step = step.tb_next
    return "\n".join(texts)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE.keys())
def test_no_error_and_no_log_shows_the_token(
    make_client: Callable[..., VanceClient],
    service: FakeService,
    caplog: pytest.LogCaptureFixture,
    call: Callable[[VanceClient], object],
    trouble: Reply,
) -> None:
    caplog.set_level(logging.DEBUG)
    service.set_replies(trouble)
    quick = Timeouts(upload=0.2, transform=0.2, progress=0.2, download=0.2, balance=0.2, history=0.2)
    with pytest.raises(VanceError) as caught:
        call(make_client(timeouts=quick))
    assert TOKEN not in collect_texts(caught.value)
    assert "urllib3" in {record.name.partition(".")[0] for record in caplog.records}, "logging was enabled"
    assert TOKEN not in caplog.text


def test_unreachable_services_leave_no_token_chained(
    make_client: Callable[..., VanceClient], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for base_url in ("http://127.0.0.1:9/web_api/v1", "http://no-such-host.invalid/web_api/v1"):
        with pytest.raises(VanceError) as caught:
            make_client(base_url=base_url).get_balance()
        assert TOKEN not in collect_texts(caught.value)
    assert TOKEN not in caplog.text


def test_the_log_of_a_balance_call_hides_the_token_only(
    client: VanceClient, service: FakeService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.set_replies(reply_bytes(b'{"code": 200, "data": {"max_num": "1.000", "used_num": "0.000"}}'))
    client.get_balance()
    assert "/point?api_token=[hidden]" in caplog.text
    assert TOKEN not in caplog.text


def test_reprs_show_the_service_but_not_the_token(client: VanceClient, service: FakeService) -> None:
    assert service.base_url in repr(client)
    shown = repr(client) + str(client) + repr(vars(client)) + repr(vars(vars(client)["_transport"]))
    assert TOKEN not in shown


def test_a_client_with_its_token_can_not_be_pickled(client: VanceClient) -> None:
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(Secret(TOKEN))
    with pytest.raises(TypeError):
        pickle.dump(client, io.BytesIO())


def test_short_strings_are_not_mistaken_for_a_token() -> None:
    assert Secret("e").hide_in("Illegal parameter") == "Illegal parameter"
