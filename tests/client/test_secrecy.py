"""The token shows nowhere: not in reprs, errors, what hangs behind errors, logs, or what can be pickled."""

import io
import logging
import pickle
import traceback
from collections.abc import Callable

import pytest

from tests.client.conftest import TOKEN
from tests.client.fake_service import Act, Service, after, drop, html, raw, refusal
from tests.client.test_error_responses import CALLS
from vanceweb.client import Timeouts, VanceClient, VanceError
from vanceweb.client.redaction import Secret

TROUBLE: dict[str, Act] = {
    "echoed": refusal(30001, f"The token {TOKEN} is not known"),
    "echoed in a field": refusal(10001, {"api_token": [f"{TOKEN}?"]}),
    "echoed as page": raw(TOKEN.encode(), kind=f"text/{TOKEN}"),
    "echoed as value": raw(b'{"code": 200, "data": {"uid": "%s", "status": "%s"}}' % ((TOKEN.encode(),) * 2)),
    "redirected": raw(b"", status=302, headers={"Location": f"https://elsewhere.example/?api_token={TOKEN}"}),
    "dropped": drop,
    "502": html(502),
    "cut off": raw(b'{"code"', length=100),
    "slow": after(0.4, html(200)),
}


def everything_about(exc: BaseException) -> str:
    """All that a log, a debug page's summary or an error tracker would show of an error and those behind it."""
    texts = ["".join(traceback.format_exception(exc))]
    behind: BaseException | None = exc
    while behind is not None:
        texts += [repr(behind), str(behind), repr(vars(behind)), repr(behind.args)]
        behind = behind.__cause__ or behind.__context__
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
    service: Service,
    caplog: pytest.LogCaptureFixture,
    call: Callable[[VanceClient], object],
    trouble: Act,
) -> None:
    caplog.set_level(logging.DEBUG)
    service.play(trouble)
    quick = Timeouts(upload=0.2, transform=0.2, progress=0.2, download=0.2, balance=0.2, history=0.2)
    with pytest.raises(VanceError) as caught:
        call(make_client(timeouts=quick))
    assert TOKEN not in everything_about(caught.value)
    assert "urllib3" in {record.name.partition(".")[0] for record in caplog.records}, "the log was really on"
    assert TOKEN not in caplog.text


def test_unreachable_services_leave_no_token_behind(
    make_client: Callable[..., VanceClient], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for base_url in ("http://127.0.0.1:9/web_api/v1", "http://no-such-host.invalid/web_api/v1"):
        with pytest.raises(VanceError) as caught:
            make_client(base_url=base_url).get_balance()
        assert TOKEN not in everything_about(caught.value)
    assert TOKEN not in caplog.text


def test_a_balance_that_is_logged_hides_the_token_only(
    client: VanceClient, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.play(raw(b'{"code": 200, "data": {"max_num": "1.000", "used_num": "0.000"}}'))
    client.get_balance()
    assert "/point?api_token=[hidden]" in caplog.text
    assert TOKEN not in caplog.text


def test_reprs_show_the_service_and_no_token(client: VanceClient, service: Service) -> None:
    assert service.base_url in repr(client)
    shown = repr(client) + str(client) + repr(vars(client)) + repr(vars(vars(client)["_transport"]))
    assert TOKEN not in shown


def test_a_client_is_not_pickled_with_its_token(client: VanceClient) -> None:
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(Secret(TOKEN))
    with pytest.raises(TypeError):
        pickle.dump(client, io.BytesIO())


def test_short_texts_are_not_taken_for_a_token() -> None:
    assert Secret("e").hide_in("Illegal parameter") == "Illegal parameter"
