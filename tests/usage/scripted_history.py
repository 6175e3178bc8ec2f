"""A fake service whose history grows while it is read, as a WSGI application for the real client."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

BEGINNING = datetime(2024, 2, 28, 23, 59, 50)


@dataclass(frozen=True)
class Charge:
    """One row of the service's history. It has few distinct values, so that many rows are equal."""

    second: int
    job: str = "denoise"
    balance: int = 100

    def as_json(self) -> dict[str, str]:
        return {
            "point_type": "download",
            "job": self.job,
            "info": f"{self.job}_0.jpg.jpg",
            "point": "1.000",
            "balance": f"{self.balance}.000",
            "created_at": (BEGINNING + timedelta(seconds=self.second)).strftime("%Y-%m-%d %H:%M:%S"),
        }


@dataclass
class ScriptedHistory:
    """A WSGI application: /points/record and /point of one account. It calls `before_page` before each answer."""

    charges: list[Charge] = field(default_factory=list)
    per_page: int = 3
    before_page: Callable[[int], None] = lambda number: None
    pages_read: int = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        fields = {key: values[0] for key, values in parse_qs(body).items()}
        number = int(fields.get("page", "1"))
        self.before_page(number)
        self.pages_read += 1
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"code": 200, "cscode": 200, "ip": "", "data": self.build_page(number)}).encode()]

    def build_page(self, number: int) -> dict[str, Any]:
        newest_first = self.charges[::-1]
        rows = newest_first[(number - 1) * self.per_page : number * self.per_page]
        return {
            "datas": [charge.as_json() for charge in rows],
            "current_page": number,
            "last_page": max(1, math.ceil(len(newest_first) / self.per_page)),
            "per_page": self.per_page,
            "total": len(newest_first),
        }


SERVICE = ScriptedHistory()


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer as SERVICE does: a WSGI application that a setting can name."""
    return SERVICE(environ, start_response)
