"""A walk over every page of the site; see `walk.py` for what is looked at, and `walk_pages.py` for the pages.

Part of `make test` is the short walk: every page with much on it, in light and dark, at the width of a phone and of a
desk. Pages that are built like another one, such as most features, some states of jobs and what a viewer sees, are
opened in one variant only: that saves a minute of processor time. `make walk` is the full one: all pages in all schemes
and widths, the lists with nothing, one thing and much on them.

Everything is on one site without workers, so that each job stays in its state, with one tab for all visits.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from playwright.sync_api import Browser, Route

from tests.browser.walk import HEIGHTS, SCHEMES, Variant, Walk
from tests.browser.walk_pages import ANYBODY, PAGES, UNOPENED, URLS_WITHOUT_PAGE, Page
from tests.web_process import WebProcess
from vanceweb.ops.setup_link import create_secret

pytestmark = pytest.mark.slow

IS_FULL = os.environ.get("WALK") == "full"
PICTURES = Path(os.environ.get("WALK_DIR") or settings.BASE_DIR / "build" / "walk")
WIDTHS = tuple(HEIGHTS) if IS_FULL else (390, 1440)
VARIANTS = [Variant(width, scheme) for width in WIDTHS for scheme in SCHEMES]
COLLECT = "from vanceweb.ops.static_files import collect_if_changed; collect_if_changed()"
FILL = "from tests.browser.walk_data import print_filled; print_filled()"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, decoder: None) -> Iterator[WebProcess]:
    """A site without anybody, and without workers."""
    web = WebProcess(tmp_path_factory.mktemp("walk"), LOG_LEVEL="ERROR")
    web.run_manage("shell", "-v", "0", "-c", COLLECT)
    with web:
        yield web


@pytest.fixture(scope="module")
def unopened(web: WebProcess, browser: Browser) -> Iterator[Walk]:
    """A walk over the site on which nobody has an account yet."""
    with browser.new_context() as context:
        yield Walk(context, web.url, PICTURES, paths={"unopened": {"secret": create_secret()}})


@pytest.fixture(scope="module")
def walk(web: WebProcess, unopened: Walk) -> Walk:
    """The same after the site was filled."""
    filled = json.loads(web.run_manage("shell", "-v", "0", "-c", FILL))
    unopened.sessions, unopened.paths = filled["sessions"], filled["paths"]
    return unopened


def list_visits() -> Iterator[tuple[Page, str]]:
    """Yield each page with each state of the data that it is shown in."""
    for page in PAGES:
        yield from ((page, state) for state in page.states if IS_FULL or state in ("unopened", "many"))


def find_faults(walk: Walk, page: Page, state: str) -> str:
    variants = VARIANTS[:1] if page.like and not IS_FULL else VARIANTS
    return "\n".join(f"{variant} {fault}" for variant in variants for fault in walk.visit(page, state, variant))


@pytest.mark.parametrize("page", [page for page in PAGES if page.states == UNOPENED], ids=lambda page: page.name)
def test_page_before_there_is_anybody(unopened: Walk, page: Page) -> None:
    assert find_faults(unopened, page, "unopened") == ""


VISITS = [(page, state) for page, state in list_visits() if state != "unopened"]


@pytest.mark.parametrize(("page", "state"), VISITS, ids=[f"{page.name}-{state}" for page, state in VISITS])
def test_page(walk: Walk, page: Page, state: str) -> None:
    assert find_faults(walk, page, state) == ""


def find_names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from find_names(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name


def test_every_page_of_the_site_is_in_the_table() -> None:
    in_table = {page.get_url_name() for page in PAGES} - {""}
    assert in_table.isdisjoint(URLS_WITHOUT_PAGE)
    assert in_table | set(URLS_WITHOUT_PAGE) == set(find_names(get_resolver().url_patterns))


def test_a_page_that_is_opened_once_is_like_one_that_is_always_opened() -> None:
    always_opened = {page.name for page in PAGES if not page.like}
    assert {page.like for page in PAGES if page.like} <= always_opened


# The checks of the walk, shown to be able to fail: a page without any fault, and one fault at a time.

PLANTED_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Planted</title>
<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/style.css"></head>
<body><main><h1>A page</h1><p>With nothing wrong.</p>{}</main></body></html>"""
FILES = {
    "/icon.svg": ("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"/>'),
    "/style.css": (
        "text/css",
        """:root { color-scheme: light dark; } body { background: Canvas; color: CanvasText; }
        .wide { width: 120vw; } .pale { background: #fff; color: #bbb; } .low { height: 150vh; }
        .pushed { height: 200px; }""",
    ),
    "/white.css": ("text/css", "body { background: #fff; color: #000; }"),
    "/hidden.css": ("text/css", "h1 { display: none; }"),
    "/error.js": ("text/javascript", 'console.error("planted");'),
    "/exception.js": ("text/javascript", "nothing.planted();"),
    "/late.js": (
        "text/javascript",
        """addEventListener("load", () => setTimeout(() => {
          const block = document.createElement("div"); block.className = "pushed";
          document.querySelector("main").prepend(block); }, 50));""",
    ),
    "/scroll.js": (
        "text/javascript",
        """addEventListener("scroll", () => {
          if (scrollY > 800) document.querySelector(".low + p").className = "pushed"; });""",
    ),
}
# The part of a page, the check that has to find it, and what it has to say.
FAULTS = [
    ('<script src="/error.js"></script>', "console", "planted"),
    ('<script src="/exception.js"></script>', "console", "nothing is not defined"),
    ("<script>1;</script>", "policy", "script-src"),
    ('<p style="color: red">Inline</p>', "policy", "style-src"),
    ('<img src="/missing.png" alt="Missing">', "request", "404"),
    ('<img src="/dropped.png" alt="Dropped">', "request", "ERR_CONNECTION_RESET"),
    ("<input>", "axe", "label:"),
    ('<p class="pale">Pale</p>', "axe", "color-contrast:"),
    ('<a href="#">a</a><a href="#">b</a>', "axe", "target-size:"),
    ("<h4>Too deep</h4>", "axe", "heading-order:"),
    ('<div class="wide">Wide</div>', "sideways", "px wide"),
    ('<script src="/late.js"></script>', "shift", "body"),
    ('<div class="low"></div><p>b</p><p class="low">c</p><script src="/scroll.js"></script>', "shift", "p#"),
    ('<link rel="stylesheet" href="/white.css">', "scheme", "255 of 255"),
    ('<link rel="stylesheet" href="/hidden.css">', "heading", "no visible heading"),
    ("<!-- status -->", "status", "500 instead of 200"),
]
PLANTED = Page("planted", "/", person=ANYBODY)


Inspect = Callable[[str], list[str]]


@pytest.fixture
def inspect(browser: Browser, tmp_path: Path) -> Iterator[Inspect]:
    """Opens a page with this part in the dark, and returns the faults as texts that begin with the check."""
    shown = ""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix("http://planted.invalid")
        if path == "/dropped.png":
            route.abort("connectionreset")
        elif path == "/":
            headers = {"Content-Security-Policy": "default-src 'self'", "Content-Type": "text/html"}
            status = 500 if "status" in shown else 200
            route.fulfill(status=status, headers=headers, body=PLANTED_PAGE.format(shown))
        elif path in FILES:
            route.fulfill(content_type=FILES[path][0], body=FILES[path][1])
        else:
            route.fulfill(status=404)

    with browser.new_context() as context:
        context.route("**/*", answer)
        walk = Walk(context, "http://planted.invalid", tmp_path)

        def inspect(part: str) -> list[str]:
            nonlocal shown
            shown = part
            return [str(fault) for fault in walk.inspect(walk.url + "/", PLANTED, Variant(390, "dark"), "planted")]

        yield inspect


def test_nothing_is_found_where_nothing_is_wrong(inspect: Inspect, tmp_path: Path) -> None:
    assert inspect("") == []
    assert (tmp_path / "planted.jpg").stat().st_size > 1000


@pytest.mark.parametrize(("part", "check", "words"), FAULTS)
def test_a_planted_fault_is_found(inspect: Inspect, part: str, check: str, words: str) -> None:
    faults = inspect(part)
    assert any(fault.startswith(f"{check}: ") and words in fault for fault in faults), faults
