"""Access to the engine from outside: raw requests in every encoding and the client, over one of two transports."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import requests

from tests.contract.jconfigs import QUICK
from tests.contract.pictures import make_photo
from vanceweb.client import Retries, VanceClient

# The three encodings of a POST body that existing clients send, and GET.
ENCODINGS = ("urlencoded", "multipart", "json")
WAYS = (*ENCODINGS, "get")


@dataclass(frozen=True)
class Service:
    """The engine over one transport."""

    base_url: str
    session: requests.Session

    def build_client(self, token: str) -> VanceClient:
        return VanceClient(token, base_url=self.base_url, session=self.session, retries=Retries(attempts=1))

    def send(
        self, path: str, fields: Mapping[str, Any], way: str = "urlencoded", files: Any = None
    ) -> requests.Response:
        """Return the raw response and check that its HTTP status is 200."""
        url = self.base_url + path
        if way == "get":
            response = self.session.get(url, params=dict(fields), timeout=60)
        elif way == "json":
            response = self.session.post(url, json=dict(fields), timeout=60)
        elif way == "multipart" or files:
            parts = {key: (None, str(value)) for key, value in fields.items()} | (files or {})
            response = self.session.post(url, files=parts, timeout=60)
        else:
            response = self.session.post(url, data=dict(fields), timeout=60)
        assert response.status_code == 200
        return response

    def fetch_json(self, path: str, fields: Mapping[str, Any], way: str = "urlencoded", files: Any = None) -> Any:
        """Return the whole JSON response after checking its envelope."""
        response = self.send(path, fields, way, files)
        assert response.headers["Content-Type"].partition(";")[0] == "application/json"
        answer = response.json()
        if answer["code"] == 200:
            assert answer["cscode"] == 200
            assert answer["ip"] == "127.0.0.1"
            assert set(answer) == {"code", "cscode", "data", "ip"}
        else:
            assert set(answer) >= {"code", "msg"}
            assert "data" not in answer
        return answer

    def fetch_data(self, path: str, fields: Mapping[str, Any], way: str = "urlencoded", files: Any = None) -> Any:
        """Return the data of a successful response."""
        answer = self.fetch_json(path, fields, way, files)
        assert answer["code"] == 200, answer
        return answer["data"]

    def fetch_error(
        self, path: str, fields: Mapping[str, Any], way: str = "urlencoded", files: Any = None
    ) -> tuple[int, str]:
        """Return the code and message of a response that must be an error."""
        answer = self.fetch_json(path, fields, way, files)
        assert answer["code"] != 200, answer
        return answer["code"], answer["msg"] if isinstance(answer["msg"], str) else str(answer["msg"])

    def upload(self, token: str, picture: bytes | None = None, name: str = "cat.png") -> str:
        """Upload an image and return its uid."""
        return self.build_client(token).upload(BytesIO(picture or make_photo()), name=name).uid

    def finish_job(self, token: str, jconfig: str = QUICK, picture: bytes | None = None) -> str:
        """Run a job to its end and return its trans_id."""
        started = self.build_client(token).transform(self.upload(token, picture), jconfig)
        ended = self.wait_for_end(token, started.trans_id)
        assert ended["status"] == "finish", ended
        return started.trans_id

    def wait_for_end(self, token: str, trans_id: str, seconds: float = 60) -> Any:
        """Return the data of /progress once the job has ended."""
        return self.wait_for_status(token, trans_id, ("finish", "fatal"), seconds)

    def wait_for_status(self, token: str, trans_id: str, statuses: Collection[str], seconds: float = 60) -> Any:
        """Return the data of /progress once the job has one of the statuses."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            data = self.fetch_data("/progress", {"api_token": token, "trans_id": trans_id})
            if data["status"] in statuses:
                return data
            time.sleep(0.05)
        raise TimeoutError(f"the job has none of {statuses} after {seconds} s: {data}")
