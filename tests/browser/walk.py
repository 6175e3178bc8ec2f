"""The walk: opens pages one after the other, looks for faults on each, and keeps a picture of each."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

from tests.browser.walk_pages import Page

# Of the window, px, by its width: a phone, a tablet and a desk.
HEIGHTS = {390: 844, 768: 1024, 1440: 900}
SCHEMES = ("light", "dark")
# Less than a tenth of what counts as good (web.dev/cls): what doesn't move on purpose stands still.
MAX_SHIFT = 0.02
AXE = Path(settings.NODE_MODULES_DIR) / "axe-core" / "axe.min.js"
# Everything that axe-core checks except the AAA and experimental rules.
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
# Those of them that look at colours.
AXE_COLOUR_RULES = ["color-contrast", "link-in-text-block"]
WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`security policy: ${event.violatedDirective} blocked ${event.blockedURI || "inline code"}`));
window.layoutShifts = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries())
    if (!shift.hadRecentInput)
      window.layoutShifts.push({ value: shift.value, nodes: shift.sources.map(({ node }) =>
        node ? `${node.nodeName.toLowerCase()}#${node.id}.${node.className}` : "?") });
}).observe({ type: "layout-shift", buffered: true });
"""
POLICY_WORDS = ("security policy", "Content Security Policy")
WAIT = """
  const wait = (milliseconds) => new Promise((next) => setTimeout(next, milliseconds));
  const painted = () => Promise.race([wait(1000),
    new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)))]);
"""
# To the end of the page, half a window per painted frame, and back. Pictures load when they come near; those that a
# strip hides at its side don't.
SCROLL = (
    f"async () => {{ {WAIT}"
    + """
  await Promise.race([wait(3000), document.fonts.ready]);
  await painted();
  const step = innerHeight / 2;
  for (let top = 0; top < document.documentElement.scrollHeight - innerHeight; ) {
    scrollTo({ top: (top += step), behavior: "instant" });
    await painted();
  }
  const loading = [...document.images].filter((image) => image.checkVisibility() && !image.complete);
  const loaded = Promise.all(loading.map((image) => new Promise((next) => {
    image.addEventListener("load", next); image.addEventListener("error", next); })));
  await Promise.race([wait(3000), loaded]);
  scrollTo({ top: 0, behavior: "instant" });
  await painted();
}
"""
)
# Until colours that change gradually have changed.
SETTLE = (
    f"async () => {{ {WAIT}"
    + """
  await painted();
  const ending = document.getAnimations().filter((animation) => animation.effect.getComputedTiming().endTime < 5000);
  await Promise.race([wait(3000), Promise.allSettled(ending.map((animation) => animation.finished))]);
  await painted();
}
"""
)
MEASURE = """
() => {
  const paint = document.createElement("canvas").getContext("2d");
  paint.fillStyle = getComputedStyle(document.body).backgroundColor;
  paint.fillRect(0, 0, 1, 1);
  const [red, green, blue] = paint.getImageData(0, 0, 1, 1).data;
  const headings = [...document.querySelectorAll("h1")].filter((heading) => heading.checkVisibility());
  return { brightness: (red + green + blue) / 3, width: document.documentElement.scrollWidth,
           shifts: window.layoutShifts.splice(0), headings: headings.length };
}
"""
CHECK = """
async (runOnly) => {
  const { violations } = await axe.run(document, { runOnly, resultTypes: ["violations"], preload: false });
  return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(
    (node) => `${node.target.join(" ")} ${node.html.slice(0, 120)} (${node.any.concat(node.all, node.none)
      .map((check) => check.message).join("; ")})`) }));
}
"""


@dataclass(frozen=True)
class Variant:
    """A size of the window and a colour scheme of the system."""

    width: int
    scheme: str

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}"


@dataclass(frozen=True)
class Fault:
    """What is wrong on a page, and the check that says so."""

    check: str
    text: str

    def __str__(self) -> str:
        return f"{self.check}: {self.text}"


