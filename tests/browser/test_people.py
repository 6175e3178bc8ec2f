"""More than one person: the owner adds somebody, who sees nothing of what isn't theirs."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor
from tests.live_site import PASSWORD, LiveSite

pytestmark = pytest.mark.slow


def add_person(owner: Visitor, name: str) -> None:
    owner.go("/people/")
    owner.find("#id_username").fill(name)
    owner.find("#id_password1").fill(PASSWORD)
    owner.find("#id_password2").fill(PASSWORD)
    owner.page.get_by_role("button", name="Add", exact=True).click()
    expect(owner.page.get_by_role("cell", name=name)).to_be_visible()


def test_added_person_works_alone(alice: Visitor, site: LiveSite, new_context: Any, troubles: Any, tmp_path: Path):
    alice.make_result("enlarge3", small_photo(tmp_path, side=32), scale=2)
    job = alice.page.url
    file = alice.find("#download-result").get_attribute("href")
    thumbnail = alice.find("#result-compare img").nth(1).get_attribute("src")
    add_person(alice, "bob")

    bob = Visitor(troubles.watch(new_context()).new_page(), site).log_in("bob")
    bob.go("/gallery/")
    expect(bob.find(".gallery-tile")).to_have_count(0)
    assert bob.credits_left() == 1000
    bob.go("/jobs/")
    expect(bob.page.get_by_text("cat.png")).to_have_count(0)
    troubles.expect("404")
    troubles.expect("403")
    for url in [job, f"{job}progress/", *(f"{site.url}{link}" for link in (file, thumbnail))]:
        assert bob.page.request.get(url).status == 404, url
    assert bob.page.request.get(f"{site.url}/people/").status == 403

    bob.make_result("enlarge3", small_photo(tmp_path, "bobs.png", side=32), scale=2)
    assert bob.credits_left() == 999
    alice.go("/gallery/")
    expect(alice.page.get_by_text("bobs")).to_have_count(0)


def test_refused_password_is_told_beside_its_field(alice: Visitor, troubles: Any):
    troubles.expect("422")
    alice.go("/people/")
    alice.find("#id_username").fill("carol")
    alice.find("#id_password1").fill("12345")
    alice.find("#id_password2").fill("12345")
    alice.page.get_by_role("button", name="Add", exact=True).click()
    expect(alice.page.get_by_text("at least 10 characters").first).to_be_visible()
    expect(alice.find("#id_username")).to_have_value("carol")


def test_password_is_changed_and_the_old_one_opens_nothing(
    alice: Visitor, site: LiveSite, new_context: Any, troubles: Any
):
    add_person(alice, "dora")
    dora = Visitor(troubles.watch(new_context()).new_page(), site).log_in("dora")
    dora.go("/password/")
    dora.find("#id_old_password").fill(PASSWORD)
    dora.find("#id_new_password1").fill("another fine sentence")
    dora.find("#id_new_password2").fill("another fine sentence")
    dora.page.get_by_role("button", name="Change password").click()
    expect(dora.page.get_by_text("Your password is changed.")).to_be_visible()
    dora.find("#account-menu summary").click()
    dora.page.get_by_role("button", name="Log out").click()
    dora.page.wait_for_url("**/login/**")
    troubles.expect("422")
    dora.find("#id_username").fill("dora")
    dora.find("#id_password").fill(PASSWORD)
    dora.page.get_by_role("button", name="Log in").click()
    expect(dora.find("#id_password")).to_be_visible()
    expect(dora.find("#account-menu")).to_have_count(0)
    dora.log_in("dora", "another fine sentence")


def test_anonymous_visitor_is_asked_to_log_in(page: Page, site: LiveSite):
    for path in (
        "/",
        "/features/enlarge3/",
        "/jobs/",
        "/gallery/",
        "/usage/",
        "/connections/",
        "/people/",
        "/password/",
    ):
        page.goto(site.url + path)
        assert page.url.startswith(f"{site.url}/login/"), path
