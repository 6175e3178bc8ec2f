"""`/upload`: streamed, checked by content, with limits enforced before decoding."""

import io
import re
import zlib
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import Settings

from tests.engine.conftest import Caller, picture
from tests.lib.heif_pictures import build_heic
from tests.lib.hostile_pictures import build_chunk
from tests.lib.peculiar_pictures import SIZE, build_mpo
from vanceweb.engine.models import Upload

MEGABYTE = 1024 * 1024


def build_padded_png(size: int) -> bytes:
    """Return a valid PNG of exactly `size` bytes, padded with a text chunk before the end."""
    start = picture()
    end = start[-12:]
    data = b"a\0" + b"x" * (size - len(start) - 14)
    chunk = len(data).to_bytes(4, "big") + b"tEXt" + data + zlib.crc32(b"tEXt" + data).to_bytes(4, "big")
    return start[:-12] + chunk + end


def test_the_answer_has_the_documented_fields_and_types(alice: Caller) -> None:
    content = picture(40, 30)
    answer = alice.upload(content, "cat.png")
    data = answer["data"]
    assert re.fullmatch("[0-9a-f]{32}", data.pop("uid"))
    assert data == {"name": "cat.png", "thumbnail": "", "w": 40, "h": 30, "filesize": len(content)}


@pytest.mark.parametrize("job", ["ai", "compress", "", "other", "matting"])
def test_the_job_field_may_be_anything(job: str, alice: Caller) -> None:
    assert alice.upload(picture(), job=job)["code"] == 200


def test_the_name_is_irrelevant_to_the_format(alice: Caller) -> None:
    assert alice.upload(picture(format="JPEG"), "photo.txt")["code"] == 200
    refused = alice.upload(b"just words", "photo.png")
    assert refused["code"] == 10001
    assert "not an image" in refused["msg"]


def test_a_file_of_several_jpgs_is_taken_as_a_jpg(alice: Caller) -> None:
    """Phones and stereo cameras write such files, of the format MPO."""
    answer = alice.upload(build_mpo(), "stereo.mpo")
    assert (answer["code"], answer["data"]["w"], answer["data"]["h"]) == (200, *SIZE)
    assert Upload.objects.get().format == "JPEG"


def test_a_wrong_checksum_in_a_text_is_mended_in_the_copy_that_is_worked_on(alice: Caller, engine_files: Path) -> None:
    content = picture(40, 30)
    text = build_chunk(b"tEXt", b"Comment\0made by hand")[:-1] + b"?"
    damaged = content[:33] + text + content[33:]
    data = alice.upload(damaged)["data"]
    assert (data["w"], data["h"], data["filesize"]) == (40, 30, len(damaged))
    assert (engine_files / Upload.objects.get().file_name).read_bytes() == content


@pytest.mark.parametrize("name", ["../../etc/passwd.png", "a\\b.png", "ü€.png", "x" * 400 + ".png"])
def test_an_unusual_name_is_not_used_as_a_path(name: str, alice: Caller, engine_files: Path) -> None:
    answer = alice.upload(picture(), name)
    assert answer["code"] == 200
    stored = [path for path in engine_files.rglob("*") if path.is_file()]
    assert [path.name for path in stored] == [answer["data"]["uid"]]


@pytest.mark.parametrize("format", ["GIF", "BMP", "WEBP", "TIFF", "AVIF"])
def test_other_formats_are_named_and_refused(format: str, alice: Caller) -> None:
    answer = alice.upload(picture(format=format))
    assert answer["code"] == 10001
    assert format in answer["msg"]


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"mif1", b"msf1"])
def test_a_phones_heic_is_named_and_refused(brand: bytes, alice: Caller) -> None:
    answer = alice.upload(build_heic(brand=brand))
    assert (answer["code"], answer["msg"]) == (10001, "This is a HEIC file; JPG and PNG are accepted.")


def test_a_truncated_picture_is_refused(alice: Caller) -> None:
    photo = io.BytesIO()
    Image.effect_noise((200, 200), 80).convert("RGB").save(photo, "JPEG")
    answer = alice.upload(photo.getvalue()[:-500])
    assert answer["code"] == 10001
    assert "incomplete" in answer["msg"]


def test_an_empty_or_missing_file_is_refused(alice: Caller) -> None:
    assert alice.upload(b"")["code"] == 10001
    assert alice.post("upload") == {"code": 10001, "msg": {"file": ["The file field is required."]}}


def test_exactly_ten_megabytes_pass_and_one_byte_more_does_not(
    alice: Caller, engine_files: Path, settings: Settings
) -> None:
    assert alice.upload(build_padded_png(10 * MEGABYTE))["data"]["filesize"] == 10 * MEGABYTE
    refused = alice.upload(build_padded_png(10 * MEGABYTE + 1))
    assert refused["code"] == 10012
    assert "10.0 MB" in refused["msg"]
    assert Upload.objects.count() == 1
    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []


def test_the_fields_after_a_file_that_is_too_large_are_still_read(alice: Caller) -> None:
    file = SimpleUploadedFile("big.png", b"x" * (11 * MEGABYTE))
    answer = alice.http.post("/web_api/v1/upload", {"file": file, "api_token": alice.token})
    assert answer.json()["code"] == 10012


def test_a_very_large_body_is_refused_unread(alice: Caller, settings: Settings) -> None:
    settings.ENGINE_UPLOAD_DRAIN_BYTES = 1000
    assert alice.upload(picture(400, 400, mode="RGBA"))["code"] == 10012


def test_many_files_together_stay_below_the_limit_of_one(alice: Caller) -> None:
    files = [SimpleUploadedFile(f"{i}.png", b"x" * (2 * MEGABYTE)) for i in range(6)]
    assert alice.post("upload", file=files)["code"] == 10012


def test_the_pixel_limit_is_enforced_from_the_header(alice: Caller) -> None:
    header = bytearray(picture())
    # The header claims 7000 x 5000 px. Decoding would fail, so the response shows that it wasn't tried.
    header[16:24] = (7000).to_bytes(4, "big") + (5000).to_bytes(4, "big")
    header[29:33] = zlib.crc32(header[12:29]).to_bytes(4, "big")
    answer = alice.upload(bytes(header))
    assert answer["code"] == 10012
    assert "7000 x 5000" in answer["msg"]


def test_8k_is_accepted(alice: Caller) -> None:
    photo = io.BytesIO()
    Image.new("L", (7680, 4320)).save(photo, "PNG")
    assert alice.upload(photo.getvalue())["data"]["w"] == 7680


def test_width_and_height_respect_the_exif_orientation(alice: Caller) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = alice.upload(picture(40, 30, format="JPEG", exif=exif.tobytes()))["data"]
    assert (data["w"], data["h"]) == (30, 40)
