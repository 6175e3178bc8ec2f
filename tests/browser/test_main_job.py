"""The main job from the first visit on: a photo goes in through the browser, a really enlarged one comes out."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor
from tests.live_site import PASSWORD, TEAM_NAME, TEAM_PATH, LiveSite

pytestmark = pytest.mark.slow
ASTRONAUT = Path(__file__).parent.parent / "photos" / "astronaut.png"


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[LiveSite]:
    """An installation nobody has opened yet."""
    with LiveSite(tmp_path) as site:
        yield site


def decibel(one: Image.Image, other: Image.Image) -> float:
    """PSNR of two RGB pictures of one size; infinite for equal ones."""
    difference = np.asarray(one.convert("RGB"), float) - np.asarray(other.convert("RGB"), float)
    error = float((difference**2).mean())
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


def create_owner(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(visitor.site.setup_url)
    page.reload()
    page.locator("#id_username").fill("alice")
    page.locator("#id_password1").fill(PASSWORD)
    page.locator("#id_password2").fill(PASSWORD)
    page.locator("#id_team_name").fill(TEAM_NAME)
    page.get_by_role("button", name="Create the account").click()
    expect(page).to_have_url(visitor.site.url + TEAM_PATH)


def assert_really_enlarged(result: Image.Image) -> None:
    """Check that the result shows the same photo, and none of Pillow's filters makes it from the original."""
    assert result.size == (1024, 1024)
    with Image.open(ASTRONAUT) as original:
        plain = {
            filter.name: decibel(result, original.convert("RGB").resize(result.size, filter))
            for filter in Image.Resampling
        }
    assert max(plain.values()) > 24, f"another picture: {plain}"
    assert max(plain.values()) < 38, f"no more than a resize: {plain}"


def test_from_the_set_up_link_to_one_credit_less(page: Page, empty_site: LiveSite):
    visitor = Visitor(page, empty_site)
    create_owner(visitor)

    page.reload()
    page.locator(f'a.feature-card[href="{TEAM_PATH}features/enlarge3/"]').click()
    page.reload()
    expect(page.locator("[data-balance-shown]")).to_have_text("1,000")
    visitor.drop(ASTRONAUT).choose("scale", 2)
    expect(page.locator("#picture-facts")).to_contain_text("512 × 512")
    visitor.start()

    page.reload()
    seen = visitor.watch_progress()
    percents = [percent for _, percent in seen if percent is not None]
    assert percents == sorted(percents)
    assert any(0 < percent < 100 for percent in percents), f"the percentage didn't move: {seen}"
    assert len(seen) > 2, f"the page stood still: {seen}"

    expect(page.locator("#job-announce")).to_have_text("Done. The result is ready.")
    for _ in range(2):  # as it came by itself, and after a reload
        expect(page.locator("#result-compare")).to_be_visible()
        drag_the_slider(page)
        page.reload()
    result = visitor.download()
    assert_really_enlarged(result)
    job = page.url

    visitor.open("gallery/")
    page.reload()
    expect(page.locator(".gallery-tile")).to_have_count(1)
    assert page.locator(".gallery-tile img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 360
    page.locator(".gallery-tile").click()
    expect(page).to_have_url(job)

    assert visitor.credits_left() == 999
    visitor.open("usage/history/")
    expect(page.locator("#usage-history tbody tr")).to_have_count(1)

    page.goto(empty_site.setup_url)
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Welcome")


@pytest.fixture(autouse=True)
def closed_link_is_meant(troubles):
    troubles.expect("404")


def drag_the_slider(page: Page) -> None:
    slider = page.locator("#result-compare")
    for side in ("first", "second"):
        picture = slider.locator(f'img[slot="{side}"]')
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    box = slider.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    for share in (0.25, 0.8):
        page.mouse.move(box["x"] + box["width"] * 0.5, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * share, middle, steps=8)
        page.mouse.up()
        value = float(slider.evaluate("slider => slider.value"))
        assert abs(value - 100 * share) < 6, f"dragged to {share}, it stands at {value} %"
