"""The page of the API's calls: a token is made in the browser, and calls are tried with it under the page's rules."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow


def test_a_call_is_tried_with_a_new_token(alice: Visitor, tmp_path: Path) -> None:
    alice.go("/account/tokens/")
    alice.find("#id_name").fill("nightly")
    alice.page.get_by_label("Write").check()
    alice.page.get_by_role("button", name="Make the token").click()
    token = alice.find("copy-text pre").inner_text().strip()
    alice.go("/api/v1/docs")
    alice.find("#api-token").fill(token)
    alice.find("#get-me summary").click()
    alice.find("#get-me button").click()
    expect(alice.find("#get-me [data-status]")).to_contain_text("200")
    alice.find("#post-pictures summary").click()
    alice.find("#post-pictures-file").set_input_files(small_photo(tmp_path, side=32))
    alice.find("#post-pictures button").click()
    expect(alice.find("#post-pictures [data-status]")).to_contain_text("201")
    picture = json.loads(alice.find("#post-pictures pre").inner_text())
    assert (picture["width"], picture["person"]) == (32, "alice")
