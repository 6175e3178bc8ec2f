"""What else is done with a picture: the other features, cancelling, deleting, running again, being refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.pictures import roughness, small_photo
from tests.browser.visitor import Visitor
from tests.live_site import TEAM_PATH

pytestmark = pytest.mark.slow


def test_denoise_with_own_settings(alice: Visitor, tmp_path: Path):
    picture = small_photo(tmp_path, noise=25)
    alice.open("features/denoise/").drop(picture)
    strength = alice.find('input[type="range"][name="remove_noise"]')
    switch = alice.find('input[name="auto_params"]')
    if switch.is_checked():
        assert strength.evaluate("slider => slider.closest('[inert]') !== null"), "an overridden slider looks usable"
        switch.click()
    assert strength.evaluate("slider => slider.closest('[inert]') === null")
    alice.slide("remove_noise", 100).slide("sharpen", 0).start().wait_for_result()
    with Image.open(picture) as noisy:
        result = alice.download()
        assert result.size == noisy.size
        assert roughness(result) < 0.7 * roughness(noisy)


def test_cut_out_on_a_colour_and_with_transparency(alice: Visitor, tmp_path: Path):
    picture = small_photo(tmp_path, side=160)
    alice.open("features/matting/").drop(picture)
    alice.find('input[name="background"]').fill("#12ab34")
    alice.start().wait_for_result()
    coloured = alice.download().convert("RGB")
    assert coloured.size == (160, 160)
    assert has_colour(coloured, (0x12, 0xAB, 0x34))

    alice.page.get_by_role("link", name="Run again with changes").click()
    expect(alice.find('input[name="background"]')).to_have_value("#12ab34")
    alice.page.get_by_role("button", name="Clear").click()
    alice.start().wait_for_result()
    transparent = alice.download()
    assert transparent.mode == "RGBA"
    assert transparent.getchannel("A").getextrema()[0] == 0


def has_colour(picture: Image.Image, colour: tuple[int, int, int], within: int = 4) -> bool:
    """Return whether a twentieth of the pixels has that colour."""
    near = (np.abs(np.asarray(picture, int) - colour) <= within).all(axis=2)
    return bool(near.mean() > 0.05)


def test_cancelled_job_costs_nothing_and_can_be_tried_again(alice: Visitor, tmp_path: Path):
    before = alice.credits_left()
    alice.open("features/enlarge3/").drop(small_photo(tmp_path, side=512)).choose("scale", 8).start()
    alice.find("#cancel-job").click()
    expect(alice.page.get_by_text("Cancelled after")).to_be_visible(timeout=90_000)
    alice.page.reload()
    expect(alice.find("#retry-job")).to_be_visible()
    assert alice.credits_left() == before


def test_deleted_result_is_gone_everywhere(alice: Visitor, tmp_path: Path, troubles):
    alice.make_result("enlarge3", small_photo(tmp_path, "gone.png", side=32), scale=2)
    job, file = alice.page.url, alice.find("#download-result").get_attribute("href")
    alice.open("gallery/")
    tiles = alice.find(".gallery-tile").count()
    alice.page.goto(job)
    alice.page.get_by_role("link", name="Delete").click()
    alice.find("#delete-dialog").get_by_role("button", name="Keep it").click()
    expect(alice.find("#download-result")).to_be_visible()
    alice.page.get_by_role("link", name="Delete").click()
    alice.find("#delete-dialog").get_by_role("button", name="Delete").click()
    expect(alice.page).to_have_url(alice.site.url + TEAM_PATH + "gallery/")
    expect(alice.find(".gallery-tile")).to_have_count(tiles - 1)
    troubles.expect("404")
    for url in (job, alice.site.url + (file or "")):
        assert alice.page.request.get(url).status == 404


def test_deleting_leads_back_to_the_list_from_which_the_job_was_opened(alice: Visitor, tmp_path: Path):
    alice.make_result("enlarge3", small_photo(tmp_path, "back.png", side=32), scale=2)
    alice.open("jobs/").page.locator(".job-row").first.click()
    expect(alice.find("#download-result")).to_be_visible()
    alice.page.context.new_page().goto(alice.site.url + TEAM_PATH + "usage/")
    alice.page.reload()
    alice.page.get_by_role("link", name="Delete").click()
    alice.find("#delete-dialog").get_by_role("button", name="Delete").click()
    expect(alice.page).to_have_url(alice.site.url + TEAM_PATH + "jobs/")
    expect(alice.page.get_by_text("The result of back.png and the picture that was sent are deleted.")).to_be_visible()


def test_file_that_is_no_picture_is_refused_at_once_in_words(alice: Visitor, tmp_path: Path):
    text = tmp_path / "letter.png"
    text.write_text("Dear reader")
    alice.open("features/enlarge3/")
    alice.find("#picture-input").set_input_files(text)
    expect(alice.find("#picture-error")).to_contain_text("letter.png")
    alice.find("#submit-job").click()
    expect(alice.find("#picture-error")).to_contain_text("Choose a picture first")


def test_picture_beyond_the_limit_is_refused_with_an_offer_that_works(alice: Visitor, tmp_path: Path):
    huge = tmp_path / "poster.jpg"
    Image.new("RGB", (7000, 5000), "teal").save(huge)
    alice.open("features/enlarge3/")
    alice.find("#picture-input").set_input_files(huge)
    expect(alice.find("#picture-error")).to_contain_text("35.0 megapixels. The limit is 34.0 megapixels.")
    alice.page.get_by_role("button", name="Shrink it to fit").click()
    expect(alice.find("#picture-facts")).to_contain_text("×")
    expect(alice.find("#picture-error")).to_be_empty()


def test_impossible_size_is_told_before_anything_is_sent(alice: Visitor, tmp_path: Path):
    large = tmp_path / "large.png"
    Image.new("1", (4000, 3000)).save(large)
    alice.open("features/enlarge3/")
    sentence = alice.find("result-size")
    alice.find("[name=scale][value='8']").check(force=True)
    expect(sentence).to_be_hidden()
    alice.find("#picture-input").set_input_files(large)
    expect(sentence).to_have_text(
        "The result would have 32000 × 24000 px, 768.0 megapixels. The limit is 200.0 megapixels. "
        "This picture can only be enlarged 2× or 4×."
    )
    sent: list[str] = []
    alice.page.on("request", lambda request: sent.append(request.method))
    alice.find("#submit-job").click()
    expect(alice.find("[name=scale][value='8']")).to_be_focused()
    assert "POST" not in sent
    alice.find("[name=scale][value='4']").check(force=True)
    expect(sentence).to_be_hidden()
    alice.find("[name=scale][value='8']").check(force=True)
    expect(sentence).to_be_visible()
    alice.find("#picture-replace").click()
    expect(sentence).to_be_hidden()


def test_sample_is_one_click_away(alice: Visitor):
    alice.open()
    alice.find(".sample-offer button").first.click()
    alice.page.wait_for_url("**/jobs/*/")
    alice.wait_for_result()


def test_every_feature_can_be_started(alice: Visitor):
    alice.open()
    for address in alice.find("a.feature-card").evaluate_all("links => links.map((link) => link.getAttribute('href'))"):
        alice.go(address)
        expect(alice.find("#submit-job")).to_be_visible()
