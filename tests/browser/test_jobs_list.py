"""The list of jobs follows them by itself."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

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
    expect(alice.find("#jobs-list")).not_to_have_attribute("hx-trigger", "every 2s")
