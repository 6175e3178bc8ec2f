"""The real site, served as `make run` serves it: gunicorn, workers and sweeper below `manage.py up`, on a free port."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import requests

CHECKOUT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"
# Generous: another half of the test run may be using both processors.
START_SECONDS = 90
JOB_SECONDS = 240
T = TypeVar("T")


def environment(folder: Path, **more: str) -> dict[str, str]:
    """That of an operator who set nothing but the data folder and a free port."""
    ours = {
        "DATA_DIR": str(folder),
        "PORT": "0",
        "DJANGO_SETTINGS_MODULE": "vanceweb.settings",
        "UP_START_SECONDS": "90",
    }
    return {**os.environ, **ours, **more}


def manage(*arguments: str, **env: str) -> list[str]:
    return [sys.executable, str(CHECKOUT / "manage.py"), *arguments]


def wait_for(ask: Callable[[], T | None], seconds: float, what: str) -> T:
    """The first answer that isn't empty. Fails after `seconds`."""
    give_up_at = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < give_up_at, f"waited {seconds} s in vain for {what}"
        time.sleep(0.1)
    return answer


class Site:
    """One installation in `folder`; `with` starts and ends it."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.folder = folder
        self.environment = environment(folder, **more)
        self.lines: list[str] = []
        self.url = self.setup_url = ""
        self.start_seconds = 0.0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Returns once the URL is printed."""
        begun = time.monotonic()
        self.lines.clear()
        self.process = subprocess.Popen(
            manage("up"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment
        )
        threading.Thread(target=self._listen, daemon=True).start()
        url = wait_for(self._printed_url, START_SECONDS, f"the URL in {self.lines}")
        self.start_seconds = time.monotonic() - begun
        self.url = "/".join(url.split("/")[:3])
        self.setup_url = url if "/setup/" in url else ""

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def _printed_url(self) -> str | None:
        assert self.process.poll() is None, f"ended at its start: {self.lines}"
        return next((line.strip() for line in self.lines if re.fullmatch(r"\s+http://\S+", line)), None)

    def stop(self) -> float:
        """SIGTERM; the seconds until the supervisor has ended."""
        begun = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(30)
        finally:
            self.kill()
        return time.monotonic() - begun

    def kill(self) -> None:
        """SIGKILL to the supervisor alone."""
        self.process.kill()
        self.process.wait()

    def pids(self, *words: str) -> list[int]:
        """The processes of this installation whose command line has all `words`, oldest first; all without words."""
        mark = f"DATA_DIR={self.folder}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    if line and all(word in line for word in words):
                        found.append(int(process.name))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
        return sorted(found)

    def kill_workers(self, queue_name: str) -> int:
        """SIGKILL to every worker on the queue; how many there were."""
        pids = self.pids("db_worker", f"--queue-name {queue_name} ")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return len(pids)


class Person:
    """Somebody with a browser that knows forms and cookies but no scripts."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.session = requests.Session()

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.site.url + path, timeout=30, **options)

    def post(self, path: str, data: dict[str, Any], *, page: str | None = None, **options: Any) -> requests.Response:
        """Posts the form of the page `page`, that of `path` itself without one."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(page or path).text)
        assert token, f"no form on {page or path}"
        data = {"csrfmiddlewaretoken": token[1], **data}
        return self.session.post(self.site.url + path, data=data, timeout=30, **options)

    def make_owner(self, name: str = "alice") -> Self:
        """By the set-up link."""
        path = self.site.setup_url.removeprefix(self.site.url)
        answer = self.post(path, {"username": name, "password1": PASSWORD, "password2": PASSWORD})
        assert answer.status_code == 200
        assert answer.url == self.site.url + "/"
        return self

    def log_in(self, name: str = "alice") -> Self:
        answer = self.post("/login/", {"username": name, "password": PASSWORD})
        assert answer.status_code == 200
        return self

    def start_job(self, feature: str = "enlarge3", *, picture: Path | None = None, **fields: Any) -> str:
        """The path of the new job's page. Without a picture, the sample astronaut is used."""
        page = self.get(f"/features/{feature}/").text
        connection = re.search(r'<option value="([\w-]{36})"', page)
        assert connection, "no connection on the feature's page"
        data = {"connection": connection[1], **fields}
        if picture is None:
            answer = self.post(f"/features/{feature}/", {**data, "sample": "astronaut"})
        else:
            with picture.open("rb") as file:
                answer = self.post(f"/features/{feature}/", data, files={"picture": file})
        assert "/jobs/" in answer.url, answer.text[-3000:]
        return answer.url.removeprefix(self.site.url)

    def percent(self, job: str) -> float | None:
        """What the job's page shows while it moves; None before the engine has begun, 100 after the end."""
        page = self.get(job).text
        shown = re.search(r'data-percent="([\d.]*)"', page)
        return 100.0 if not shown else float(shown[1]) if shown[1] else None

    def state(self, job: str) -> str:
        """done, failed, cancelled, or moving."""
        page = self.get(job).text
        if 'id="job-progress"' in page:
            return "moving"
        return "done" if 'id="download-result"' in page else "cancelled" if ">Cancelled after" in page else "failed"

    def wait_until_done(self, job: str) -> bytes:
        """The result's bytes."""
        wait_for(lambda: self.state(job) != "moving", JOB_SECONDS, "the job's end")
        page = self.get(job).text
        link = re.search(r'id="download-result"[^>]*href="([^"]+)"', page)
        assert link, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))[-800:]
        answer = self.get(link[1])
        assert answer.status_code == 200
        return answer.content

    def credits_left(self) -> float:
        """As the usage page says after asking the engine again."""
        self.post("/usage/refresh/", {}, page="/usage/")
        time.sleep(1)
        shown = re.search(r'vw-balance-number">([\d,.]+)', self.get("/usage/").text)
        return float(shown[1].replace(",", "")) if shown else -1

    def charges(self) -> int:
        """Rows of the history on the usage page that took credits."""
        page = self.get("/usage/").text
        return len(re.findall(r"<tr>\s*<td", page.split('id="usage-history"')[1]))
