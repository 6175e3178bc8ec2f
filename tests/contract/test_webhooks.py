"""Webhooks: an immediate response, delivery in up to three attempts, and no access to the engine's network."""

import json
import time

import pytest

from tests.contract.conftest import Account
from tests.contract.jconfigs import LARGE, LONG, QUICK
from tests.contract.pictures import make_photo
from tests.contract.receiver import Receiver, run_receiver
from tests.contract.service import ENCODINGS, Service
from vanceweb.client import Status


def start(service: Service, token: str, webhook: str, way: str = "urlencoded") -> str:
    fields = {"api_token": token, "uid": service.upload(token), "jconfig": QUICK, "webhook": webhook}
    data = service.fetch_data("/transform", fields, way)
    assert data["status"] == "webhook"
    trans_id: str = data["trans_id"]
    return trans_id


@pytest.mark.parametrize("way", ENCODINGS)
def test_the_result_is_announced_once(service: Service, token: str, way: str) -> None:
    with run_receiver() as hook:
        trans_id = start(service, token, hook.url, way)
        hook.wait_for(1, 30)
        time.sleep(0.3)
        assert len(hook.got) == 1
    _, path, kind, body = hook.got[0]
    assert path == "/hook/s3cret?x=1"
    assert kind == "application/json"
    assert (body["code"], body["cscode"]) == (200, 200)
    assert body["data"]["status"] == "finish"
    assert isinstance(body["data"]["filesize"], str)
    assert body["data"]["trans_id"] == trans_id
    assert len(body["data"]["uid"]) == 32
    assert token not in json.dumps(body)


def test_progress_also_works_for_a_job_with_a_webhook(service: Service, token: str) -> None:
    with run_receiver() as hook:
        started = service.build_client(token).transform(service.upload(token), QUICK, webhook=hook.url)
        assert started.status is Status.WEBHOOK
        assert service.wait_for_end(token, started.trans_id)["status"] == "finish"


def test_a_failed_delivery_is_attempted_three_times(refusing_receiver: Receiver) -> None:
    """The job was started before the first of these tests, since this takes 15 seconds."""
    refusing_receiver.wait_for(3, 40)
    time.sleep(1)
    times = [at for at, *_ in refusing_receiver.got]
    assert len(times) == 3
    assert times[1] - times[0] > 1.5
    assert times[2] - times[1] > 9


def test_a_cancelled_job_is_not_announced(service: Service, token: str) -> None:
    client = service.build_client(token)
    uid = service.upload(token, make_photo(*LARGE))
    with run_receiver() as hook:
        running, waiting = (client.transform(uid, LONG, webhook=hook.url).trans_id for _ in range(2))
        service.wait_for_status(token, running, ["process"])
        for trans_id in (waiting, running):
            assert client.cancel(trans_id)
            assert service.wait_for_end(token, trans_id)["status"] == "fatal"
        later = start(service, token, hook.url)
        hook.wait_for(1, 30)
        time.sleep(0.3)
        assert [body["data"]["trans_id"] for *_, body in hook.got] == [later]


def test_a_redirect_is_not_followed(service: Service, token: str) -> None:
    with run_receiver() as inside, run_receiver(307, {"Location": inside.url}) as hook:
        start(service, token, hook.url)
        hook.wait_for(1, 30)
        time.sleep(0.3)
        assert len(hook.got) == 1
        assert inside.got == []


@pytest.mark.parametrize(
    "webhook",
    [
        "http://localhost:{port}/hook",
        "http://127.0.0.2:{port}/hook",
        "http://127.1:{port}/hook",
        "http://2130706433:{port}/hook",
        "http://0.0.0.0:{port}/hook",
        "http://[::1]:{port}/hook",
        "http://[::ffff:127.0.0.1]:{port}/hook",
        "http://10.0.0.1/hook",
        "http://172.16.5.4/hook",
        "http://192.168.1.1/hook",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
    ],
)
def test_addresses_that_are_not_public_are_refused(service: Service, token: str, webhook: str) -> None:
    with run_receiver() as hook:
        url = webhook.format(port=hook.server_port)
        fields = {"api_token": token, "uid": service.upload(token), "jconfig": QUICK, "webhook": url}
        assert service.fetch_error("/transform", fields)[0] == 10001
        assert hook.got == []


@pytest.mark.parametrize(
    "webhook", ["here", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "//127.0.0.1/", "http://a b/"]
)
def test_an_invalid_url_is_refused(service: Service, token: str, webhook: str) -> None:
    fields = {"api_token": token, "uid": service.upload(token), "jconfig": QUICK, "webhook": webhook}
    assert service.fetch_error("/transform", fields)[0] == 10001


def test_an_empty_webhook_counts_as_none(service: Service, make_account: Account) -> None:
    token = make_account()
    fields = {"api_token": token, "uid": service.upload(token), "jconfig": QUICK, "webhook": ""}
    assert service.fetch_data("/transform", fields)["status"] != "webhook"
