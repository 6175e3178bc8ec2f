"""Two people of one team look at the same work, and somebody outside sees none of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.pictures import small_photo
from tests.browser.test_people import add_person, visit
from tests.browser.visitor import Visitor
from tests.live_site import JOB_SECONDS

pytestmark = pytest.mark.slow
# The fixture of those tests is used here, too.
__all__ = ["visit"]


def test_two_people_see_the_same_job_move_and_a_stranger_sees_nothing(
    alice: Visitor, visit: Callable[[str], Visitor], troubles: Any, tmp_path: Path
):
    add_person(alice, "ben")
    alice.site.add_person("chris", team="Faraway")
    ben, chris = visit("ben"), visit("chris")
    on_the_page = Visitor(ben.page.context.new_page(), alice.site)
    alice.open("features/enlarge3/").drop(small_photo(tmp_path, "shared.png", side=320)).start()
    job = alice.page.url

    on_the_page.page.goto(job)
    ben.open("jobs/")
    row = ben.find(".job-row").first
    expect(row).to_contain_text("shared.png")
    expect(row.locator(".job-row-person")).to_contain_text("alice")
    expect(row.locator(".avatar")).to_have_text("al")
    assert ben.find("#jobs-list").get_attribute("hx-trigger") == "poll"
    # The result comes by itself, after the phases that the page has caught: how many depends on the machine.
    assert on_the_page.watch_progress()
    alice.wait_for_result()
    expect(row).to_contain_text("Done", timeout=JOB_SECONDS * 1000)
    expect(on_the_page.find(".facts .avatar-name")).to_have_text("alice")

    troubles.expect("404")
    links = [alice.find("#download-result").get_attribute("href") or ""]
    links.append(alice.find("#result-compare img").nth(1).get_attribute("src") or "")
    addresses = [job, f"{job}progress/", *(f"{alice.site.url}{link}" for link in links)]
    assert [ben.page.request.get(address).status for address in addresses] == [200] * 4
    assert [chris.page.request.get(address).status for address in addresses] == [404] * 4

    # One click leads to one's own; from there, back to everybody's.
    ben.page.get_by_role("link", name="Mine").click()
    expect(ben.page.get_by_text("No jobs of this person")).to_be_visible()
    ben.page.get_by_role("link", name="Everybody’s", exact=True).click()
    expect(row).to_contain_text("shared.png")
    ben.page.get_by_role("button", name="Somebody’s").click()
    ben.find("#person-menu").get_by_role("link", name="alice").click()
    expect(ben.page.get_by_role("button", name="Made by alice")).to_be_visible()
    row.click()
    expect(ben.page).to_have_url(job)
    ben.page.go_back()
    assert ben.page.url.endswith("/jobs/?person=alice")


def test_a_picture_made_private_in_the_gallery_is_gone_for_everybody_else_until_it_is_shared(
    alice: Visitor, visit: Callable[[str], Visitor], troubles: Any, tmp_path: Path
):
    add_person(alice, "bert")
    bert = visit("bert")
    alice.make_result("enlarge3", small_photo(tmp_path, "hidden.png", side=32), scale=2)
    file = f"{alice.site.url}{alice.find('#download-result').get_attribute('href')}"
    alice.open("gallery/?q=hidden")
    alice.find(".gallery > li").first.hover()
    alice.find(".gallery-more").first.click()
    alice.page.get_by_role("button", name="Make private").click()
    expect(alice.page.get_by_text("is private now")).to_be_visible()
    expect(alice.find(".gallery-private").first).to_be_visible()
    assert alice.page.url.endswith("/gallery/?q=hidden")
    troubles.expect("404")
    assert bert.page.request.get(file).status == 404
    bert.open("gallery/?q=hidden")
    expect(bert.page.get_by_text("No pictures match")).to_be_visible()
    alice.find(".gallery > li").first.hover()
    alice.find(".gallery-more").first.click()
    alice.page.get_by_role("button", name="Share with the team").click()
    expect(alice.page.get_by_text("The team sees")).to_be_visible()
    assert bert.page.request.get(file).status == 200


def test_a_page_inside_a_picture_runs_nothing_in_a_browser(alice: Visitor, tmp_path: Path):
    polyglot = tmp_path / "page.jpg"
    script = b"<html><script>document.title = 'run'; parent.hacked = top.hacked = 1</script>"
    picture = small_photo(tmp_path, "plain.jpg", side=32).read_bytes()
    polyglot.write_bytes(picture + script)
    alice.make_result("enlarge3", polyglot, scale=2)
    source = alice.find("#result-compare img").first.get_attribute("data-full") or ""
    response = alice.page.goto(alice.site.url + source)
    assert response is not None
    assert script in response.body()
    assert alice.page.evaluate("[document.contentType, document.images.length, self.origin]") == [
        "image/jpeg",
        1,
        "null",
    ]
