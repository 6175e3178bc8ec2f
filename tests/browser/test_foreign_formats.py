"""Pictures in formats that the tools don't work on: offered to be converted, and shown before anything starts."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Troubles
from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor
from tests.lib.heif_pictures import build_heic

pytestmark = pytest.mark.slow
FEATURE = "features/enlarge3/"


@pytest.fixture
def heic(tmp_path: Path) -> Path:
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(build_heic(tiles=(2, 1), quarter_turns=3, pictures=2))
    return path


def test_a_phones_photo_is_converted_if_people_say_so(alice: Visitor, heic: Path):
    alice.open(FEATURE).drop_files(heic)
    error = alice.find("#picture-error")
    expect(error).to_contain_text("IMG_0001.HEIC is a HEIC file, and the tools work on JPG and PNG.")
    expect(alice.find("#drop")).to_be_visible()
    error.get_by_role("button", name="Convert it").click()
    expect(alice.find("#picture-name")).to_have_text("IMG_0001.jpg")
    expect(error).to_contain_text(
        "It was converted to IMG_0001.jpg. The file has 2 pictures: only the main one was taken."
    )
    expect(alice.find("#picture-facts")).to_contain_text("64 × 128 px")
    preview = alice.find("#picture-preview")
    assert preview.evaluate("image => image.decode().then(() => image.naturalHeight)") == 128
    # It stays chosen, without a file in the form.
    alice.page.reload()
    expect(alice.find("#picture-name")).to_have_text("IMG_0001.jpg")
    alice.start()


@pytest.mark.parametrize(("format", "name"), [("WEBP", "WebP"), ("TIFF", "TIFF"), ("AVIF", "AVIF"), ("BMP", "BMP")])
def test_every_format_is_known_by_its_bytes(alice: Visitor, tmp_path: Path, format: str, name: str):
    picture = tmp_path / "photo.bin"
    Image.new("RGB", (32, 24), "teal").save(picture, format)
    alice.open(FEATURE).find("#picture-input").set_input_files(picture)
    expect(alice.find("#picture-error")).to_contain_text(f"photo.bin is a {name} file")


def test_a_photo_that_cannot_be_converted_leaves_the_good_one(
    alice: Visitor, heic: Path, tmp_path: Path, troubles: Troubles
):
    cat = small_photo(tmp_path, side=32)
    heic.write_bytes(heic.read_bytes()[:300])
    alice.open(FEATURE).drop(cat).drop_files(heic)
    error = alice.find("#picture-error")
    expect(error).to_contain_text("cat.png stays chosen.")
    troubles.expect("422")
    error.get_by_role("button", name="Convert it").click()
    expect(error).to_have_text("IMG_0001.HEIC: The image is damaged or incomplete.")
    expect(alice.find("#picture-name")).to_have_text("cat.png")
    alice.start()


def test_a_lost_connection_costs_nothing(alice: Visitor, heic: Path, troubles: Troubles):
    alice.open(FEATURE).drop_files(heic)
    error = alice.find("#picture-error")
    troubles.expect("ERR_INTERNET_DISCONNECTED")
    alice.page.context.set_offline(True)
    error.get_by_role("button", name="Convert it").click()
    expect(error).to_contain_text("couldn't be converted")
    alice.page.context.set_offline(False)
    error.get_by_role("button", name="Convert it").click()
    expect(alice.find("#picture-name")).to_have_text("IMG_0001.jpg")