@dataclass
class Walk:
    """Opens the pages of the site at `url` in one tab, as any of the people."""

    context: BrowserContext
    url: str
    # The folder for the pictures of the pages, if they are kept.
    pictures: Path | None
    # Session keys by the name of the person, and values of paths by the state of the data.
    sessions: dict[str, str] = field(default_factory=dict)
    paths: dict[str, dict[str, str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    status: int = 0
    # Whose cookies the tab has.
    person: str = ""

    def __post_init__(self) -> None:
        if self.pictures:
            self.pictures.mkdir(parents=True, exist_ok=True)
        self.context.add_init_script(WATCH)
        self.context.add_init_script(path=AXE)
        self.context.on("console", self._note_console)
        self.context.on("weberror", self._note_error)
        self.context.on("requestfailed", self._note_failed_request)
        self.context.on("response", self._note_response)
        self.tab = self.context.new_page()

    def visit(self, page: Page, state: str, *variants: Variant) -> list[str]:
        """Open the page in the first variant and switch it to the others, which are of the same width.

        Return what is wrong with it, each fault behind its variant.
        """
        self._become(page.get_person(state))
        address = self.url + page.path.format_map(self.paths[state])
        first, *others = variants
        faults = [f"{first} {fault}" for fault in self.inspect(address, page, first, f"{page.name}-{state}-{first}")]
        for variant in others:
            found = self.inspect_scheme(page, variant, f"{page.name}-{state}-{variant}")
            faults += [f"{variant} {fault}" for fault in found]
        return faults

    def inspect(self, address: str, page: Page, variant: Variant, name: str) -> list[Fault]:
        """Open the address of the page and return what is wrong there. The picture gets the name `name`."""
        self.tab.set_viewport_size({"width": variant.width, "height": HEIGHTS[variant.width]})
        self.tab.emulate_media(color_scheme=variant.scheme)  # type: ignore[arg-type]
        self.tab.goto(address)
        if page.act:
            page.act(self.tab)
        self.tab.wait_for_load_state()
        self.tab.evaluate(SCROLL)
        self._check({"type": "tag", "values": AXE_TAGS})
        self._measure(page, variant)
        return self._finish(name)

    def inspect_scheme(self, page: Page, variant: Variant, name: str) -> list[Fault]:
        """Switch the opened page to the scheme of the variant and return what is wrong with its colours and sizes."""
        self.tab.emulate_media(color_scheme=variant.scheme)  # type: ignore[arg-type]
        self.tab.evaluate(SETTLE)
        self._check({"type": "rule", "values": AXE_COLOUR_RULES})
        self._measure(page, variant)
        return self._finish(name)

    def _check(self, rules: dict[str, Any]) -> None:
        for rule in self.tab.evaluate(CHECK, rules):
            self._note("axe", f"{rule['id']}: {rule['help']}: {'; '.join(rule['nodes'])}")

    def _finish(self, name: str) -> list[Fault]:
        """Keep a picture of the page. Return the faults and forget them."""
        if self.pictures:
            self.tab.screenshot(path=self.pictures / f"{name}.jpg", type="jpeg", quality=70, full_page=True)
        faults, self.faults = self.faults, []
        return faults

    def _become(self, person: str) -> None:
        if person and person == self.person:
            return
        self.person = person
        # Otherwise the last page might still ask for news, in the next person's name.
        self.tab.goto("about:blank")
        self.context.clear_cookies()
        if person:
            cookie: Any = {"name": settings.SESSION_COOKIE_NAME, "value": self.sessions[person], "url": self.url}
            self.context.add_cookies([cookie])

    def _measure(self, page: Page, variant: Variant) -> None:
        found: Any = self.tab.evaluate(MEASURE)
        if self.status != page.status:
            self._note("status", f"{self.status} instead of {page.status}")
        if found["width"] > variant.width:
            self._note("sideways", f"{found['width']} px wide in a window of {variant.width} px")
        if (found["brightness"] < 90) != (variant.scheme == "dark"):
            self._note("scheme", f"the ground's brightness is {found['brightness']:.0f} of 255")
        if not found["headings"]:
            self._note("heading", "no visible heading of the first level")
        if (total := sum(shift["value"] for shift in found["shifts"])) > MAX_SHIFT:
            self._note("shift", f"{total:.3f} {json.dumps(found['shifts'])}")

    def _note(self, check: str, text: str) -> None:
        self.faults.append(Fault(check, text))

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        # The page itself may be an error's; then the console repeats its status.
        if message.text.startswith("Failed to load resource") and message.location.get("url") == self.tab.url:
            return
        is_policy = any(words in message.text for words in POLICY_WORDS)
        self._note("policy" if is_policy else "console", f"{message.text} ({message.location.get('url')})")

    def _note_error(self, error: WebError) -> None:
        self._note("console", f"exception: {error.error}")

    def _note_failed_request(self, request: Request) -> None:
        # A page that is left gives up what it was still loading.
        if request.failure not in ("net::ERR_ABORTED", None):
            self._note("request", f"{request.url} {request.failure}")

    def _note_response(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.status = response.status
        elif response.status >= 400:
            self._note("request", f"{response.url} {response.status}")
