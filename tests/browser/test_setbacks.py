"""What goes wrong while a form is open costs neither the picture nor what was typed."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Troubles
from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor
from tests.live_site import TEAM_PATH

pytestmark = pytest.mark.slow


def test_a_wrong_setting_is_said_and_the_picture_kept(alice: Visitor, tmp_path: Path, troubles: Troubles):
    picture = small_photo(tmp_path)
    alice.open("features/enlarge3/").drop(picture).slide("remove_blur", 33)
    alice.find("#panel summary").click()
    alice.find("#id_dpi").fill("9999")
    troubles.expect("422")
    alice.find("#feature-form").evaluate("form => form.noValidate = true")
    alice.find("#submit-job").click()
    expect(alice.find("#id_dpi_error")).to_contain_text("2000")
    expect(alice.find("#id_remove_blur")).to_have_value("33")
    expect(alice.find('[data-value-of="id_remove_blur"]')).to_have_text("33%")
    expect(alice.find("#picture-name")).to_have_text(picture.name)
    alice.find("#id_dpi").fill("300")
    alice.start()


def test_being_offline_meanwhile_keeps_the_picture(alice: Visitor, tmp_path: Path, troubles: Troubles):
    picture = small_photo(tmp_path)
    alice.page.set_viewport_size({"width": 390, "height": 844})
    alice.open("features/enlarge3/").drop(picture)
    for words in ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest"):
        troubles.expect(words)
    alice.page.context.set_offline(True)
    alice.find("#submit-job").click()
    expect(alice.find("#picture-error")).to_contain_text("The server can't be reached")
    expect(alice.find("#picture-error")).to_be_in_viewport()
    alice.page.context.set_offline(False)
    expect(alice.find("#picture-name")).to_have_text(picture.name)
    alice.start()


def test_being_logged_out_meanwhile_keeps_the_picture(alice: Visitor, tmp_path: Path):
    alice.open("features/enlarge3/").drop(small_photo(tmp_path))
    alice.page.context.clear_cookies(name="sessionid")
    alice.find("#submit-job").click()
    expect(alice.find("#picture-error")).to_contain_text("You have been signed out")
    expect(alice.find("#panel h1")).to_be_visible()
    Visitor(alice.page.context.new_page(), alice.site).log_in("alice")
    alice.start()


def test_being_logged_out_while_a_page_watches_leads_to_the_log_in(alice: Visitor):
    alice.open("usage/")
    alice.page.get_by_role("button", name="Refresh").click()
    alice.page.context.clear_cookies(name="sessionid")
    alice.page.wait_for_url(f"**/login/?next={TEAM_PATH}usage/")
