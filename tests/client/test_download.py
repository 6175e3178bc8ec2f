"""A download writes a complete image or raises an error and leaves no partial file."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.client.conftest import TRANS_ID
from tests.client.fake_service import (
    FakeService,
    Reply,
    drop_connection,
    reply_bytes,
    reply_chunked,
    reply_error,
    reply_html,
    reply_until_closed,
    trickle,
)
from vanceweb.client import (
    DownloadedImage,
    InsufficientCredits,
    InvalidResponse,
    NotFound,
    ServiceUnreachable,
    Timeouts,
    VanceClient,
)


def make_picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((200, 160), 60).convert("RGB").save(file, kind)
    return file.getvalue()


PNG, JPEG = make_picture("PNG"), make_picture("JPEG")
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
def test_the_format_comes_from_the_bytes(
    client: VanceClient, service: FakeService, body: bytes, kind: str, format: str
) -> None:
    service.set_replies(reply_bytes(body, kind=kind))
    target = io.BytesIO()
    assert client.download(TRANS_ID, target) == DownloadedImage(len(body), format, f"{TRANS_ID}.{format}")  # type: ignore[arg-type]
    assert target.getvalue() == body
    assert service.requests[0].form["trans_id"] == TRANS_ID
    assert service.requests[0].query == {}, "the token is in no URL"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="cat_enlarge3.png"', "cat_enlarge3.png"),
        ("attachment; filename*=UTF-8''k%C3%A4tzchen.png", "kätzchen.png"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\pictures\\\\cat.png"', "cat.png"),
        ('attachment; filename=".."', f"{TRANS_ID}.png"),
        ("attachment; filename=\"kaetzchen.png\"; filename*=UTF-8''k%C3%A4tzchen.png", "kätzchen.png"),
        ('attachment; filename="kätzchen.png"'.encode().decode("iso-8859-1"), "kätzchen.png"),
        ("attachment; filename*=UTF-8''%E2%80%AEgnp.exe.png", "gnp.exe.png"),
        ("attachment; filename*=UTF-8''%E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D%E0%A4%A6%E0%A5%80.png", "हिन्दी.png"),
        ("attachment; filename=CON.png", "_CON.png"),
        ("attachment", f"{TRANS_ID}.png"),
    ],
)
def test_the_name_comes_from_the_service_without_folders(
    client: VanceClient, service: FakeService, header: str, name: str
) -> None:
    service.set_replies(reply_bytes(PNG, kind="image/png", headers={"Content-Disposition": header}))
    assert client.download(TRANS_ID, io.BytesIO()).name == name


@pytest.mark.parametrize(
    "answer",
    [reply_chunked(PNG[:3], PNG[3:5], PNG[5:], kind="image/png"), reply_until_closed(PNG, kind="image/png")],
    ids=["chunked", "until closed"],
)
def test_images_without_an_announced_length_are_saved(client: VanceClient, service: FakeService, answer: Reply) -> None:
    service.set_replies(answer)
    target = io.BytesIO()
    client.download(TRANS_ID, target)
    assert target.getvalue() == PNG


BROKEN: dict[str, Reply] = {
    "shorter than announced": reply_bytes(HALF, kind="image/png", length=len(PNG)),
    "only the signature": reply_bytes(PNG[:8], kind="image/png", length=len(PNG)),
    "empty": reply_bytes(b"", kind="image/png", length=len(PNG)),
    "no last chunk": reply_chunked(HALF, kind="image/png", whole=False),
    "no length and no end": reply_until_closed(HALF, kind="image/png"),
    "no length and no end, jpeg": reply_until_closed(JPEG[:-2], kind="image/jpeg"),
    "dropped": drop_connection,
    "502": reply_html(502),
}


@pytest.mark.parametrize("trouble", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_download_is_retried_from_the_beginning(
    client: VanceClient, service: FakeService, tmp_path: Path, trouble: Reply
) -> None:
    service.set_replies(trouble, trouble, reply_bytes(JPEG, kind="image/jpeg"))
    with (tmp_path / "result").open("w+b") as target:
        assert client.download(TRANS_ID, target).filesize == len(JPEG)
    assert (tmp_path / "result").read_bytes() == JPEG
    assert len(service.requests) == 3


@pytest.mark.parametrize("trouble", BROKEN.values(), ids=BROKEN.keys())
def test_a_download_that_stays_broken_leaves_no_data(client: VanceClient, service: FakeService, trouble: Reply) -> None:
    service.set_replies(trouble)
    target = io.BytesIO(b"before")
    target.seek(6)
    with pytest.raises(ServiceUnreachable):
        client.download(TRANS_ID, target)
    assert target.getvalue() == b"before"


def test_it_writes_at_the_current_position_and_truncates_the_rest(client: VanceClient, service: FakeService) -> None:
    service.set_replies(reply_bytes(HALF, kind="image/png", length=len(PNG)), reply_bytes(PNG, kind="image/png"))
    target = io.BytesIO(b"before" + b"old" * len(PNG))
    target.seek(6)
    client.download(TRANS_ID, target)
    assert target.getvalue() == b"before" + PNG


@pytest.mark.parametrize("kind", ["application/json", "image/jpeg", "application/octet-stream", "text/html"])
@pytest.mark.parametrize(("code", "error"), [(30004, InsufficientCredits), (10011, NotFound)])
def test_an_error_of_any_content_type_is_raised(
    client: VanceClient, service: FakeService, kind: str, code: int, error: type[Exception]
) -> None:
    service.set_replies(reply_error(code, "No", kind=kind))
    target = io.BytesIO()
    with pytest.raises(error):
        client.download(TRANS_ID, target)
    assert target.getvalue() == b""


@pytest.mark.parametrize(
    "answer",
    [
        reply_html(200),
        reply_bytes(b"GIF89a" + bytes(100), kind="image/gif"),
        reply_bytes(b"BM" + bytes(100), kind="image/png"),
        reply_bytes(b"", kind="image/png"),
        reply_bytes(b"\xff\xd8", kind="image/jpeg"),
        reply_bytes(json.dumps({"code": 200, "data": {"url": "https://elsewhere"}}).encode()),
        reply_bytes(PNG, kind="image/png", status=404),
        reply_bytes(PNG, kind="application/json"),
    ],
    ids=["page", "gif", "bmp", "empty", "two bytes", "json", "404", "called json"],
)
def test_other_content_is_refused_without_a_retry(client: VanceClient, service: FakeService, answer: Reply) -> None:
    service.set_replies(answer)
    target = io.BytesIO()
    with pytest.raises(InvalidResponse):
        client.download(TRANS_ID, target)
    assert target.getvalue() == b""
    assert len(service.requests) == 1


@pytest.mark.parametrize("answer", [reply_bytes(PNG, kind="image/png"), reply_chunked(HALF, HALF, kind="image/png")])
def test_a_result_above_the_limit_is_refused(client: VanceClient, service: FakeService, answer: Reply) -> None:
    service.set_replies(answer)
    target = io.BytesIO()
    with pytest.raises(InvalidResponse, match="larger than 1000 bytes"):
        client.download(TRANS_ID, target, max_bytes=1000)
    assert target.getvalue() == b""


def test_a_trickling_download_is_ended(make_client: Callable[..., VanceClient], service: FakeService) -> None:
    service.set_replies(trickle(PNG, kind="image/png", pause=0.02))
    client = make_client(timeouts=Timeouts(download=5, download_total=0.3))
    with pytest.raises(ServiceUnreachable, match=r"not complete after 0.3 s"):
        client.download(TRANS_ID, io.BytesIO())
    assert len(service.requests) == 3


def test_a_full_disk_is_not_blamed_on_the_service(client: VanceClient, service: FakeService) -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    service.set_replies(reply_bytes(PNG, kind="image/png"))
    with pytest.raises(OSError, match="No space left"):
        client.download(TRANS_ID, Full())
    assert len(service.requests) == 1
