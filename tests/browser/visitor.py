"""A person with mouse, keyboard and a real browser: what they do on the pages, in their words."""

import base64
import io
import re
import time
from pathlib import Path
from typing import Any, Self

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.live_site import JOB_SECONDS, PASSWORD, TEAM_PATH, LiveSite

JOB_PAGE = re.compile(r"/jobs/[0-9a-f-]{36}/$")
DROP = """
(files) => {
  const dataTransfer = new DataTransfer();
  for (const [bytes, name, type] of files)
    dataTransfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, { type }));
  const event = { bubbles: true, cancelable: true, dataTransfer };
  for (const kind of ["dragenter", "dragover", "drop"])
    document.getElementById("main").dispatchEvent(new DragEvent(kind, event));
}
"""


class Visitor:
    def __init__(self, page: Page, site: LiveSite) -> None:
        self.page = page
        self.site = site

    def go(self, path: str) -> Self:
        self.page.goto(self.site.url + path)
        return self

    def open(self, page: str = "") -> Self:
        """Open a page of the team, like `gallery/`; without a name its studio."""
        return self.go(TEAM_PATH + page)

    def press(self, key: str) -> Self:
        """Press a key once the page is loaded and painted: Chromium drops earlier keys, and nobody presses then."""
        self.page.wait_for_load_state()
        self.page.evaluate("() => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)))")
        self.page.keyboard.press(key)
        return self

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def log_in(self, name: str, password: str = PASSWORD) -> Self:
        self.go("/login/")
        self.page.locator("#id_login").fill(name)
        self.page.locator("#id_password").fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.find("#account-button")).to_be_visible()
        # Until then the page's scripts haven't run, and a click on what they control does nothing.
        self.page.wait_for_load_state()
        return self

    def drop(self, picture: Path) -> Self:
        """Drags the file onto the stage and lets go of it."""

        self.drop_files(picture)
        expect(self.find("#picture-name")).to_have_text(picture.name)
        return self

    def drop_files(self, *files: Path) -> Self:
        """Drag the files onto the page and let go of them, all at once."""
        kinds = {".png": "image/png", ".jpg": "image/jpeg"}
        contents = [
            [base64.b64encode(file.read_bytes()).decode(), file.name, kinds.get(file.suffix, "")] for file in files
        ]
        self.page.evaluate(DROP, contents)
        return self

    def drag_from_desktop(self, *files: Path) -> Self:
        """Drop the files as the system does it: the browser opens the first one unless the page prevents that."""
        session = self.page.context.new_cdp_session(self.page)
        data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 400, "data": data})
        session.detach()
        return self

    def choose(self, name: str, value: object) -> Self:
        """One of the segments of the setting `name`."""
        self.page.locator(f'label:has(input[name="{name}"][value="{value}"])').click()
        return self

    def slide(self, name: str, value: int) -> Self:
        """Move the slider of the setting `name`."""
        self.find(f'input[type="range"][name="{name}"]').fill(str(value))
        return self

    def start(self) -> Self:
        """Presses the button; afterwards the page of the new job is open."""
        self.find("#submit-job").click()
        self.page.wait_for_url(JOB_PAGE)
        return self

    def wait_for_result(self) -> Self:
        """On a job's page: without reloading it, until the result has come by itself."""
        expect(self.find("#download-result")).to_be_visible(timeout=JOB_SECONDS * 1000)
        return self

    def watch_progress(self) -> list[tuple[str, float | None]]:
        """Return the pairs of phase and percentage that the page showed, until the result has come by itself."""
        seen: list[tuple[str, float | None]] = []
        give_up_at = time.monotonic() + JOB_SECONDS
        while not self.find("#download-result").count():
            assert time.monotonic() < give_up_at, f"no result after {seen}"
            shown: Any = self.page.evaluate(
                """() => { const head = document.getElementById("job-phase");
                return head && [head.firstElementChild.textContent,
                                head.querySelector("[data-percent]").dataset.percent]; }"""
            )
            if shown:
                state = (shown[0], float(shown[1]) if shown[1] else None)
                if state not in seen:
                    seen.append(state)
            self.page.wait_for_timeout(100)
        return seen

    def download(self) -> Image.Image:
        """Return the result's file as the browser saves it."""
        with self.page.expect_download() as saved:
            self.find("#download-result").click()
        picture = Image.open(io.BytesIO(Path(saved.value.path()).read_bytes()))
        picture.load()
        return picture

    def make_result(self, feature: str, picture: Path, **settings: object) -> Self:
        """From a feature's page to a finished job's page."""
        self.open(f"features/{feature}/").drop(picture)
        for name, value in settings.items():
            self.choose(name, value)
        return self.start().wait_for_result()

    def credits_left(self, team_path: str = TEAM_PATH) -> float:
        """As the team's usage page says after asking again."""
        self.go(team_path + "usage/")
        self.page.get_by_role("button", name="Refresh").click()
        self.page.wait_for_timeout(1500)
        self.go(team_path + "usage/")
        shown = self.find(".stat-figure").first.text_content() or ""
        return float(re.sub(r"[^\d.]", "", shown))
