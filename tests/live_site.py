"""The real site as `make run` serves it: web processes, workers and sweeper under `manage.py up`, on a free port."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import requests
from django.conf import settings

CHECKOUT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"
TEAM_NAME, TEAM_PATH = "Studio", "/t/studio/"
# Generous: other tests may be using both processors.
START_SECONDS = 90
JOB_SECONDS = 240
T = TypeVar("T")


def build_environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of an operator who has set only the data folder and a free port."""
    ours = {
        "DATA_DIR": str(folder),
        "PORT": "0",
        "DJANGO_SETTINGS_MODULE": "vanceweb.settings",
        "UP_START_SECONDS": "90",
    }
    return {**os.environ, **ours, **more}


def build_manage_command(*arguments: str, **env: str) -> list[str]:
    return [sys.executable, str(CHECKOUT / "manage.py"), *arguments]


def wait_for(find: Callable[[], T | None], seconds: float, subject: str) -> T:
    """Return the first non-empty result of `find`. Fail after `seconds`."""
    give_up_at = time.monotonic() + seconds
    while not (result := find()):
        assert time.monotonic() < give_up_at, f"{subject} did not come within {seconds} s"
        time.sleep(0.1)
    return result


class LiveSite:
    """An installation in `folder`, which `with` starts and stops.

    It begins with a copy of `database`, or creates its own.
    """

    def __init__(self, folder: Path, *, database: Path | None = None, **more: str) -> None:
        self.folder, self.database = folder, database
        # Every site has the same static files: compressing them takes as long as the rest of a start.
        shared = {"STATIC_ROOT": str(Path(settings.DATA_DIR, "static"))}
        self.environment = build_environment(folder, **shared, **more)
        self.lines: list[str] = []
        self.url = self.setup_url = ""
        self.start_seconds = 0.0

    def __enter__(self) -> Self:
        if self.database:
            self.folder.mkdir(exist_ok=True)
            shutil.copyfile(self.database, self.folder / "vanceweb.sqlite3")
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the site and return once it has printed its URL."""
        started = time.monotonic()
        self.lines.clear()
        self.process = subprocess.Popen(
            build_manage_command("up"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment,
        )
        threading.Thread(target=self._read_lines, daemon=True).start()
        url = wait_for(self._find_printed_url, START_SECONDS, f"the URL in {self.lines}")
        self.start_seconds = time.monotonic() - started
        self.url = "/".join(url.split("/")[:3])
        self.setup_url = url if "/setup/" in url else ""

    def _read_lines(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def _find_printed_url(self) -> str | None:
        assert self.process.poll() is None, f"it ended during its start: {self.lines}"
        return next((line.strip() for line in self.lines if re.fullmatch(r"\s+http://\S+", line)), None)

    def stop(self) -> float:
        """Send SIGTERM to the supervisor and return the seconds until it has ended."""
        started = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(30)
        finally:
            self.kill()
        return time.monotonic() - started

    def kill(self) -> None:
        """Send SIGKILL to the supervisor only."""
        self.process.kill()
        self.process.wait()

    def find_pids(self, *words: str) -> list[int]:
        """Return the process ids of this installation whose command line contains all `words`, in ascending order."""
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

    def add_person(self, name: str, *, team: str = "") -> None:
        """Create a person who isn't in the first team: without a team, or as the owner of another one named `team`."""
        lines = [
            "from vanceweb.ops.services import open_team",
            "from vanceweb.teams.services import create_user",
            f"user = create_user(username={name!r}, password={PASSWORD!r})",
            f"{team!r} and open_team(name={team!r}, owner=user)",
        ]
        subprocess.run(
            build_manage_command("shell", "-v", "0", "-c", "\n".join(lines)), env=self.environment, check=True
        )

    def kill_workers(self, queue_name: str) -> int:
        """Send SIGKILL to every worker on the queue and return their number."""
        pids = self.find_pids("manage.py work", f"--queue {queue_name} ")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return len(pids)


class ScriptlessVisitor:
    """A person whose browser supports forms and cookies but no scripts."""

    def __init__(self, site: LiveSite) -> None:
        self.site = site
        self.session = requests.Session()

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.site.url + path, timeout=30, **options)

    def post(self, path: str, data: dict[str, Any], *, page: str | None = None, **options: Any) -> requests.Response:
        """Post `data` to `path` with the CSRF token from `page`, or from `path` itself without a `page`."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(page or path).text)
        assert token, f"no form on {page or path}"
        data = {"csrfmiddlewaretoken": token[1], **data}
        return self.session.post(self.site.url + path, data=data, timeout=30, **options)

    def create_owner(self, name: str = "alice") -> Self:
        """Create the first account and its team through the set-up link."""
        path = self.site.setup_url.removeprefix(self.site.url)
        person = {"username": name, "password1": PASSWORD, "password2": PASSWORD, "email": f"{name}@studio.example"}
        answer = self.post(path, {**person, "team_name": TEAM_NAME})
        assert answer.status_code == 200
        assert answer.url == self.site.url + TEAM_PATH
        return self

    def log_in(self, name: str = "alice") -> Self:
        answer = self.post("/login/", {"login": name, "password": PASSWORD})
        assert answer.status_code == 200
        return self

    def start_job(self, feature: str = "enlarge3", *, picture: Path | None = None, **fields: Any) -> str:
        """Start a job and return the path of its page. Without a picture, use the sample `astronaut`."""
        path = f"{TEAM_PATH}features/{feature}/"
        page = self.get(path).text
        connection = re.search(r'<option value="([\w-]{36})"', page)
        assert connection, "no connection on the feature's page"
        data = {"connection": connection[1], **fields}
        if picture is None:
            answer = self.post(path, {**data, "sample": "astronaut"})
        else:
            with picture.open("rb") as file:
                answer = self.post(path, data, files={"picture": file})
        assert "/jobs/" in answer.url, answer.text[-3000:]
        return answer.url.removeprefix(self.site.url)

    def get_percent(self, job: str) -> float | None:
        """Return the percentage on the page of an active job: None before the engine starts, 100 after the end."""
        page = self.get(job).text
        shown = re.search(r'data-percent="([\d.]*)"', page)
        return 100.0 if not shown else float(shown[1]) if shown[1] else None

    def get_state(self, job: str) -> str:
        """Return `done`, `failed`, `cancelled` or `active`."""
        page = self.get(job).text
        if 'id="job-progress"' in page:
            return "active"
        return "done" if 'id="download-result"' in page else "cancelled" if ">Cancelled after" in page else "failed"

    def wait_until_done(self, job: str) -> bytes:
        """Wait for the end of the job and return the content of its result."""
        wait_for(lambda: self.get_state(job) != "active", JOB_SECONDS, "the end of the job")
        page = self.get(job).text
        link = re.search(r'id="download-result"[^>]*href="([^"]+)"', page)
        assert link, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))[-800:]
        answer = self.get(link[1])
        assert answer.status_code == 200
        return answer.content

    def refresh_credits(self) -> float:
        """Return the credits on the usage page after a refresh."""
        self.post(TEAM_PATH + "usage/refresh/", {}, page=TEAM_PATH + "usage/")
        time.sleep(1)
        shown = re.search(r'stat-figure">([\d,.]+)', self.get(TEAM_PATH + "usage/").text)
        return float(shown[1].replace(",", "")) if shown else -1

    def count_charges(self) -> int:
        """Return the number of charges on the page of the history."""
        page = self.get(TEAM_PATH + "usage/history/").text
        return len(re.findall(r"<tr>\s*<td", page.split('id="usage-history"')[1]))
