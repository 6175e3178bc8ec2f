"""Files dropped and pasted: nothing opens in place of the site, is lost, or goes without a word."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Troubles
from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor
from tests.live_site import TEAM_PATH, LiveSite

pytestmark = pytest.mark.slow
FEATURE = "features/enlarge3/"
HINT = "Choose one in the studio first."
PAGES_OF_TEAM = ("", "gallery/", "jobs/", "usage/", "connections/", "people/")
OTHER_PAGES = ("/styleguide/", "/password/", "/models/")
PASTE = """
({ at, bytes, text }) => {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([Uint8Array.from(bytes)], "copied.png", { type: "image/png" }));
  if (text) clipboardData.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData });
  document.querySelector(at).dispatchEvent(event);
  return event.defaultPrevented;
}
"""


def paste(visitor: Visitor, picture: Path, *, at: str = "#main", text: str = "") -> bool:
    """Return whether the page took the paste from the element that it went to."""
    return bool(visitor.page.evaluate(PASTE, {"at": at, "bytes": list(picture.read_bytes()), "text": text}))


def get_held(visitor: Visitor) -> str:
    """Return the name of the file that would be sent."""
    return str(visitor.page.evaluate("document.getElementById('picture-input').files[0]?.name ?? ''"))


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    return small_photo(tmp_path, side=32)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_text("no picture")
    return path


def test_a_refused_file_leaves_the_good_one(alice: Visitor, cat: Path, notes: Path):
    alice.open(FEATURE).drop(cat)
    error = alice.find("#picture-error")
    for offer in (lambda: alice.drop_files(notes), lambda: alice.find("#picture-input").set_input_files(notes)):
        offer()
        expect(error).to_contain_text("notes.txt can't be opened as a picture.")
        expect(error).to_contain_text("cat.png stays chosen.")
        expect(alice.find("#picture-name")).to_have_text("cat.png")
        expect(alice.find("#picture-preview")).to_be_visible()
        assert get_held(alice) == "cat.png"
        alice.drop(cat)
        expect(error).to_be_empty()
    alice.find("#picture-input").set_input_files([])
    assert get_held(alice) == "cat.png"

    alice.open(FEATURE + "?sample=astronaut").drop_files(notes)
    expect(error).to_contain_text("Astronaut stays chosen.")
    expect(alice.find("[name=sample]:checked")).to_have_value("astronaut")
    alice.find("#picture-replace").click()
    alice.drop_files(notes)
    expect(error).to_have_text("notes.txt can't be opened as a picture. Choose a JPG or PNG.")
    assert get_held(alice) == ""


def test_of_several_files_the_first_good_one_is_taken_and_the_others_are_named(
    alice: Visitor, cat: Path, notes: Path, tmp_path: Path
):
    dog = small_photo(tmp_path, "dog.png", side=32)
    alice.open(FEATURE).drop_files(notes, cat, dog)
    expect(alice.find("#picture-name")).to_have_text("cat.png")
    notice = alice.find("#picture-error")
    expect(notice).to_contain_text("cat.png was taken")
    expect(notice).to_contain_text("Not taken (2): notes.txt, dog.png")
    assert get_held(alice) == "cat.png"

    notes.with_name("more.txt").write_text("nor this")
    alice.drop_files(notes, notes.with_name("more.txt"))
    expect(notice).to_contain_text("None of the 2 files was taken.")
    expect(notice).to_contain_text("cat.png stays chosen.")
    alice.drop_files(*[small_photo(tmp_path, f"{number}.png", side=32) for number in range(6)])
    expect(notice).to_contain_text("Not taken (5): 1.png, 2.png, 3.png, …")


def test_a_file_is_checked_before_it_is_sent(alice: Visitor, cat: Path, notes: Path):
    alice.open(FEATURE).drop(cat)
    alice.page.evaluate("""() => { const { decode } = HTMLImageElement.prototype;
      HTMLImageElement.prototype.decode = async function () {
        await new Promise((next) => setTimeout(next, 500));
        return decode.call(this); }; }""")
    alice.drop_files(notes).find("#submit-job").click()
    expect(alice.find("#picture-error")).to_contain_text("cat.png stays chosen.")
    alice.drop_files(cat).start()


def test_a_dropped_file_never_opens_in_place_of_the_site(alice: Visitor, cat: Path):
    toast = alice.find('.toast[data-of="files-hint"]')
    for path in (*(TEAM_PATH + page for page in PAGES_OF_TEAM), *OTHER_PAGES):
        alice.go(path).drag_from_desktop(cat)
        expect(alice.page).to_have_url(alice.site.url + path)
        expect(toast).to_have_count(1)
        expect(toast).to_contain_text(HINT)
        toast.get_by_role("button", name="Close").click()
        expect(toast).to_be_hidden()
    alice.open(FEATURE).drag_from_desktop(cat)
    expect(alice.find("#picture-name")).to_have_text("cat.png")
    expect(alice.find("#stage")).not_to_have_class("is-dragging")


def test_before_the_log_in_a_dropped_file_opens_nothing_either(
    site: LiveSite, page: Page, cat: Path, troubles: Troubles
):
    troubles.expect("404")
    visitor = Visitor(page, site)
    for path in ("/login/", "/nowhere/"):
        visitor.go(path).drag_from_desktop(cat)
        page.wait_for_timeout(300)
        expect(page).to_have_url(site.url + path)
    expect(visitor.find(".toast")).to_have_count(0)


def test_a_folder_is_said_to_be_none(alice: Visitor, cat: Path, tmp_path: Path, troubles: Troubles):
    troubles.expect("ERR_FILE_NOT_FOUND")  # Chromium's word for a folder as a picture
    folder = tmp_path / "holiday"
    folder.mkdir()
    alice.open(FEATURE).drop(cat).drag_from_desktop(folder)
    expect(alice.find("#picture-error")).to_contain_text("cat.png stays chosen.")
    assert get_held(alice) == "cat.png"


def test_a_pasted_picture_is_taken_like_a_dropped_one(alice: Visitor, cat: Path):
    alice.open(FEATURE)
    assert paste(alice, cat)
    expect(alice.find("#picture-name")).to_have_text("copied.png")
    alice.open("gallery/")
    assert paste(alice, cat)
    expect(alice.find(".toast")).to_contain_text(HINT)


def test_a_field_keeps_the_text_of_what_has_both(alice: Visitor, cat: Path):
    alice.open(FEATURE).find("#panel summary").click()
    assert not paste(alice, cat, at="#id_dpi", text="300")
    assert get_held(alice) == ""
    alice.open("connections/")
    assert not paste(alice, cat, at="input[name=token]", text="abc")
    expect(alice.find(".toast")).to_have_count(0)
