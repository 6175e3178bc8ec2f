"""Odd texts, JSON values, bodies and headers, chosen at random."""

import json
from collections.abc import Sequence
from copy import deepcopy
from random import Random
from typing import Any
from urllib.parse import quote_from_bytes

from vanceweb.catalogue.features import FEATURES
from vanceweb.catalogue.jconfig import build_jconfig
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step

# fmt: off
TEXTS = [
    "", " ", "0", "-1", "1", "2", "2x", "1e9", "1e999", "NaN", "Infinity", "-0", "0x10", "1_000", "٣", "²", "1,5",
    "true",
    "null", "None", "[]", "{}", "[" * 500, '{"a":' * 300, "9" * 20, "9" * 60, "9" * 5000, "2147483648", str(2**63),
    "\x00", "a\x00b", "\r\n", "a\r\nSet-Cookie: a=b", "\t", "\x1b[31m", "\u202eabc", "\u2028", "\ufeff", "\uffff",
    "\ufffd",
    "é", "é", "हिन्दी", "👩‍👧", "İ", "ß", "a" * 300, "é" * 5000, "../../etc/passwd", "..\\..\\x", "/", "//evil.invalid/",
    "http://127.0.0.1/", "http://[::1", "http://x:99999999/", "javascript:alert(1)", "file:///etc/passwd",
    "https://a@b/",
    "<script>alert(1)</script>", "{{ 7|add:7 }}", "{% debug %}", "%s%n%(x)s", "' OR 1=1 --", "\" onload=\"x",
    "&amp;", "%00",
    "%ff", "2024-02-30", "0001-01-01T00:00:00+14:00_1", "9999-12-31T23:59:59-14:00_9", "2024-01-01T00:00:00+00:00_1",
    "00000000-0000-0000-0000-000000000000", "0" * 32, "f" * 32, "F" * 32, "g" * 32, "on", "off", "yes", "#ff0000",
    "jpg", "png",
]
JSON_VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 4, 100, 101, 0.5, -0.0, 1e308, 10**30, 2**31, 2**63, float("nan"),
    float("inf"), [], {},
    [[]], [None], {"a": {"b": {}}}, {"": ""}, [1] * 50, "2x", "\ud800", *TEXTS,
]
CONTENT_TYPES = [
    "application/x-www-form-urlencoded", "application/json", "application/json; charset=utf-16", "text/plain", "",
    "multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data; boundary=\xff", "application/x-www-form-urlencoded; charset=utf-7", "image/png", "a/b; c=\"",
    "application/x-www-form-urlencoded; charset=no-such", "application/json; charset=base64",
    "a/b; charset=idna", "a/b; charset=unicode_escape",
    "multipart/mixed; boundary=x",
]
BODIES = [
    b"", b"\x00", b"\xff\xfe", b"=", b"&" * 2000, b"a=%", b"a=%zz&b=%ff", b"{", b"[]", b"null", b"1e999",
    b"\xef\xbb\xbf{}",
    b'{"api_token": "\\ud800"}', b'{"a": ' + b"[" * 5000, b'{"a": ' + b"9" * 5000 + b"}", b"--x\r\n", b"--x--\r\n",
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nabc\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="file"; filename*=utf-8\'\'%ff%00\r\n\r\nabc\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!\r\n--x--\r\n',
    b"--x\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--x--\r\n",
    b"--x\r\n" + b"A: b\r\n" * 500 + b"\r\n\r\n--x--\r\n",
]
HEADERS = {
    "Range": ["bytes=0-", "bytes=-1", "bytes=5-2", "bytes=0-0,1-1", "bytes=" + "9" * 60 + "-", "bytes=a-b",
        "x=1-2", "bytes=-0"],
    "If-None-Match": ["*", "W/\"x\"", '"', "\xff", ", ,"],
    "If-Range": ['"x"', "Wed, 21 Oct 2015 07:28:00 GMT", "x"],
    "If-Modified-Since": ["0", "Wed, 21 Oct 99999 07:28:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"],
    "Accept-Language": ["xx", "de" * 600, "en;q=9", "*", "\xff", ",;="],
    "Accept-Encoding": ["gzip;q=0", "br, gzip, *;q=0", "\xff"],
    "Cookie": ["a=b; sessionid=", "sessionid=\x00", "csrftoken=" + "a" * 5000, "messages=x", "sessionid=" + "a" * 32],
    "X-Forwarded-For": ["127.0.0.1", "not an address", "1.2.3.4, " * 50, "::1"],
    "HX-Request": ["true"], "HX-Target": ["\xff"], "HX-Current-URL": ["http://[::1"],
    "Referer": ["http://[::1", "//evil.invalid"], "Origin": ["null", "https://evil.invalid"],
    "X-HTTP-Method-Override": ["DELETE"], "Expect": ["100-continue"], "Accept": ["application/json", "\x00"],
}
METHODS = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get"]
# fmt: on

JCONFIGS = [build_jconfig((Step(feature.module, {}),), Output()) for feature in FEATURES]


def choose_text(random: Random, usual: Sequence[str] = (), *, odd: float = 0.4) -> str:
    """Return an odd text, or rather one of the `usual` ones, if there are any, with the chance 1 - `odd`."""
    if usual and random.random() >= odd:
        return random.choice(usual)
    text = random.choice(TEXTS)
    return text if random.random() < 0.8 else random.choice(TEXTS) + text


def choose_headers(random: Random) -> dict[str, str]:
    names = random.sample(sorted(HEADERS), random.choice([0, 0, 1, 3]))
    return {name: random.choice(HEADERS[name]) for name in names}


def mutate_jconfig(random: Random) -> str:
    """Return the jconfig of a feature or a workflow with a few members changed, removed or added."""
    document = json.loads(random.choice(JCONFIGS))
    if random.random() < 0.2:
        steps = [json.loads(random.choice(JCONFIGS)) for _ in range(random.choice([0, 1, 2, 3, 12]))]
        document = {"name": document.get("name", "workflow"), "config": steps}
    for _ in range(random.choice([0, 1, 1, 2, 5])):
        document = mutate(random, deepcopy(document))
    text = json.dumps(document)
    return random.choice([text, text, text, text, "\ufeff" + text, text[:-3], text + text, json.dumps(text)])


def mutate(random: Random, document: Any) -> Any:
    """Return the document with one node changed."""
    path: Any = document
    if not isinstance(document, dict | list) or not document:
        return random.choice(JSON_VALUES)
    while True:
        key = random.choice(list(path) if isinstance(path, dict) else range(len(path)))
        if isinstance(path[key], dict | list) and path[key] and random.random() < 0.8:
            path = path[key]
            continue
        break
    action = random.choice(["replace", "replace", "remove", "rename", "wrap"])
    if action == "replace":
        path[key] = random.choice(JSON_VALUES)
    elif action == "wrap":
        path[key] = [path[key]]
    elif action == "remove":
        del path[key]
    elif isinstance(path, dict):
        path[choose_text(random)] = path.pop(key)
    return document


def mutate_bytes(random: Random, body: bytes) -> bytes:
    """Return the bytes with a piece changed, cut or doubled."""
    if not body:
        return random.choice(BODIES)
    at = random.randrange(len(body))
    piece = random.choice([b"", b"\x00", b"\xff" * 8, random.randbytes(16), body[:at]])
    return body[:at] + piece + body[at + random.choice([0, 1, 8, 1000]) :]


def quote_text(text: str) -> str:
    """Return the text as a part of a URL, with lone surrogates as their raw bytes."""
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="")
