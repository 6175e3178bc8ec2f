"""A walk over every page of the site; see `walk.py` for what is looked at, and `walk_pages.py` for the pages.

Part of `make test` is the short walk: every page with much on it, in light and dark, at the width of a phone and of a
desk. At each width it is opened in one scheme, completely checked, and switched to the other scheme, in which only its
colours are checked again. Pages that are built like another one, such as most features, some states of jobs and what a
viewer sees, are opened in one variant only. `make walk` is the full one: all pages are opened in all schemes and
widths, the lists with nothing, one thing and much on them, and a picture of each is kept.

Everything is on one site without workers, so that each job stays in its state, with one tab for all visits.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from playwright.sync_api import Browser, Route

from tests.browser.walk import HEIGHTS, SCHEMES, Variant, Walk
from tests.browser.walk_pages import ANYBODY, PAGES, UNOPENED, URLS_WITHOUT_PAGE, Page
from tests.web_process import WebProcess
from vanceweb.ops.setup_link import create_secret

pytestmark = pytest.mark.slow

IS_FULL = os.environ.get("WALK") == "full"
PICTURES = Path(os.environ["WALK_DIR"]) if "WALK_DIR" in os.environ else None
# What is opened, and what each is then switched to.
FULL_VARIANTS = [[Variant(width, scheme)] for width in HEIGHTS for scheme in SCHEMES]
SHORT_VARIANTS = [[Variant(390, "light"), Variant(390, "dark")], [Variant(1440, "dark"), Variant(1440, "light")]]
COLLECT = "from vanceweb.ops.static_files import collect_if_changed; collect_if_changed()"
FILL = "from tests.browser.walk_data import print_filled; print_filled()"


@pytest.fixture(scope="module")
def web(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: Path | None, decoder: None
) -> Iterator[WebProcess]:
    """A site without anybody, and without workers."""
    # With a database of its own: what SQLite leaves beside the file doesn't fit the copy.
    WebProcess(tmp_path_factory.mktemp("collected")).run_manage("shell", "-v", "0", "-c", COLLECT)
    with WebProcess(tmp_path_factory.mktemp("walk"), template=migrated_database, LOG_LEVEL="ERROR") as web:
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
    variants = FULL_VARIANTS if IS_FULL else [SHORT_VARIANTS[0][:1]] if page.like else SHORT_VARIANTS
    return "\n".join(fault for switched in variants for fault in walk.visit(page, state, *switched))


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
        .pushed { height: 200px; } .dim { color: light-dark(#000, #333); } .plain { text-decoration: none; }
        @media (prefers-color-scheme: light) { .plain { text-decoration: underline; } }
        @media (prefers-color-scheme: dark) { .wide-in-dark { width: 120vw; } }""",
    ),
    "/white.css": ("text/css", "body { background: #fff; color: #000; }"),
    "/hidden.css": ("text/css", "h1 { display: none; }"),
    "/hidden-in-dark.css": ("text/css", "@media (prefers-color-scheme: dark) { h1 { display: none; } }"),
    "/error-in-dark.js": (
        "text/javascript",
        'matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => console.error("planted"));',
    ),
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


Inspect = Callable[..., list[str]]


@pytest.fixture
def inspect(browser: Browser, tmp_path: Path) -> Iterator[Inspect]:
    """Opens a page with this part in the dark, or in the first of the schemes and switches it to the others.

    Returns the faults as texts that begin with the scheme and the check.
    """
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
        walk = Walk(context, "http://planted.invalid", tmp_path, paths={"planted": {}})

        def inspect(part: str, schemes: tuple[str, ...] = ("dark",)) -> list[str]:
            nonlocal shown
            shown = part
            faults = walk.visit(PLANTED, "planted", *(Variant(390, scheme) for scheme in schemes))
            return [fault.removeprefix("390-") for fault in faults]

        yield inspect


def test_nothing_is_found_where_nothing_is_wrong(inspect: Inspect, tmp_path: Path) -> None:
    assert inspect("", ("dark", "light")) == []
    assert {path.name for path in tmp_path.iterdir() if path.stat().st_size > 1000} == {
        "planted-planted-390-dark.jpg", "planted-planted-390-light.jpg"
    }  # fmt: skip


@pytest.mark.parametrize(("part", "check", "words"), FAULTS)
def test_a_planted_fault_is_found(inspect: Inspect, part: str, check: str, words: str) -> None:
    faults = inspect(part)
    assert any(fault.startswith(f"dark {check}: ") and words in fault for fault in faults), faults


# Each is right in the light.
@pytest.mark.parametrize(
    ("part", "check", "words"),
    [
        ('<p class="dim">Dim</p>', "axe", "color-contrast:"),
        ('<p>Text around <a class="plain" href="/">a link</a> in the text.</p>', "axe", "link-in-text-block:"),
        ('<div class="wide-in-dark">Wide</div>', "sideways", "px wide"),
        ('<link rel="stylesheet" href="/white.css">', "scheme", "255 of 255"),
        ('<link rel="stylesheet" href="/hidden-in-dark.css">', "heading", "no visible heading"),
        ('<script src="/error-in-dark.js"></script>', "console", "planted"),
    ],
)
def test_a_fault_of_the_other_scheme_is_found(inspect: Inspect, part: str, check: str, words: str) -> None:
    faults = inspect(part, ("light", "dark"))
    assert any(fault.startswith(f"dark {check}: ") and words in fault for fault in faults), faults
    assert not any(fault.startswith("light ") for fault in faults), faults
