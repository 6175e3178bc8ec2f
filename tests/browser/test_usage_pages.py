"""The dashboard, the history and the statement of usage with mouse, keyboard and printer, and without scripts."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Troubles
from tests.browser.walk import HEIGHTS, SCHEMES
from tests.web_process import WebProcess

pytestmark = pytest.mark.slow
USAGE = "/t/studio/usage/"
COLLECT = "from vanceweb.ops.static_files import collect_if_changed; collect_if_changed()"
FILL = "from tests.browser.usage_data import print_session; print_session()"
# The colours of the middle of each bar's lowest part, as they are painted.
READ_PIXELS = """
() => {
  const { chart } = document.querySelector("usage-chart");
  const paint = chart.canvas.getContext("2d");
  const scale = chart.currentDevicePixelRatio;
  const bars = chart.getDatasetMeta(0).data.filter((bar) => bar.height > 4);
  return bars.map((bar) => [...paint.getImageData(bar.x * scale, (bar.y + bar.height / 2) * scale, 1, 1).data].join());
}
"""
# What the browser takes the first series' colour for.
READ_COLOUR = """
() => {
  const paint = document.createElement("canvas").getContext("2d");
  paint.fillStyle = getComputedStyle(document.querySelector(".series-key-1")).backgroundColor;
  paint.fillRect(0, 0, 1, 1);
  return [...paint.getImageData(0, 0, 1, 1).data].join();
}
"""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path | None) -> Iterator[WebProcess]:
    """A site with a team whose people have spent credits for months, and without workers."""
    WebProcess(tmp_path_factory.mktemp("collected")).run_manage("shell", "-v", "0", "-c", COLLECT)
    with WebProcess(tmp_path_factory.mktemp("usage"), template=migrated_database, LOG_LEVEL="ERROR") as web:
        yield web


@pytest.fixture(scope="module")
def session(web: WebProcess) -> str:
    """The session of the owner."""
    return web.run_manage("shell", "-v", "0", "-c", FILL).strip()


@pytest.fixture
def open_page(web: WebProcess, session: str, context: BrowserContext) -> Any:
    """Open an address of the site as the owner."""
    cookie: Any = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": web.url}
    context.add_cookies([cookie])
    page = context.new_page()

    def open_address(address: str) -> Page:
        page.goto(web.url + address)
        return page

    return open_address


def read_table(page: Page) -> list[Decimal]:
    """Return the total of each bar, as the table tells it."""
    rows: Any = page.locator("usage-chart tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.querySelectorAll('[data-credits]')].map((cell) => cell.dataset.credits))"
    )
    return [sum(map(Decimal, cells), Decimal(0)) for cells in rows]


def wait_for_chart(page: Page) -> None:
    page.wait_for_function("() => document.querySelector('usage-chart')?.chart")


def test_the_bars_are_painted_in_the_colours_of_the_legend_in_both_schemes(open_page: Any, troubles: Troubles) -> None:
    # It is this test that reads the canvas so often.
    troubles.expect("willReadFrequently")
    page = open_page(USAGE)
    for scheme in (*SCHEMES, *SCHEMES):
        page.emulate_media(color_scheme=scheme)
        wait_for_chart(page)
        page.wait_for_timeout(200)
        painted, expected = page.evaluate(READ_PIXELS), page.evaluate(READ_COLOUR)
        assert len(painted) > 3
        assert set(painted) == {expected}


def test_the_arrow_keys_move_between_the_bars_and_enter_opens_the_charges_of_one(open_page: Any) -> None:
    page = open_page(USAGE)
    wait_for_chart(page)
    totals = read_table(page)
    page.locator("usage-chart canvas").focus()
    told = page.locator("usage-chart [role=status]")
    for key, place in (("ArrowRight", 0), ("ArrowRight", 1), ("End", -1), ("ArrowLeft", -2), ("Home", 0)):
        page.keyboard.press(key)
        expect(told).to_have_text(re.compile(rf": {totals[place].normalize():f} credits"))
    page.keyboard.press("Escape")
    expect(told).to_have_text("")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_url("**/usage/history/?from=*")
    credits = page.locator("#usage-history tbody td.number:nth-last-child(2)").all_text_contents()
    assert sum(map(Decimal, credits), Decimal(0)) == totals[-1]


def test_a_series_can_be_left_out(open_page: Any) -> None:
    page = open_page(USAGE)
    wait_for_chart(page)
    button = page.locator(".chart-legend button").first
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("() => document.querySelector('usage-chart').chart.isDatasetVisible(0)") is False


def test_filters_change_the_figures_and_the_address_with_one_request_and_back_leads_back(open_page: Any) -> None:
    page = open_page(USAGE)
    wait_for_chart(page)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.locator("#usage-feature").select_option("denoise")
    page.wait_for_url("**/usage/?feature=denoise")
    expect(page.locator(".chart-legend button")).to_have_text(["Denoise", "Not from here"])
    assert [url for url in requests if "/static/" not in url] == [page.url]
    page.locator("#by-person").click()
    page.wait_for_url("**/usage/?feature=denoise&by=person")
    page.locator("#period-button").click()
    page.locator("#period-menu").get_by_text("Last 90 days").click()
    page.wait_for_url("**period=90-days*")
    expect(page.locator("#period-button")).to_contain_text("Last 90 days")
    page.go_back()
    page.wait_for_url("**/usage/?feature=denoise&by=person")
    wait_for_chart(page)


def test_own_dates_are_a_period(open_page: Any) -> None:
    page = open_page(USAGE)
    page.locator("#period-button").click()
    page.locator("#period-from").fill("2026-01-01")
    page.locator("#period-to").fill("2026-01-31")
    page.get_by_role("button", name="Show these days").click()
    page.wait_for_url("**/usage/?from=2026-01-01&to=2026-01-31")
    expect(page.locator("#period-button")).to_contain_text("1 Jan 2026 – 31 Jan 2026")


def test_the_history_is_searched_while_typing(open_page: Any) -> None:
    page = open_page(f"{USAGE}history/")
    page.locator("#id_q").press_sequentially("nobody has this", delay=5)
    expect(page.locator("#usage-history")).to_contain_text("No such charges")
    page.wait_for_url("**/usage/history/?q=nobody*")
    expect(page.locator("#id_q")).to_be_focused()
    page.locator("#id_q").fill("")
    expect(page.locator("#usage-history tbody tr")).to_have_count(settings.USAGE_PAGE_ROWS)


def test_a_csv_file_is_saved_and_an_excel_file_waits_for_a_worker(open_page: Any) -> None:
    page = open_page(f"{USAGE}history/?feature=denoise")
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV").click()
    text = Path(saved.value.path()).read_text("utf-8-sig")
    assert len(text.splitlines()) > 10
    assert ",sharpen3," not in text
    page.get_by_role("button", name="Excel").click()
    expect(page.locator("#usage-exports")).to_contain_text("Waiting for a worker")
    expect(page.locator("#id_feature")).to_have_value("denoise")


@pytest.mark.parametrize("path", ["", "history/", "statement/"])
def test_paper_has_the_figures_in_the_light_scheme_without_what_only_a_screen_needs(path: str, open_page: Any) -> None:
    page = open_page(USAGE + path)
    page.emulate_media(media="print", color_scheme="dark")
    for selector in (".head", ".tabs", ".usage-bar", ".usage-filters"):
        assert not page.locator(selector).is_visible() if page.locator(selector).count() else True
    if not path:
        wait_for_chart(page)
        page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
        expect(page.locator("usage-chart table")).to_be_visible()
        page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
        expect(page.locator("usage-chart table")).to_be_hidden()


def test_without_scripts_the_table_and_the_filters_do_the_same(web: WebProcess, session: str, new_context: Any) -> None:
    context = new_context(java_script_enabled=False)
    cookie: Any = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": web.url}
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(web.url + USAGE)
    page.locator("usage-chart summary").click()
    assert sum(read_table(page)) > 0
    page.locator("#usage-feature").select_option("denoise")
    page.get_by_role("button", name="Filter").click()
    assert "feature=denoise" in page.url
    assert page.locator("usage-chart thead [data-series]").all_text_contents() == ["Denoise", "Not from here"]


@pytest.mark.parametrize("width", HEIGHTS)
def test_the_chart_fits_its_page_at_every_width(width: int, open_page: Any) -> None:
    page = open_page(USAGE)
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    wait_for_chart(page)
    page.wait_for_timeout(200)
    assert page.evaluate("() => document.documentElement.scrollWidth") == width
    frame, canvas = (page.locator(name).bounding_box() for name in (".chart-frame", "usage-chart canvas"))
    assert frame is not None
    assert canvas == pytest.approx(frame, abs=1)
