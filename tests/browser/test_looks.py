"""The switch between light and dark, and the site without scripts. `test_walk.py` looks at every page."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor
from tests.live_site import LiveSite, ScriptlessVisitor

pytestmark = pytest.mark.slow
LONG_NAME = "a-very-long-name-from-a-camera-that-nobody-ever-shortened-" * 3 + ".png"


@pytest.fixture(scope="module")
def finished_job(site: LiveSite, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a job's page, of a picture with a name that fits nowhere."""
    person = ScriptlessVisitor(site).log_in("alice")
    picture = small_photo(tmp_path_factory.mktemp("long"), LONG_NAME[-200:], side=32)
    job = person.start_job(picture=picture, scale="2", suppress_noise="0", remove_blur="0")
    person.wait_until_done(job)
    return job


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
