"""The comparison slider stands still while its scripts and pictures load."""

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Route, expect

from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor
from tests.browser.walk import WATCH
from tests.live_site import ScriptlessVisitor

pytestmark = pytest.mark.slow
# Cumulative layout shift; a tenth of what counts as good is 0.01.
MAX_SHIFT = 0.01
HOLD_MS = 200


def test_slider_keeps_its_place_while_it_loads(alice: Visitor, tmp_path: Path):
    person = ScriptlessVisitor(alice.site).log_in("alice")
    job = person.start_job(picture=small_photo(tmp_path, side=32), scale="2", suppress_noise="0", remove_blur="0")
    person.wait_until_done(job)
    file = io.BytesIO()
    Image.new("RGB", (100, 96)).save(file, "PNG")  # a thumbnail whose ratio isn't quite the result's

    def answer_late(route: Route) -> None:
        alice.page.wait_for_timeout(HOLD_MS)
        if "preview" in route.request.url:
            route.fulfill(content_type="image/png", body=file.getvalue())
        else:
            route.continue_()

    alice.page.add_init_script(WATCH)
    for pattern in ("**/preview.webp", "**/img-comparison-slider/**"):
        alice.page.route(pattern, answer_late)
    for width in (390, 1440):
        alice.page.set_viewport_size({"width": width, "height": 844})
        alice.go(job)
        expect(alice.find("#result-compare.rendered")).to_be_visible()
        alice.page.wait_for_function("[...document.images].every((image) => image.complete)")
        alice.page.wait_for_timeout(HOLD_MS)
        shifts = alice.page.evaluate("window.layoutShifts.reduce((sum, shift) => sum + shift.value, 0)")
        assert shifts < MAX_SHIFT
        box = alice.find("#result-compare").bounding_box()
        assert box
        assert box["width"] == pytest.approx(box["height"], abs=1), "it took the ratio of the thumbnail"
