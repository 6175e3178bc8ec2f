"""Every page in light and dark, at the width of a desk and of a phone; and without a script."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor
from tests.live_site import TEAM_PATH, LiveSite, ScriptlessVisitor

pytestmark = pytest.mark.slow
LONG_NAME = "a-very-long-name-from-a-camera-that-nobody-ever-shortened-" * 3 + ".png"
TEAM_PAGES = ["", "features/enlarge3/", "features/denoise/", "features/matting/", "features/cartoonize/", "jobs/",
              "gallery/", "usage/", "connections/", "people/"]  # fmt: skip
PAGES = [*(TEAM_PATH + page for page in TEAM_PAGES), "/models/", "/styleguide/", "/password/"]


@pytest.fixture(scope="module")
def finished_job(site: LiveSite, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a job's page, of a picture with a name that fits nowhere."""
    person = ScriptlessVisitor(site).log_in("alice")
    picture = small_photo(tmp_path_factory.mktemp("long"), LONG_NAME[-200:], side=32)
    job = person.start_job(picture=picture, scale="2", suppress_noise="0", remove_blur="0")
    person.wait_until_done(job)
    return job


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_their_window(
    site: LiveSite, new_context: Any, troubles: Any, finished_job: str, scheme: str, width: int
):
    context = troubles.watch(new_context(color_scheme=scheme))
    visitor = Visitor(context.new_page(), site)
    visitor.page.set_viewport_size({"width": width, "height": 844})
    visitor.go("/login/")
    assert not visitor.scrolls_sideways()
    visitor.log_in("alice")
    for path in [*PAGES, finished_job]:
        visitor.go(path)
        expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
        assert not visitor.scrolls_sideways(), f"{path} is wider than {width} px"
        assert (brightness(visitor) < 90) == (scheme == "dark"), f"{path} is not {scheme}"


@pytest.mark.usefixtures("finished_job")
def test_list_of_jobs_on_a_phone_tells_the_name_the_state_and_the_time(alice: Visitor):
    alice.page.set_viewport_size({"width": 390, "height": 844})
    alice.open("jobs/")
    row = alice.find(".job-row").first
    expect(row.get_by_text("Done")).to_be_visible()
    expect(row.locator(".job-row-time")).to_have_text(re.compile(r"\d+ s"))
    expect(row.locator(".job-row-time")).to_be_visible()
    name = row.locator(".job-name").bounding_box()
    assert name
    assert name["width"] > 220, "the name has less room than it could"


def brightness(visitor: Visitor) -> float:
    """Of the page's ground, 0 to 255."""
    colour: Any = visitor.page.evaluate(
        """() => {
        const paint = document.createElement("canvas").getContext("2d");
        paint.fillStyle = getComputedStyle(document.body).backgroundColor;
        paint.fillRect(0, 0, 1, 1);
        return [...paint.getImageData(0, 0, 1, 1).data]; }"""
    )
    return float(sum(colour[:3]) / 3)


def test_theme_switch_is_kept_over_pages(alice: Visitor):
    before = brightness(alice)
    alice.find("#theme-switch").click()
    assert abs(brightness(alice) - before) > 100
    alice.open("gallery/")
    assert abs(brightness(alice) - before) > 100


def test_whole_job_without_javascript(site: LiveSite, new_context: Any, tmp_path: Path):
    page = new_context(java_script_enabled=False).new_page()
    visitor = Visitor(page, site).log_in("alice").open("features/enlarge3/")
    visitor.find("#picture-input").set_input_files(small_photo(tmp_path, side=32))
    visitor.start()
    for _ in range(120):
        if visitor.find("#download-result").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    assert visitor.download().size == (64, 64)
