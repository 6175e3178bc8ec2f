"""/upload: accepted and refused files, and the limits to the exact byte and pixel."""

import io
import re
from typing import Any

import pytest
from PIL import Image

from tests.contract.pictures import make_blank_png, make_header_only_png, make_photo, make_png_of_size
from tests.contract.service import Service
from vanceweb.client import IllegalParameter, LimitExceeded

LIMIT = 10 * 1024 * 1024


def send(service: Service, token: str, body: bytes, name: str = "cat.png", **fields: str) -> Any:
    return service.fetch_data("/upload", {"api_token": token, **fields}, files={"file": (name, body)})


def refuse(service: Service, token: str, body: bytes, name: str = "cat.png") -> tuple[int, str]:
    return service.fetch_error("/upload", {"api_token": token}, files={"file": (name, body)})


def test_the_response_has_the_contracts_fields_and_types(service: Service, token: str) -> None:
    picture = make_photo(60, 40)
    data = send(service, token, picture, "my cat.png")
    assert set(data) >= {"uid", "name", "thumbnail", "w", "h", "filesize"}
    assert re.fullmatch(r"[0-9a-f]{32}", data["uid"])
    assert (data["w"], data["h"], data["filesize"]) == (60, 40, len(picture))
    assert type(data["filesize"]) is int
    assert "my cat.png" in data["name"]
    assert isinstance(data["thumbnail"], str)


def test_every_upload_has_an_id_of_its_own(service: Service, token: str) -> None:
    assert send(service, token, make_photo())["uid"] != send(service, token, make_photo())["uid"]


@pytest.mark.parametrize("job", ["ai", "compress"])
def test_the_kind_of_job_is_accepted(service: Service, token: str, job: str) -> None:
    assert send(service, token, make_photo(), job=job)["w"] == 48


@pytest.mark.parametrize(
    ("kind", "name"),
    [("PNG", "cat.jpg"), ("JPEG", "cat.png"), ("PNG", "cat.txt"), ("JPEG", "cat"), ("PNG", "../ü")],
)
def test_the_content_counts_not_the_name(service: Service, token: str, kind: str, name: str) -> None:
    assert send(service, token, make_photo(kind=kind), name)["w"] == 48


@pytest.mark.parametrize("kind", ["GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_other_formats_are_refused_and_named(service: Service, token: str, kind: str) -> None:
    code, message = refuse(service, token, make_photo(kind=kind), "cat.jpg")
    assert code == 10001
    if kind in ("GIF", "BMP", "TIFF"):
        assert kind.lower() in message.lower()


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_a_file_that_is_not_an_image_is_refused(service: Service, token: str, body: bytes) -> None:
    assert refuse(service, token, body, "cat.jpg")[0] == 10001


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_truncated_picture_is_refused(service: Service, token: str, kind: str) -> None:
    whole = make_photo(200, 200, kind)
    assert refuse(service, token, whole[: len(whole) * 2 // 3])[0] == 10001


def test_a_missing_file_is_an_illegal_parameter(service: Service, token: str) -> None:
    assert service.fetch_error("/upload", {"api_token": token}, "multipart")[0] == 10001
    assert service.fetch_error("/upload", {"api_token": token}, "urlencoded")[0] == 10001
    assert service.fetch_error("/upload", {"api_token": token, "file": "text"}, "multipart")[0] == 10001


def test_ten_megabytes_pass_and_a_byte_more_does_not(service: Service, token: str) -> None:
    assert send(service, token, make_png_of_size(LIMIT))["filesize"] == LIMIT
    code, message = refuse(service, token, make_png_of_size(LIMIT + 1))
    assert code == 10012
    assert "10" in message


def test_thirty_four_megapixels_pass_and_a_row_more_does_not(service: Service, token: str) -> None:
    assert send(service, token, make_blank_png(8500, 4000))["w"] == 8500
    assert refuse(service, token, make_blank_png(8500, 4001))[0] == 10012


def test_an_8k_image_passes(service: Service, token: str) -> None:
    data = send(service, token, make_blank_png(7680, 4320))
    assert (data["w"], data["h"]) == (7680, 4320)


def test_limits_are_enforced_before_the_pixels_are_decoded(service: Service, token: str) -> None:
    assert refuse(service, token, make_header_only_png(60000, 60000))[0] == 10012


def test_a_large_file_that_is_not_an_image_is_refused(service: Service, token: str) -> None:
    assert refuse(service, token, b"MZ" + bytes(LIMIT))[0] in (10001, 10012)


def test_one_pixel_is_an_image(service: Service, token: str) -> None:
    data = send(service, token, make_photo(1, 1))
    assert (data["w"], data["h"]) == (1, 1)


def test_a_rotated_photo_is_accepted(service: Service, token: str) -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40), "red").save(file, "JPEG", exif=exif)
    data = send(service, token, file.getvalue())
    assert sorted((data["w"], data["h"])) == [40, 60]


def test_the_client_raises_the_errors_of_the_limits(service: Service, token: str) -> None:
    client = service.build_client(token)
    assert client.upload(io.BytesIO(make_photo(kind="JPEG")), name="a.jpg", purpose="compress").height == 40
    with pytest.raises(LimitExceeded):
        client.upload(io.BytesIO(make_png_of_size(LIMIT + 1)), name="big.png")
    with pytest.raises(IllegalParameter):
        client.upload(io.BytesIO(make_photo(kind="GIF")), name="a.gif")
