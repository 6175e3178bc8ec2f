"""A result is shared with somebody outside, who sees it in their own browser until the link is revoked."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor
from tests.live_site import ScriptlessVisitor

pytestmark = pytest.mark.slow
SHARE_PASSWORD = "open sesame"


@pytest.fixture
def guest(new_context: Any, troubles: Any) -> Page:
    """The browser of somebody without an account."""
    page: Page = troubles.watch(new_context()).new_page()
    return page


def test_somebody_outside_compares_and_downloads_until_the_link_is_revoked(
    alice: Visitor, guest: Page, troubles: Any, tmp_path: Path
) -> None:
    person = ScriptlessVisitor(alice.site).log_in("alice")
    job = person.start_job(picture=small_photo(tmp_path, side=32), scale="2", suppress_noise="0", remove_blur="0")
    person.wait_until_done(job)
    alice.go(job).page.get_by_role("link", name="Share by link").click()
    alice.page.get_by_label("Title").fill("For the printer")
    alice.page.get_by_label("Password").fill(SHARE_PASSWORD)
    alice.page.get_by_label("Let visitors download the original files").check()
    alice.page.get_by_role("button", name="Create the link").click()
    path = alice.page.get_by_label("Address of the link").first.input_value().split("/s/")[1]
    address = f"{alice.site.url}/s/{path}"

    guest.goto(address)
    expect(guest.get_by_role("heading", name="For the printer")).to_have_count(0)
    troubles.expect("422")
    guest.get_by_label("Password").fill("open barley")
    guest.get_by_role("button", name="Show the pictures").click()
    expect(guest.get_by_text("This password is wrong.")).to_be_visible()
    guest.get_by_label("Password").fill(SHARE_PASSWORD)
    guest.get_by_role("button", name="Show the pictures").click()
    expect(guest.get_by_role("heading", name="For the printer")).to_be_visible()
    slider = guest.get_by_role("slider", name="Compare before and after")
    expect(slider).to_have_attribute("aria-valuenow", "50")
    slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuenow", "48")
    assert guest.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    with guest.expect_download() as saved:
        guest.get_by_role("link", name="Download", exact=True).click()
    with Image.open(saved.value.path()) as picture:
        assert picture.size == (64, 64)
    assert guest.context.cookies(alice.site.url) == []

    alice.open("links/").page.get_by_role("link", name="Revoke").first.click()
    alice.page.get_by_role("button", name="Revoke").click()
    expect(alice.find(".chip").first).to_have_text("Revoked")
    troubles.expect("404")
    guest.reload()
    expect(guest.get_by_text("This share link is wrong, has expired or was revoked")).to_be_visible()
