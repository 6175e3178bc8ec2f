"""The list of jobs follows them by itself."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow


def test_a_row_follows_its_job_and_keeps_the_focus(alice: Visitor, tmp_path: Path):
    alice.open("features/enlarge3/").drop(small_photo(tmp_path, side=256)).start()
    alice.open("jobs/")
    row = alice.find(".job-row").first
    row.focus()
    expect(row).to_contain_text("Done", timeout=60_000)
    expect(row).to_be_focused()
    expect(alice.find("#jobs-announce")).to_have_text(re.compile("Done"))
    expect(alice.find("#jobs-list")).not_to_have_attribute("hx-trigger", "poll")


def test_polls_get_rarer_while_nothing_changes_and_stop_while_nobody_looks(alice: Visitor, tmp_path: Path):
    alice.open("features/enlarge3/").drop(small_photo(tmp_path, side=256)).start()
    page, polls = alice.page, []
    page.clock.install()

    def answer_unchanged(route: Route) -> None:
        if "x-rows" not in route.request.headers:
            route.fallback()
            return
        polls.append(route.request.url)
        route.fulfill(status=204)

    page.route("**/jobs/", answer_unchanged)
    alice.open("jobs/")
    expect(alice.find("#jobs-list")).to_have_attribute("hx-trigger", "poll")
    for _second in range(60):
        page.clock.run_for(1000)
    assert 5 <= len(polls) <= 9  # after 2, 5, 9.5, 16, 26, 41 and 56 s; every two seconds would be 30

    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    seen = len(polls)
    page.clock.run_for(60_000)
    assert len(polls) == seen
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    with page.expect_request("**/jobs/"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
