"""After a step back or a reload, a feature's page shows what its fields hold: nobody sends a picture unseen."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, expect

from tests.browser.conftest import FLAGS, Troubles
from tests.browser.pictures import small_photo
from tests.browser.visitor import Visitor
from tests.live_site import LiveSite

pytestmark = pytest.mark.slow
FEATURE = "features/enlarge3/"


@pytest.fixture(scope="module")
def keeping_browser(browser_type: BrowserType) -> Iterator[Browser]:
    """A browser that keeps the pages it leaves, as people's browsers do and the automated one doesn't."""
    browser = browser_type.launch(
        executable_path=shutil.which("chromium"), args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def session(site: LiveSite, browser: Browser) -> Any:
    """Alice's cookies."""
    with browser.new_context() as context:
        Visitor(context.new_page(), site).log_in("alice")
        return context.storage_state()


@pytest.fixture(params=["browser", "keeping_browser"])
def anna(request: pytest.FixtureRequest, site: LiveSite, session: Any, troubles: Troubles) -> Iterator[Visitor]:
    """Alice in a browser that builds a page again after a step back, and in one that has kept it."""
    browser: Browser = request.getfixturevalue(request.param)
    with browser.new_context(viewport={"width": 1440, "height": 900}, storage_state=session) as context:
        yield Visitor(troubles.watch(context).new_page(), site)


def choose_file(visitor: Visitor, picture: Path) -> None:
    visitor.find("#picture-input").set_input_files(picture)
    expect(visitor.find("#picture-name")).to_have_text(picture.name)


def go_back(visitor: Visitor) -> None:
    # A page that the browser has kept isn't loaded again.
    visitor.page.go_back(wait_until="commit")
    expect(visitor.find("#feature-form")).to_be_attached()


def leave_and_come_back(visitor: Visitor) -> None:
    visitor.open("jobs/")
    go_back(visitor)


def wait_until_restored(visitor: Visitor) -> None:
    """Wait until the browser has put the fields back: until then a page has them as the server sent them."""
    visitor.page.wait_for_function("document.readyState === 'complete'")


def expect_agreement(visitor: Visitor) -> None:
    """Check that the stage shows the file in the input, or none."""
    page = visitor.page
    wait_until_restored(visitor)
    held = page.evaluate("document.getElementById('picture-input').files[0]?.name ?? ''")
    if held:
        expect(visitor.find("#picture-name")).to_have_text(held)
        expect(visitor.find("#picture-preview")).to_be_visible()
        expect(visitor.find("#drop")).to_be_hidden()
    else:
        expect(visitor.find("#drop")).to_be_visible()
        expect(visitor.find("#picture-preview")).to_be_hidden()


def test_a_step_back_after_the_start_shows_the_file_that_is_sent_again(anna: Visitor, tmp_path: Path):
    choose_file(anna.open(FEATURE), small_photo(tmp_path, side=32))
    anna.start()
    go_back(anna)
    expect(anna.find("#picture-name")).to_have_text("cat.png")
    expect(anna.find("#picture-facts")).to_contain_text("32 × 32 px")
    expect_agreement(anna)
    expect(anna.find("#sending")).to_be_hidden()
    expect(anna.find("#submit-job")).to_be_enabled()
    anna.start()
    expect(anna.page.get_by_text("cat.png").first).to_be_visible()


def test_a_reload_keeps_stage_and_file_together(anna: Visitor, tmp_path: Path):
    picture = small_photo(tmp_path, side=32)
    choose_file(anna.open(FEATURE), picture)
    anna.page.reload()
    expect_agreement(anna)
    picture.unlink()  # a file that can't be read any more is not kept
    anna.page.reload()
    expect_agreement(anna)


def test_a_sample_that_was_taken_away_stays_away(anna: Visitor):
    anna.open(FEATURE + "?sample=astronaut")
    anna.find("#picture-replace").click()
    leave_and_come_back(anna)
    wait_until_restored(anna)
    is_chosen = anna.find("[name=sample]:checked").count() > 0
    expect(anna.find("#picture-preview")).to_be_visible(visible=is_chosen)


def test_restored_settings_look_like_what_is_sent(anna: Visitor):
    anna.open("features/matting/")
    background = anna.find("[name=background]")
    background.fill("#00ffcc")
    leave_and_come_back(anna)
    expect(background).to_have_value("#00ffcc")
    expect(anna.find("colour-well [type=color]")).to_have_value("#00ffcc")
    expect(anna.find("colour-well button")).to_be_visible()

    anna.open(FEATURE).slide("remove_blur", 33)
    leave_and_come_back(anna)
    expect(anna.find("#id_remove_blur")).to_have_value("33")
    expect(anna.find('[data-value-of="id_remove_blur"]')).to_have_text("33%")
