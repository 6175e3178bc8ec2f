"""A request of the fuzz run, and the number, method, path, body and headers by which it can be repeated."""

import json
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlencode

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.fuzz.odd_values import BODIES, CONTENT_TYPES, choose_headers, choose_text, mutate_bytes, quote_text
from vanceweb.lib.request_charset import filter_charset

ENDINGS = ["&", "&&=", "&%zz", "&a=%ff", "&a[]=1&a[]=2", ";"]


@dataclass(frozen=True)
class Request:
    """A request, and the person who sends it (None: nobody)."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    content_type: str = "application/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)
    person: str | None = None

    def send(self, client: Client) -> HttpResponse:
        """Send the request. Its content type is limited as the WSGI application does it."""
        path = self.path + (f"?{self.query}" if self.query else "")
        return client.generic(self.method, path, self.body, filter_charset(self.content_type), headers=self.headers)  # type: ignore[return-value]

    def __str__(self) -> str:
        body = repr(self.body if len(self.body) < 600 else self.body[:600] + b"...")
        parts = [self.method, f"{self.path}?{self.query}", f"as {self.person}", self.content_type, body, self.headers]
        return " ".join(str(part) for part in parts)


def build_request(
    random: Random,
    *,
    method: str,
    path: str,
    fields: dict[str, str],
    files: dict[str, tuple[str, bytes]] | None = None,
    person: str | None = None,
) -> Request:
    """Return a request with the fields in one of the encodings that clients use, or in a broken one."""
    headers = choose_headers(random)
    query = "&".join(f"{quote_text(key)}={quote_text(value)}" for key, value in fields.items())
    if random.random() < 0.1:
        query += random.choice([*ENDINGS, "&" + quote_text(choose_text(random))])
    if method in ("GET", "HEAD", "OPTIONS", "TRACE", "get"):
        return Request(method, path, query, headers=headers, person=person)
    body, content_type = encode_body(random, fields, files or {})
    if random.random() < 0.15:
        body = mutate_bytes(random, body)
    if random.random() < 0.1:
        content_type = random.choice(CONTENT_TYPES)
    if random.random() < 0.05:
        body = random.choice(BODIES)
    return Request(method, path, query if random.random() < 0.1 else "", body, content_type, headers, person)


def encode_body(random: Random, fields: dict[str, str], files: dict[str, tuple[str, bytes]]) -> tuple[bytes, str]:
    way = "multipart" if files else random.choice(["urlencoded", "urlencoded", "multipart", "json"])
    if way == "json":
        return json.dumps(fields).encode(), "application/json"
    if way == "urlencoded":
        return urlencode(fields, errors="surrogatepass").encode(), "application/x-www-form-urlencoded"
    parts: dict[str, object] = {key: value.encode("utf-8", "replace").decode() for key, value in fields.items()}
    parts |= {key: SimpleUploadedFile("x", content) for key, (_name, content) in files.items()}
    body = encode_multipart(BOUNDARY, parts)
    for name, _content in files.values():
        body = body.replace(b'filename="x"', b'filename="%s"' % name.encode("utf-8", "replace"), 1)
    return body, MULTIPART_CONTENT
