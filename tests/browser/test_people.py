"""More than one person: a team shares its work by roles, and nobody else sees any of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor
from tests.live_site import PASSWORD, TEAM_PATH, LiveSite

pytestmark = pytest.mark.slow


def add_person(owner: Visitor, name: str, role: str = "member") -> None:
    owner.open("people/")
    owner.find("#id_role").select_option(role)
    owner.find("#id_username").fill(name)
    owner.find("#id_password1").fill(PASSWORD)
    owner.find("#id_password2").fill(PASSWORD)
    owner.page.get_by_role("button", name="Add", exact=True).click()
    expect(owner.page.get_by_role("cell", name=name, exact=True)).to_be_visible()


@pytest.fixture
def visit(site: LiveSite, new_context: Any, troubles: Any) -> Callable[[str], Visitor]:
    """Logs a person in, in a browser of their own."""
    return lambda name: Visitor(troubles.watch(new_context()).new_page(), site).log_in(name)


def make_result_of_alice(alice: Visitor, folder: Path) -> tuple[str, list[str]]:
    """Return the address of a job of hers, and the addresses on its page."""
    alice.make_result("enlarge3", small_photo(folder, side=32), scale=2)
    job = alice.page.url
    file = alice.find("#download-result").get_attribute("href")
    thumbnail = alice.find("#result-compare img").nth(1).get_attribute("src")
    return job, [job, f"{job}progress/", *(f"{alice.site.url}{link}" for link in (file, thumbnail))]


def test_stranger_works_alone(alice: Visitor, visit: Callable[[str], Visitor], troubles: Any, tmp_path: Path):
    _job, urls = make_result_of_alice(alice, tmp_path)
    alice.site.add_person("charlie", team="Elsewhere")

    charlie = visit("charlie").go("/gallery/")
    expect(charlie.page).to_have_url(f"{alice.site.url}/t/elsewhere/gallery/")
    expect(charlie.find(".gallery-tile")).to_have_count(0)
    assert charlie.credits_left("/t/elsewhere/") == 1000
    charlie.go("/t/elsewhere/jobs/")
    expect(charlie.page.get_by_text("cat.png")).to_have_count(0)
    troubles.expect("404")
    troubles.expect("403")
    team_pages = ["", "features/enlarge3/", "jobs/", "gallery/", "usage/", "connections/", "people/"]
    for url in [*urls, *(f"{alice.site.url}{TEAM_PATH}{page}" for page in team_pages)]:
        assert charlie.page.request.get(url).status == 404, url
    assert charlie.page.request.get(f"{alice.site.url}/models/").status == 403

    charlie.go("/t/elsewhere/features/enlarge3/").drop(small_photo(tmp_path, "charlies.png", side=32))
    charlie.choose("scale", 2).start().wait_for_result()
    assert charlie.credits_left("/t/elsewhere/") == 999
    alice.open("gallery/")
    expect(alice.page.get_by_text("charlies")).to_have_count(0)


def test_member_shares_pictures_and_credits_and_edits_only_their_own(
    alice: Visitor, visit: Callable[[str], Visitor], troubles: Any, tmp_path: Path
):
    job, urls = make_result_of_alice(alice, tmp_path)
    add_person(alice, "bob")
    left = alice.credits_left()

    bob = visit("bob").go("/")
    expect(bob.page).to_have_url(alice.site.url + TEAM_PATH)
    for url in urls:
        assert bob.page.request.get(url).status == 200, url
    bob.page.goto(job)
    expect(bob.page.get_by_role("link", name="Run again with changes")).to_be_visible()
    expect(bob.page.get_by_role("link", name="Delete")).to_have_count(0)
    troubles.expect("403")
    assert bob.page.request.get(f"{job}delete/").status == 403
    assert bob.page.request.get(f"{alice.site.url}/models/").status == 403
    bob.open("people/")
    expect(bob.page.get_by_role("cell", name="alice")).to_be_visible()
    expect(bob.find("#id_username")).to_have_count(0)

    bob.make_result("enlarge3", small_photo(tmp_path, "bobs.png", side=32), scale=2)
    expect(bob.page.get_by_role("link", name="Delete")).to_be_visible()
    job_of_bob = bob.page.url
    assert bob.credits_left() == left - 1
    alice.open("gallery/")
    expect(alice.page.get_by_text("bobs").first).to_be_visible()
    alice.page.goto(job_of_bob)
    expect(alice.page.get_by_role("link", name="Delete")).to_be_visible()


def test_private_job_is_gone_for_the_owner_of_the_team_until_it_is_shared(
    alice: Visitor, visit: Callable[[str], Visitor], troubles: Any, tmp_path: Path
):
    add_person(alice, "boris")
    boris = visit("boris").make_result("enlarge3", small_photo(tmp_path, "secret.png", side=32), scale=2)
    job, file = boris.page.url, f"{alice.site.url}{boris.find('#download-result').get_attribute('href')}"
    assert [alice.page.request.get(url).status for url in (job, file)] == [200, 200]
    boris.page.get_by_role("button", name="Make private").click()
    expect(boris.page.get_by_text("only you see them")).to_be_visible()
    troubles.expect("404")
    assert [alice.page.request.get(url).status for url in (job, file)] == [404, 404]
    for page in ("", "gallery/", "jobs/"):
        alice.open(page)
        expect(alice.page.get_by_text("secret")).to_have_count(0)
    boris.open("gallery/")
    expect(boris.page.get_by_text("secret").first).to_be_visible()
    boris.page.goto(job)
    boris.page.get_by_role("button", name="Share with the team").click()
    expect(boris.page.get_by_role("button", name="Make private")).to_be_visible()
    assert [alice.page.request.get(url).status for url in (job, file)] == [200, 200]


def test_viewer_sees_everything_and_is_offered_nothing_that_they_may_not_do(
    alice: Visitor, visit: Callable[[str], Visitor], tmp_path: Path
):
    job, _urls = make_result_of_alice(alice, tmp_path)
    add_person(alice, "vera", "viewer")
    vera = visit("vera").open()
    expect(vera.find('#main a[href^="/jobs/"]').first).to_be_visible()
    expect(vera.find('input[name="sample"]')).to_have_count(0)
    vera.open("features/enlarge3/")
    expect(vera.page.get_by_text("You can look at this team's pictures")).to_be_visible()
    expect(vera.find("#submit-job")).to_have_count(0)
    vera.page.goto(job)
    expect(vera.find("#download-result")).to_be_visible()
    expect(vera.page.get_by_role("link", name="Run again with changes")).to_have_count(0)
    for page, button in (("usage/", "Refresh"), ("connections/", "Check again"), ("connections/", "Add and check")):
        vera.open(page)
        expect(vera.page.get_by_role("heading", level=1)).to_be_visible()
        expect(vera.page.get_by_role("button", name=button)).to_have_count(0)


def test_person_without_a_team_is_told_so(alice: Visitor, visit: Callable[[str], Visitor]):
    alice.site.add_person("nora")
    nora = visit("nora")
    for path in ("/", "/gallery/", "/features/enlarge3/"):
        nora.go(path)
        expect(nora.page.get_by_role("heading", level=1)).to_have_text("You aren't in a team yet")
        expect(nora.page.get_by_role("navigation", name="Main")).to_have_count(0)


def test_refused_password_is_told_beside_its_field(alice: Visitor, troubles: Any):
    troubles.expect("422")
    alice.open("people/")
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
    dora.find("#account-button").click()
    dora.page.get_by_role("button", name="Sign out").click()
    dora.page.wait_for_url("**/login/**")
    troubles.expect("422")
    dora.find("#id_login").fill("dora")
    dora.find("#id_password").fill(PASSWORD)
    dora.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(dora.find("#id_password")).to_be_visible()
    expect(dora.find("#account-button")).to_have_count(0)
    dora.log_in("dora", "another fine sentence")


def test_anonymous_visitor_is_asked_to_sign_in(page: Page, site: LiveSite):
    for path in (
        "/",
        "/gallery/",
        "/features/enlarge3/",
        TEAM_PATH,
        f"{TEAM_PATH}features/enlarge3/",
        f"{TEAM_PATH}jobs/",
        f"{TEAM_PATH}gallery/",
        f"{TEAM_PATH}usage/",
        f"{TEAM_PATH}connections/",
        f"{TEAM_PATH}people/",
        "/t/no-such-team/gallery/",
        "/models/",
        "/password/",
    ):
        page.goto(site.url + path)
        assert page.url.startswith(f"{site.url}/login/"), path
