"""An upload that is one too many says on the page when to try again, and keeps the picture."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow


def test_the_form_says_how_long_to_wait_and_keeps_the_picture(alice: Visitor, troubles: Any, tmp_path: Path) -> None:
    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=429, headers={"Retry-After": "90"}, body="")
        else:
            route.continue_()

    troubles.expect("429")
    photo = small_photo(tmp_path, side=32)
    alice.open("features/enlarge3/").drop(photo)
    alice.page.route("**/features/enlarge3/", refuse)
    alice.find("#submit-job").click()
    expect(alice.find("#picture-error")).to_contain_text("Try again in 1 min 30 s.")
    expect(alice.find("#picture-name")).to_have_text(photo.name)
    expect(alice.find("#submit-job")).to_be_enabled()
