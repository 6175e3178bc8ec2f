"""A download gives a whole picture or an error, and leaves nothing half done."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.client.conftest import TRANS_ID
from tests.client.fake_service import Act, Service, chunked, dripping, drop, html, raw, refusal, until_closed
from vanceweb.client import (
    DownloadedImage,
    InsufficientCredits,
    InvalidResponse,
    NotFound,
    ServiceUnreachable,
    Timeouts,
    VanceClient,
)


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((200, 160), 60).convert("RGB").save(file, kind)
    return file.getvalue()


PNG, JPEG = picture("PNG"), picture("JPEG")
HALF = PNG[: len(PNG) // 2]


@pytest.mark.parametrize(
    ("body", "kind", "format"),
    [
        (PNG, "image/png", "png"),
        (JPEG, "image/jpeg", "jpg"),
        (PNG, "application/octet-stream", "png"),
        (JPEG, "text/html; charset=UTF-8", "jpg"),
        (PNG, "image/jpeg", "png"),
    ],
)
def test_the_bytes_say_what_it_is(client: VanceClient, service: Service, body: bytes, kind: str, format: str) -> None:
    service.play(raw(body, kind=kind))
    target = io.BytesIO()
    assert client.download(TRANS_ID, target) == DownloadedImage(len(body), format, f"{TRANS_ID}.{format}")  # type: ignore[arg-type]
    assert target.getvalue() == body
    assert service.seen[0].form["trans_id"] == TRANS_ID
    assert service.seen[0].query == {}, "the token stands in no URL"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="cat_enlarge3.png"', "cat_enlarge3.png"),
        ("attachment; filename*=UTF-8''k%C3%A4tzchen.png", "kätzchen.png"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\pictures\\\\cat.png"', "cat.png"),
        ('attachment; filename=".."', f"{TRANS_ID}.png"),
        ("attachment", f"{TRANS_ID}.png"),
    ],
)
def test_the_name_is_the_services_without_folders(
    client: VanceClient, service: Service, header: str, name: str
) -> None:
    service.play(raw(PNG, kind="image/png", headers={"Content-Disposition": header}))
    assert client.download(TRANS_ID, io.BytesIO()).name == name


@pytest.mark.parametrize(
    "answer",
    [chunked(PNG[:3], PNG[3:5], PNG[5:], kind="image/png"), until_closed(PNG, kind="image/png")],
    ids=["chunked", "until closed"],
)
def test_pictures_of_unannounced_length_arrive(client: VanceClient, service: Service, answer: Act) -> None:
    service.play(answer)
    target = io.BytesIO()
    client.download(TRANS_ID, target)
    assert target.getvalue() == PNG


BROKEN: dict[str, Act] = {
    "shorter than announced": raw(HALF, kind="image/png", length=len(PNG)),
    "only the signature": raw(PNG[:8], kind="image/png", length=len(PNG)),
    "nothing of it": raw(b"", kind="image/png", length=len(PNG)),
    "no last chunk": chunked(HALF, kind="image/png", whole=False),
    "no length and no end": until_closed(HALF, kind="image/png"),
    "no length and no end, jpeg": until_closed(JPEG[:-2], kind="image/jpeg"),
    "dropped": drop,
    "502": html(502),
}


@pytest.mark.parametrize("trouble", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_download_is_begun_anew(client: VanceClient, service: Service, tmp_path: Path, trouble: Act) -> None:
    service.play(trouble, trouble, raw(JPEG, kind="image/jpeg"))
    with (tmp_path / "result").open("w+b") as target:
        assert client.download(TRANS_ID, target).filesize == len(JPEG)
    assert (tmp_path / "result").read_bytes() == JPEG
    assert len(service.seen) == 3


@pytest.mark.parametrize("trouble", BROKEN.values(), ids=BROKEN.keys())
def test_a_download_that_stays_broken_leaves_nothing(client: VanceClient, service: Service, trouble: Act) -> None:
    service.play(trouble)
    target = io.BytesIO(b"before")
    target.seek(6)
    with pytest.raises(ServiceUnreachable):
        client.download(TRANS_ID, target)
    assert target.getvalue() == b"before"


def test_it_begins_where_the_target_stands_and_cuts_off_what_was_behind(client: VanceClient, service: Service) -> None:
    service.play(raw(HALF, kind="image/png", length=len(PNG)), raw(PNG, kind="image/png"))
    target = io.BytesIO(b"before" + b"old" * len(PNG))
    target.seek(6)
    client.download(TRANS_ID, target)
    assert target.getvalue() == b"before" + PNG


@pytest.mark.parametrize("kind", ["application/json", "image/jpeg", "application/octet-stream", "text/html"])
@pytest.mark.parametrize(("code", "error"), [(30004, InsufficientCredits), (10011, NotFound)])
def test_an_error_is_no_picture_whatever_it_calls_itself(
    client: VanceClient, service: Service, kind: str, code: int, error: type[Exception]
) -> None:
    service.play(refusal(code, "No", kind=kind))
    target = io.BytesIO()
    with pytest.raises(error):
        client.download(TRANS_ID, target)
    assert target.getvalue() == b""


@pytest.mark.parametrize(
    "answer",
    [
        html(200),
        raw(b"GIF89a" + bytes(100), kind="image/gif"),
        raw(b"BM" + bytes(100), kind="image/png"),
        raw(b"", kind="image/png"),
        raw(b"\xff\xd8", kind="image/jpeg"),
        raw(json.dumps({"code": 200, "data": {"url": "https://elsewhere"}}).encode()),
        raw(PNG, kind="image/png", status=404),
        raw(PNG, kind="application/json"),
    ],
    ids=["page", "gif", "bmp", "empty", "two bytes", "json", "404", "called json"],
)
def test_what_is_no_picture_is_refused_at_once(client: VanceClient, service: Service, answer: Act) -> None:
    service.play(answer)
    target = io.BytesIO()
    with pytest.raises(InvalidResponse):
        client.download(TRANS_ID, target)
    assert target.getvalue() == b""
    assert len(service.seen) == 1


@pytest.mark.parametrize("answer", [raw(PNG, kind="image/png"), chunked(HALF, HALF, kind="image/png")])
def test_a_result_beyond_the_limit_is_refused(client: VanceClient, service: Service, answer: Act) -> None:
    service.play(answer)
    target = io.BytesIO()
    with pytest.raises(InvalidResponse, match="larger than 1000 bytes"):
        client.download(TRANS_ID, target, max_bytes=1000)
    assert target.getvalue() == b""


def test_a_download_that_drips_comes_to_an_end(make_client: Callable[..., VanceClient], service: Service) -> None:
    service.play(dripping(PNG, kind="image/png", pause=0.02))
    client = make_client(timeouts=Timeouts(download=5, download_total=0.3))
    with pytest.raises(ServiceUnreachable, match=r"not complete after 0.3 s"):
        client.download(TRANS_ID, io.BytesIO())
    assert len(service.seen) == 3


def test_a_disk_that_is_full_is_no_fault_of_the_service(client: VanceClient, service: Service) -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    service.play(raw(PNG, kind="image/png"))
    with pytest.raises(OSError, match="No space left"):
        client.download(TRANS_ID, Full())
    assert len(service.seen) == 1
