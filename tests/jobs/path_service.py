"""A service on the network that answers each path in its own way, and can hang: real HTTP on loopback."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from tests.client.fake_service import BASE_PATH, FakeService, Handler, Reply, reply_bytes, reply_error, run_fake_service
from tests.conftest import make_picture_file
from tests.jobs.conftest import JobDriver
from vanceweb.vault.models import Connection

PICTURE = make_picture_file().getvalue()
# Longer than any test waits.
HANG_SECONDS = 120


class PathService:
    """The replies by path, which tests change, and what the service has seen."""

    def __init__(self, server: FakeService) -> None:
        self.server = server
        self.status = "process"
        self.released = threading.Event()
        self.running: Counter[str] = Counter()
        self.most_running: Counter[str] = Counter()
        self.trans_ids: list[str] = []
        self._lock = threading.Lock()
        self.replies: dict[str, Reply] = {
            "/upload": self.reply_upload,
            "/transform": self.reply_transform,
            "/progress": self.reply_progress,
            "/download": reply_bytes(PICTURE, kind="image/png"),
            "/cancel": self.reply_progress,
            "/point": reply_error(10001, "no such path"),
        }
        server.set_replies(self._answer)

    @property
    def base_url(self) -> str:
        return self.server.base_url

    @property
    def paths(self) -> list[str]:
        return [seen.path for seen in self.server.requests]

    def count(self, path: str) -> int:
        return self.paths.count(path)

    def get_forms(self, path: str) -> list[dict[str, str]]:
        return [seen.form for seen in self.server.requests if seen.path == path]

    def _answer(self, handler: Handler) -> None:
        path = handler.path.split("?")[0].removeprefix(BASE_PATH)
        with self._lock:
            self.running[path] += 1
            self.most_running[path] = max(self.most_running[path], self.running[path])
        try:
            self.replies[path](handler)
        finally:
            with self._lock:
                self.running[path] -= 1

    def reply_upload(self, handler: Handler) -> None:
        send(handler, {"uid": uuid4().hex, "name": "x.png", "thumbnail": "", "w": 24, "h": 16, "filesize": 100})

    def reply_transform(self, handler: Handler) -> None:
        self.trans_ids.append(uuid4().hex)
        send(handler, {"trans_id": self.trans_ids[-1], "status": self.status})

    def reply_progress(self, handler: Handler) -> None:
        send(handler, {"status": self.status, "filesize": "100"})

    def hang(self, handler: Handler) -> None:
        """Answer nothing until the test releases it."""
        self.released.wait(HANG_SECONDS)
        handler.close_connection = True

    def answer_by_job(self, replies: Mapping[str, Reply]) -> Reply:
        """Return a reply that depends on the `trans_id` of the request; others get the usual one."""

        def answer(handler: Handler) -> None:
            trans_id = parse_qs(self.server.requests[-1].body.decode())["trans_id"][0]
            replies.get(trans_id, self.reply_progress)(handler)

        return answer


def send(handler: Handler, data: Mapping[str, Any]) -> None:
    handler.send(json.dumps({"code": 200, "cscode": 200, "data": data, "ip": "127.0.0.1"}).encode())


@contextmanager
def run_path_service() -> Iterator[PathService]:
    with run_fake_service() as server:
        service = PathService(server)
        try:
            yield service
        finally:
            service.released.set()


def connect(driver: JobDriver, service: PathService, *, name: str = "Studio plan") -> JobDriver:
    """Return a driver like the given one, with a connection of its own to the service."""
    connection = Connection.objects.create(
        **driver.actor.own().to_fields(),
        name=name,
        service=Connection.Service.OTHER,
        base_url=service.base_url,
        token="token-of-the-service",
    )
    return JobDriver(driver.user, connection, driver.media)
