"""A budget is set, jobs use it up, one is held with the reason, and goes on after a raise."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.pictures import small_photo
from tests.browser.visitor import JOB_PAGE, Visitor
from tests.live_site import JOB_SECONDS

pytestmark = pytest.mark.slow


def set_credits(visitor: Visitor, credits: str) -> None:
    visitor.find("#id_credits").fill(credits)
    visitor.find("main button[type=submit]").click()
    visitor.page.wait_for_url("**/usage/budgets/")


def open_once_released(visitor: Visitor, job: str) -> None:
    """Open the page of a held job again and again until it isn't held any more."""
    give_up_at = time.monotonic() + JOB_SECONDS
    visitor.page.goto(job)
    while visitor.find("#exceed-budget").count():
        assert time.monotonic() < give_up_at
        visitor.page.wait_for_timeout(300)
        visitor.page.goto(job)


def test_the_third_job_of_a_budget_of_two_is_held_until_a_raise(alice: Visitor, tmp_path: Path):
    picture = small_photo(tmp_path)
    alice.open("usage/")
    alice.find("main").get_by_role("link", name="Budgets").click()
    alice.find("main").get_by_role("link", name="Set a budget").first.click()
    alice.find("#id_subject").select_option(label="alice")
    alice.find("#id_period").select_option(label="In all")
    set_credits(alice, "2")
    try:
        for _ in range(2):
            alice.make_result("denoise", picture)
        alice.open("usage/budgets/")
        expect(alice.find("#budgets")).to_contain_text("100 % used or reserved")
        expect(alice.find("#budgets")).to_contain_text("Used up")
        alice.open("features/denoise/").drop(picture)
        alice.find("#submit-job").click()
        alice.page.wait_for_url(JOB_PAGE)
        held = alice.page.url
        expect(alice.find("#job")).to_contain_text("The budget of alice has no room for the 1 credit")
        alice.open()
        expect(alice.find("main .note-bad")).to_contain_text("is used up. Jobs that would exceed it are held.")
        alice.open("usage/budgets/")
        alice.find("#budgets").get_by_role("link", name="Change").click()
        set_credits(alice, "3")
        open_once_released(alice, held)
        alice.wait_for_result()
        alice.open("usage/budgets/")
        expect(alice.find(".budget-figures dd").first).to_have_text("3")
    finally:
        # Other tests of the same site spend, too.
        alice.open("usage/budgets/")
        alice.find("#budgets").get_by_role("link", name="Delete").click()
        alice.find("main form button[type=submit]").click()
        alice.page.wait_for_url("**/usage/budgets/")
