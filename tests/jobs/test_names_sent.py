"""No name that a person gave a file reaches a service: neither the source's, nor a guide's, nor in the jconfig."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.client.fake_service import FakeService, reply_bytes, reply_success, run_fake_service
from tests.conftest import make_picture_file
from tests.factories import make_upload
from tests.jobs.conftest import JobDriver
from vanceweb.catalogue.steps import ControlImage, Step
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

UPLOADED = {"uid": "1" * 32, "name": "x.png", "thumbnail": "", "w": 24, "h": 16, "filesize": 100}
WORDS = ("bride", "groom", "holiday")


@pytest.fixture
def service() -> Iterator[FakeService]:
    with run_fake_service() as running:
        yield running


def test_the_service_sees_ids_only(driver: JobDriver, service: FakeService, alice: User, settings: Any) -> None:
    settings.CLIENT_ATTEMPTS = 1
    driver.connection = Connection.objects.create(
        **driver.actor.own().to_fields(),
        name="The bride's plan",
        service=Connection.Service.HOSTED,
        base_url=service.base_url,
        token="token-of-the-hosted-service",
    )
    source, guide = make_upload(alice, name="bride.png"), make_upload(alice, name="groom.png", width=32)
    guides = (ControlImage(guide.uuid.hex, "cartoon_tile"), ControlImage(None, "cartoon_lineart"))
    uploaded = reply_success(UPLOADED)
    transformed = reply_success({"trans_id": "2" * 32, "status": "finish"})
    service.set_replies(uploaded, uploaded, transformed, reply_bytes(make_picture_file().getvalue(), kind="image/png"))
    job = driver.submit_steps(Step("img2anime", {}, guides), source=source)
    for _ in range(6):
        if not job.has_ended:
            driver.run_turn(job)
    sent = b"".join(seen.body + repr((seen.path, seen.query, seen.headers)).encode() for seen in service.requests)
    assert [seen.path for seen in service.requests][:3] == ["/upload", "/upload", "/transform"]
    assert sent.count(f'filename="{job.uuid.hex}.png"'.encode()) == 2
    assert [word for word in WORDS if word.encode() in sent.lower()] == []
