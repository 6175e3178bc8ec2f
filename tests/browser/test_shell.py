"""What stands around every page: the account menu, dialogs, messages, the theme."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor
from tests.live_site import PASSWORD, LiveSite

pytestmark = pytest.mark.slow


def focused_id(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_account_menu_is_under_its_button_and_closes_again(alice: Visitor):
    page, menu, button = alice.page, alice.find("#account-menu"), alice.find("#account-button")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        button.click()
        expect(menu).to_be_visible()
        menu_box, button_box = menu.bounding_box(), button.bounding_box()
        assert menu_box
        assert button_box
        assert button_box["y"] + button_box["height"] <= menu_box["y"] < button_box["y"] + button_box["height"] + 20
        assert menu_box["x"] >= 0
        assert menu_box["x"] + menu_box["width"] <= width
        page.mouse.click(width // 4, 600)
        expect(menu).to_be_hidden()
    alice.press("Escape")
    button.press("Enter")
    alice.press("Tab")
    expect(menu.get_by_role("link").first).to_be_focused()
    alice.press("Escape")
    expect(menu).to_be_hidden()
    assert focused_id(page) == "account-button"


def test_shortcuts_open_from_the_menu_and_give_the_focus_back(alice: Visitor):
    alice.find("#account-button").click()
    alice.find("#account-menu").get_by_role("button", name="Shortcuts").click()
    expect(alice.find("#shortcuts")).to_be_visible()
    expect(alice.find("#account-menu")).to_be_hidden()
    alice.press("Escape")
    expect(alice.find("#shortcuts")).to_be_hidden()
    expect(alice.find("#account-button")).to_be_focused()


def test_click_beside_a_dialog_closes_it(alice: Visitor):
    alice.press("?").page.mouse.click(5, 5)
    expect(alice.find("#shortcuts")).to_be_hidden()


def test_theme_key_switches(alice: Visitor):
    alice.press("t")
    assert alice.page.evaluate("document.documentElement.dataset.theme") == "dark"
    alice.press("t")
    assert alice.page.evaluate("document.documentElement.dataset.theme ?? ''") == ""


def test_scripts_leave_no_globals(alice: Visitor, new_context: Any):
    without = Visitor(new_context().new_page(), alice.site).go("/healthz").page
    of_browser: Any = without.evaluate("Object.keys(window)")
    ours: Any = alice.page.evaluate("Object.keys(window)")
    assert {*ours} - {*of_browser} == {"htmx"}


@pytest.mark.parametrize("scripts", [True, False])
def test_what_succeeded_is_said_above_the_navigation_until_it_is_closed(
    site: LiveSite, new_context: Any, troubles: Any, scripts: bool
):
    page = troubles.watch(new_context(java_script_enabled=scripts)).new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    visitor = Visitor(page, site).log_in("alice").go("/password/")
    visitor.find("#id_old_password").fill(PASSWORD)
    visitor.find("#id_new_password1").fill(PASSWORD)
    visitor.find("#id_new_password2").fill(PASSWORD)
    visitor.find("#id_new_password2").press("Enter")
    toast = visitor.find(".toast")
    expect(toast.get_by_role("status")).not_to_be_empty()
    toast_box, navigation_box = toast.bounding_box(), visitor.find(".nav").bounding_box()
    assert toast_box
    assert navigation_box
    assert toast_box["y"] + toast_box["height"] < navigation_box["y"]
    toast.get_by_role("button", name="Close").click()
    expect(toast).to_be_hidden()


def test_style_guide_works_in_both_themes(alice: Visitor):
    alice.go("/styleguide/")
    grounds: Any = alice.page.evaluate(
        "[...document.querySelectorAll('.sample-theme')].slice(0, 2).map((e) => getComputedStyle(e).backgroundColor)"
    )
    assert grounds[0] != grounds[1]
    alice.find("#dialog").get_by_role("button", name="Open").last.click()
    expect(alice.find("#dark-dialog")).to_be_visible()
    alice.find("#dark-dialog").get_by_role("button", name="Keep it").click()
    expect(alice.find("#dark-dialog")).to_be_hidden()
