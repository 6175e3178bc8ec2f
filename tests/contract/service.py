"""The engine as a stranger meets it: raw requests in every encoding, and the client, over one of two transports."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import requests

from tests.contract.jobs import QUICK
from tests.contract.pictures import photo
from vanceweb.client import Retries, VanceClient

# The three encodings of a POST body that clients in the field send, and GET.
ENCODINGS = ("urlencoded", "multipart", "json")
WAYS = (*ENCODINGS, "get")


@dataclass(frozen=True)
class Service:
    """One way to the engine."""

    base_url: str
    session: requests.Session

    def client(self, token: str) -> VanceClient:
        return VanceClient(token, base_url=self.base_url, session=self.session, retries=Retries(attempts=1))

    def send(
        self, path: str, fields: Mapping[str, Any], way: str = "urlencoded", files: Any = None
    ) -> requests.Response:
        """The raw response. Every one of the contract has HTTP status 200."""
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

    def ask(self, path: str, fields: Mapping[str, Any], way: str = "urlencoded", files: Any = None) -> Any:
        """The whole JSON answer, whose envelope is checked."""
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

    def data(self, path: str, fields: Mapping[str, Any], way: str = "urlencoded", files: Any = None) -> Any:
        """The data of a successful answer."""
        answer = self.ask(path, fields, way, files)
        assert answer["code"] == 200, answer
        return answer["data"]

    def refusal(
        self, path: str, fields: Mapping[str, Any], way: str = "urlencoded", files: Any = None
    ) -> tuple[int, str]:
        """Code and message of an answer that must be an error."""
        answer = self.ask(path, fields, way, files)
        assert answer["code"] != 200, answer
        return answer["code"], answer["msg"] if isinstance(answer["msg"], str) else str(answer["msg"])

    def upload(self, token: str, picture: bytes | None = None, name: str = "cat.png") -> str:
        """The uid of a picture."""
        return self.client(token).upload(BytesIO(picture or photo()), name=name).uid

    def finished(self, token: str, jconfig: str = QUICK, picture: bytes | None = None) -> str:
        """The trans_id of a job that has a result."""
        started = self.client(token).transform(self.upload(token, picture), jconfig)
        ended = self.end_of(token, started.trans_id)
        assert ended["status"] == "finish", ended
        return started.trans_id

    def end_of(self, token: str, trans_id: str, seconds: float = 60) -> Any:
        """The data of /progress once the job has ended."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            data = self.data("/progress", {"api_token": token, "trans_id": trans_id})
            if data["status"] in ("finish", "fatal"):
                return data
            time.sleep(0.05)
        raise TimeoutError(f"the job did not end within {seconds} s: {data}")
