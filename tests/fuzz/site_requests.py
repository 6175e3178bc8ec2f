"""Random requests to every URL of the site, and what no answer may be like."""

import re
from collections.abc import Iterator
from random import Random
from uuid import UUID

from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver

from tests.conftest import PASSWORD
from tests.fuzz.api_requests import NAMES
from tests.fuzz.odd_values import BODIES, METHODS, choose_text, mutate_bytes, quote_text
from tests.fuzz.requests import Request, build_request
from tests.fuzz.scene import MARKER, PICTURE, Scene

CONVERTER = re.compile(r"<(\w+):(\w+)>")
SLUGS = {
    "team": ["studio", "studio", "studio", "elsewhere"],
    "slug": ["enlarge3", "img2anime", "denoise"],
    "size": ["tile", "page"],
}
QUERIES = ["after", "page", "next", "source", "job", "asset", "feature", "state", "q", "connection", "again", "size"]
VALUES = ["1", "2", "on", "enlarge3", "png", "50", "A name", "studio", PASSWORD, "https://api.example/web_api/v1"]
FILE_FIELDS = ["file", "picture", "image", "photo", "upload"]


def list_routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    """Yield every route of the site's pages, as written in the URLconf."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from list_routes(pattern.url_patterns, route)
        elif not route.startswith("web_api"):
            yield route


ROUTES = sorted(list_routes(get_resolver().url_patterns))
# The others redirect, or need nothing that a request could say. Without a token the site's own API refuses everything;
# tests/api/test_description.py tries it with one.
OBJECT_ROUTES = [route for route in ROUTES if "<" in route and not route.startswith("api/v1/")]


def build_site_request(random: Random, scene: Scene) -> Request:
    """Return a request to a page, a file or a form, by anybody."""

    if random.random() < 0.4:
        return build_form_request(random, scene)
    route = random.choice(ROUTES if random.random() < 0.2 else OBJECT_ROUTES)
    fitting = scene.uuids_of_route.get(route.partition("/")[0], scene.uuids)

    def fill(match: re.Match[str]) -> str:
        kind, name = match.groups()
        if kind == "uuid":
            unknown = str(UUID(int=random.getrandbits(128)))
            uuid = random.choice([*fitting * 4, *scene.uuids, *scene.foreign_uuids, unknown])
            return uuid if random.random() < 0.9 else random.choice([uuid.upper(), uuid.replace("-", ""), uuid[:-1]])
        return quote_text(choose_text(random, SLUGS.get(name, ["guessed"]), odd=0.15))

    path = "/" + CONVERTER.sub(fill, route).lstrip("^").rstrip("$")
    if random.random() < 0.05:
        path += random.choice(["/", "//", "%00", "%ff", "..", "%2e%2e/", ";a", "\u00e9"])
    method = random.choice(["GET", "GET", "POST"]) if random.random() < 0.9 else random.choice(METHODS)
    names = QUERIES if method == "GET" else [*scene.form_fields, *QUERIES[:2]]
    chosen = random.sample(names, random.randrange(min(len(names), 12)))
    usual = [*VALUES, *scene.uuids, *scene.foreign_uuids]
    odd = random.choice([0.1, 0.4])
    fields = {name: choose_text(random, usual, odd=odd) for name in chosen}
    files = {}
    if method == "POST" and random.random() < 0.3:
        files = {random.choice([*FILE_FIELDS, *scene.form_fields]): (random.choice(NAMES), choose_picture(random))}
    person = random.choice([None, "alice", "alice", "alice", "bob", "bob"])
    return build_request(random, method=method, path=path, fields=fields, files=files, person=person)


def build_form_request(random: Random, scene: Scene) -> Request:
    """Return a form of a page with the values that it offers, of which a few were changed."""
    form = random.choice(scene.forms)
    fields = {name: random.choice(values) for name, values in form.values.items()}
    for _ in range(random.choice([0, 1, 1, 2])):
        fields[random.choice([*fields, *scene.form_fields])] = choose_text(random, scene.foreign_uuids, odd=0.8)
    files = {}
    if form.files and random.random() < 0.7:
        files = {random.choice(form.files): (random.choice(NAMES), choose_picture(random))}
    person = random.choice(["alice", "alice", "alice", "bob", None])
    return build_request(random, method="POST", path=form.path, fields=fields, files=files, person=person)


def choose_picture(random: Random) -> bytes:
    return random.choice([PICTURE, PICTURE, mutate_bytes(random, PICTURE), random.choice(BODIES)])


def find_site_fault(request: Request, response: HttpResponse, content: bytes, scene: Scene) -> str:
    """Return what is wrong with an answer, or an empty string."""
    if response.status_code >= 500:
        return f"HTTP status {response.status_code}"
    if MARKER.encode() in content or MARKER in str(response.headers):
        return "the answer shows something of a stranger"
    if b"0123456789abcdef" in content or b"Traceback (most recent call last)" in content:
        return "the answer shows a token or a traceback"
    if response.status_code == 200 and any(f"/{uuid}/" in request.path for uuid in scene.foreign_uuids):
        return "an object of a stranger answers 200"
    return ""
