"""Debian's Chromium on the served site; every page is watched for console errors and broken security rules."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    WebError,
    sync_playwright,
)

from tests.browser.visitor import Visitor
from tests.live_site import LiveSite, ScriptlessVisitor
from tests.oidc_provider import Provider, run_provider

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
# Half of the test run may be using the processors.
PATIENCE_MS = 30_000
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`security policy: ${event.violatedDirective} blocked ${event.blockedURI || "inline code"}`));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
            # The walk has a site of its own and takes long.
            group = "walk" if "test_walk.py" in item.nodeid else "browser"
            item.add_marker(pytest.mark.xdist_group(group))


# pytest-playwright keeps its browser for the whole session, and with it an event loop in this thread, under which
# Django refuses the database to every later test. These end with this package.


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def browser_type(playwright: Playwright) -> BrowserType:
    return playwright.chromium


@pytest.fixture(scope="package")
def launch_browser(browser_type: BrowserType) -> Callable[[], Browser]:
    path = shutil.which("chromium")
    assert path, "Chromium is missing; `make test` installs it"
    return lambda: browser_type.launch(executable_path=path, args=FLAGS)


@pytest.fixture(scope="package")
def browser(launch_browser: Callable[[], Browser]) -> Iterator[Browser]:
    browser = launch_browser()
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def browser_context_args() -> dict[str, Any]:
    return {"viewport": {"width": 1440, "height": 900}}


@dataclass
class Troubles:
    """What went wrong on the pages of one test; `expected` is what the test means to cause."""

    seen: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, words: str) -> None:
        """From now on, console errors with these words in them are meant."""
        self.expected.append(words)

    def watch(self, context: BrowserContext) -> BrowserContext:
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._note_console)
        context.on("weberror", self._note_error)
        context.on("requestfailed", self._note_request)
        context.set_default_timeout(PATIENCE_MS)
        return context

    def unexpected(self) -> list[str]:
        return [line for line in self.seen if not any(words in line for words in self.expected)]

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.seen.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _note_error(self, error: WebError) -> None:
        self.seen.append(f"exception: {error.error}")

    def _note_request(self, request: Request) -> None:
        # A page that is left gives up what it was still loading.
        if request.failure not in ("net::ERR_ABORTED", None):
            self.seen.append(f"request: {request.url} {request.failure}")


@pytest.fixture
def troubles() -> Iterator[Troubles]:
    troubles = Troubles()
    yield troubles
    assert troubles.unexpected() == []


@pytest.fixture
def context(troubles: Troubles, new_context: Any) -> BrowserContext:
    return troubles.watch(new_context())


@pytest.fixture(scope="package")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """A provider of OpenID Connect, with which the site's people can sign in."""
    with run_provider(tmp_path_factory.mktemp("provider")) as provider:
        yield provider


@pytest.fixture(scope="package")
def site(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: Path | None, provider: Provider
) -> Iterator[LiveSite]:
    """An installation with a team that alice owns."""
    environment = provider.build_environment("studio.example")
    with LiveSite(tmp_path_factory.mktemp("browser"), database=migrated_database, **environment) as site:
        provider.allow(site.url)
        ScriptlessVisitor(site).create_owner("alice")
        yield site


@pytest.fixture
def alice(site: LiveSite, page: Page) -> Visitor:
    """The owner, logged in, at the studio."""
    return Visitor(page, site).log_in("alice")
