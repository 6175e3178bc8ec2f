"""Two people in one team and one outside: invited, at work together, and gone again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor
from tests.live_site import JOB_SECONDS, PASSWORD, TEAM_PATH, LiveSite

pytestmark = pytest.mark.slow


@pytest.fixture
def newcomer(site: LiveSite, new_context: Any, troubles: Any) -> Callable[[], Visitor]:
    """Opens a browser in which nobody is logged in."""
    return lambda: Visitor(troubles.watch(new_context()).new_page(), site)


def invite(owner: Visitor, role: str = "member") -> str:
    """Return the path of a link that the owner gets on the page People."""
    owner.open("people/")
    owner.find("#invite select[name=invite-role]").select_option(role)
    owner.page.get_by_role("button", name="Invite", exact=True).click()
    link = owner.find(".secret-text pre").inner_text()
    return link[link.index("/invitations/") :]


def accept_with_new_account(visitor: Visitor, link: str, name: str) -> Visitor:
    visitor.go(link)
    expect(visitor.page.get_by_text("alice invites you. Your role: Member.")).to_be_visible()
    visitor.find("#id_username").fill(name)
    visitor.find("#id_password1").fill(PASSWORD)
    visitor.find("#id_password2").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Make the account and join").click()
    expect(visitor.page).to_have_url(visitor.site.url + TEAM_PATH)
    return visitor


def test_invited_works_in_the_team_and_leaves_without_their_private_pictures(
    alice: Visitor, newcomer: Callable[[], Visitor], troubles: Any, tmp_path: Path
):
    troubles.expect("404")
    link = invite(alice)
    greta = accept_with_new_account(newcomer(), link, "greta")
    # The link works once.
    late = newcomer().go(link)
    expect(late.page.get_by_text("This invitation has been used already.")).to_be_visible()
    alice.site.add_person("carla", team="Next door")
    carla = newcomer().log_in("carla")

    # Both see the same job move, and the stranger doesn't see it.
    greta.open("features/enlarge3/").drop(small_photo(tmp_path, "shared.png", side=64)).choose("scale", 2).start()
    job = greta.page.url
    alice.page.goto(job)
    assert carla.page.request.get(job).status == 404
    for visitor in (alice, greta):
        expect(visitor.find("#download-result")).to_be_visible(timeout=JOB_SECONDS * 1000)

    greta.make_result("enlarge3", small_photo(tmp_path, "greta-alone.png", side=32), scale=2)
    secret = greta.page.url
    file = f"{alice.site.url}{greta.find('#download-result').get_attribute('href')}"
    greta.page.get_by_role("button", name="Make private").click()
    expect(greta.page.get_by_text("only you see them")).to_be_visible()

    # She leaves: what is shared stays, what is private is gone for everybody.
    greta.open("leave/")
    expect(greta.page.get_by_text("2 pictures")).to_be_visible()
    greta.page.get_by_label("Delete it for good").check()
    greta.page.get_by_role("button", name="Leave the team").click()
    expect(greta.page.get_by_role("heading", level=1)).to_have_text("You aren't in a team yet")
    assert [greta.page.request.get(url).status for url in (job, secret, file)] == [404] * 3
    assert [alice.page.request.get(url).status for url in (job, secret, file)] == [200, 404, 404]
    assert carla.page.request.get(secret).status == 404
    for page in ("gallery/", "jobs/"):
        alice.open(page)
        expect(alice.page.get_by_text("shared").first).to_be_visible()
        expect(alice.page.get_by_text("greta-alone")).to_have_count(0)


def test_stranger_with_a_team_joins_by_link_and_switches_with_the_keyboard(
    alice: Visitor, newcomer: Callable[[], Visitor]
):
    link = invite(alice, "viewer")
    alice.site.add_person("dana", team="Dana's prints")
    dana = newcomer().log_in("dana").go(link)
    dana.page.get_by_role("button", name="Join the team").click()
    expect(dana.page).to_have_url(dana.site.url + TEAM_PATH)
    dana.find("#account-button").focus()
    dana.press("Enter")
    expect(dana.find("#account-menu")).to_be_visible()
    dana.press("Tab")
    switch = dana.page.get_by_role("group", name="Switch to another team").get_by_role("link")
    expect(switch).to_be_focused()
    dana.press("Enter")
    expect(dana.page).to_have_url(dana.site.url + "/t/danas-prints/")
    dana.go("/")
    expect(dana.page).to_have_url(dana.site.url + "/t/danas-prints/")
