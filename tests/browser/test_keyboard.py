"""The main job without a mouse."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.pictures import small_photo
from tests.browser.visitor import JOB_PAGE, Visitor
from tests.live_site import TEAM_PATH

pytestmark = pytest.mark.slow


def test_picture_to_download_by_keyboard(alice: Visitor, tmp_path: Path):
    page = alice.page
    alice.open("features/enlarge3/")
    with page.expect_file_chooser() as chooser:
        alice.press("o")
    chooser.value.set_files(small_photo(tmp_path, side=32))
    expect(alice.find("#picture-name")).to_have_text("cat.png")
    alice.press("Control+Enter")
    page.wait_for_url(JOB_PAGE)
    alice.wait_for_result()

    slider = alice.find("#result-compare")
    slider.focus()
    alice.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    for key, value in (
        ("ArrowRight", "2"),
        ("ArrowRight", "4"),
        ("ArrowLeft", "2"),
        ("ArrowUp", "4"),
        ("PageUp", "14"),
    ):
        page.keyboard.press(key)  # quickly: there and gone before the next frame
        expect(slider).to_have_attribute("aria-valuenow", value)
        assert float(slider.evaluate("slider => slider.value")) == float(value)
    alice.press("End")
    expect(slider).to_have_attribute("aria-valuenow", "100")

    before = slider.locator('[slot="first"]')
    alice.press("z")
    expect(alice.find("#zoom-switch")).to_have_attribute("aria-pressed", "true")
    assert before.evaluate("image => image.getBoundingClientRect().width") == 64
    alice.press("z")
    assert before.evaluate("image => image.getBoundingClientRect().width") > 200

    with page.expect_download() as saved:
        alice.press("d")
    assert saved.value.suggested_filename.endswith((".png", ".jpg"))
    for key, place in (("g", "gallery/"), ("u", "usage/"), ("j", "jobs/"), ("s", "")):
        alice.press("g")
        alice.press(key)
        page.wait_for_url(alice.site.url + TEAM_PATH + place)


def test_every_stop_of_the_tab_key_is_seen(alice: Visitor):
    alice.open("features/enlarge3/")
    names = []
    for _ in range(60):
        alice.press("Tab")
        stop: Any = alice.page.evaluate(
            """() => { const at = document.activeElement;
            if (!at || at === document.body) return null;
            const box = at.getBoundingClientRect(), style = getComputedStyle(at);
            const near = [at, at.closest("label"), at.nextElementSibling, at.parentElement].filter(Boolean);
            const marked = near.some((e) => { const s = getComputedStyle(e);
              return (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none"; });
            return { name: at.id || at.name || at.textContent.trim().slice(0, 30), marked,
                     shown: (box.width > 0 && box.height > 0) || style.opacity === "0" }; }"""
        )
        if stop is None:
            break
        names.append(stop["name"])
        assert stop["marked"], f"the focus can't be seen on {stop['name']}"
    assert "submit-job" in names, names
    assert "picture-input" in names or any("file" in name.lower() for name in names), names


def test_question_mark_lists_the_shortcuts(alice: Visitor):
    alice.press("?")
    expect(alice.find("#shortcuts")).to_be_visible()
    alice.press("Escape")
    expect(alice.find("#shortcuts")).to_be_hidden()


def test_shortcuts_of_a_single_key_can_be_switched_off(alice: Visitor):
    page, dialog, switch = alice.page, alice.find("#shortcuts"), alice.find("#shortcut-switch")
    alice.press("?")
    switch.focus()
    alice.press("Space")
    expect(page.get_by_role("switch", name="Use shortcuts of a single key")).not_to_be_checked()
    alice.press("Escape")
    for path in ("", "jobs/", "features/enlarge3/"):  # kept over pages
        alice.open(path)
        for key in ("?", "t", "o", "g", "u"):
            alice.press(key)
        page.wait_for_timeout(100)
        expect(page).to_have_url(alice.site.url + TEAM_PATH + path)
        expect(dialog).to_be_hidden()
        assert page.evaluate("document.documentElement.dataset.theme ?? ''") == ""
    alice.find("#account-button").click()
    alice.find("#account-menu").get_by_role("button", name="Shortcuts").click()
    expect(switch).not_to_be_checked()
    switch.press("Space")
    expect(switch).to_be_checked()
    alice.press("Escape").press("?")
    expect(dialog).to_be_visible()
