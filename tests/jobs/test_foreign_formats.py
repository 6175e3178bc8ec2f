"""Pictures in other formats on the site: converted, shown and stored, and nothing has to be chosen again."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from PIL import Image

from tests.conftest import make_picture_file
from tests.lib.heif_pictures import SIDE, build_heic
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

FEATURE = "/t/studio/features/enlarge3/"
CONVERT = "/t/studio/pictures/convert/"
# As the largest camera of a phone takes it.
LARGE = build_heic(size=(8064, 6048))


def build_upload(name: str = "IMG_0001.HEIC", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, build_heic() if content is None else content)


def build_foreign(format: str) -> bytes:
    if format == "HEIC":
        return build_heic()
    file = io.BytesIO()
    Image.new("RGB", (48, 32), "teal").save(file, format)
    return file.getvalue()


@pytest.mark.parametrize(
    ("format", "extension"),
    [("HEIC", "jpg"), ("AVIF", "jpg"), ("WebP", "jpg"), ("TIFF", "png"), ("BMP", "png"), ("GIF", "png")],
)
def test_a_picture_in_another_format_is_converted_and_stored(
    visitor: Client, bundled: Connection, format: str, extension: str
) -> None:
    name = f"हिन्दी 1.{format.lower()}"
    answer = visitor.post(CONVERT, {"picture": build_upload(name, build_foreign(format))})
    asset = Asset.objects.get()
    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["uuid"], shown["url"]) == (str(asset.uuid), f"/gallery/{asset.uuid}/file/")
    assert shown["name"] == asset.name == f"हिन्दी 1.{extension}"
    assert (shown["width"], shown["height"]) == (asset.width, asset.height)
    assert shown["notice"] == f"This is a {format} file. It was converted to {asset.name}."
    assert (asset.kind, asset.format) == (Asset.Kind.UPLOAD, extension)
    with Image.open(asset.file) as image:
        assert image.format == {"jpg": "JPEG", "png": "PNG"}[extension]


def test_what_the_file_lost_is_said(visitor: Client, bundled: Connection) -> None:
    answer = visitor.post(CONVERT, {"picture": build_upload(content=build_heic(pictures=3))})
    assert answer.json()["notice"].endswith("The file has 3 pictures: only the main one was taken.")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (build_heic()[:300], "The image is damaged or incomplete."),
        (
            build_heic(size=(8064, 6048)),
            "The picture has 8064 x 6048 px, 48.8 megapixels; the limit is 34.0 megapixels.",
        ),
        (b"%PDF-1.7", "This file is in no format that can be converted."),
        (b"", "The file is empty."),
    ],
)
def test_what_cannot_be_converted_is_refused_by_a_sentence(
    visitor: Client, bundled: Connection, content: bytes, sentence: str
) -> None:
    answer = visitor.post(CONVERT, {"picture": build_upload(content=content)})
    assert (answer.status_code, answer.json()) == (422, {"error": sentence})
    assert not Asset.objects.exists()


def test_without_scripts_the_form_comes_back_with_the_converted_picture(
    visitor: Client, submission: dict[str, Any]
) -> None:
    answer = visitor.post(FEATURE, submission | {"picture": build_upload()})
    page = answer.content.decode()
    asset = Asset.objects.get()
    assert answer.status_code == 422
    assert not Job.objects.exists(), "nobody has seen the picture yet"
    assert "This is a HEIC file. It was converted to IMG_0001.jpg. Press Start to work on it." in page
    assert f'name="source" value="{asset.uuid}"' in re.sub(r"\s+", " ", page)
    # The page is sent as it is, without a file.
    visitor.post(FEATURE, submission | {"source": str(asset.uuid)})
    assert Job.objects.get().source == asset
    assert (asset.name, asset.width) == ("IMG_0001.jpg", SIDE)


def test_without_scripts_a_damaged_picture_is_refused_by_a_sentence(
    visitor: Client, submission: dict[str, Any]
) -> None:
    answer = visitor.post(FEATURE, submission | {"picture": build_upload(content=build_heic()[:300])})
    assert answer.status_code == 422
    assert "The image is damaged or incomplete." in answer.content.decode()


def test_the_command_converts_them_too_and_refuses_by_a_sentence(
    alice: User, bundled: Connection, tmp_path: Path
) -> None:
    source = tmp_path / "IMG_0001.heic"
    source.write_bytes(build_heic()[:300])
    with pytest.raises(CommandError, match=r"IMG_0001\.heic: The image is damaged or incomplete\.$"):
        call_command("enhance", str(source), str(tmp_path / "out.jpg"), feature="denoise", user="alice")


def test_a_jpg_goes_on_as_before(visitor: Client, submission: dict[str, Any]) -> None:
    picture = SimpleUploadedFile("IMG_0001.HEIC", make_picture_file(format="JPEG").read())
    assert visitor.post(FEATURE, submission | {"picture": picture}).status_code == 302
    assert Asset.objects.get().name == "IMG_0001.jpg"


def test_the_file_dialog_offers_these_formats(visitor: Client, bundled: Connection) -> None:
    page = visitor.get(FEATURE).content.decode()
    assert ".heic" in page
    assert ".avif" in page
