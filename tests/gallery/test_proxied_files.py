"""Files that a proxy sends after the site has permitted it (X-Accel-Redirect)."""

import re
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client

from tests.factories import make_result
from tests.object_store import ObjectStore
from vanceweb.gallery.models import Asset
from vanceweb.teams.models import User

LOCATION = "/_files/"
HEADER = "X-Accel-Redirect"


def send_as_the_proxy(store: ObjectStore, response: Any, **headers: str) -> requests.Response:
    """Return what the proxy would fetch: the location is at the address of the object storage."""
    return requests.get(f"{store.endpoint}/{response[HEADER].removeprefix(LOCATION)}", headers=headers, timeout=20)


def test_without_the_setting_no_request_header_turns_it_on(visitor: Client, alice: User) -> None:
    asked = {"X-Sendfile-Type": "X-Accel-Redirect", "X-Accel-Mapping": "/=/_files/", "X-Accel-Redirect": "/_files/x"}
    response = visitor.get(f"/gallery/{make_result(alice).uuid}/file/", headers=asked)
    assert (response.streaming, HEADER in response) == (True, False)


@pytest.mark.parametrize("path", ["file/", "tile.webp", "file/?download=1"])
class TestFolder:
    @pytest.fixture(autouse=True)
    def use_proxy(self, settings: Any) -> None:
        settings.X_ACCEL_LOCATION = LOCATION

    def test_the_proxy_gets_the_files_path_and_the_headers(
        self, path: str, visitor: Client, alice: User, studio_files: Path, settings: Any
    ) -> None:
        asset = make_result(alice)
        response = visitor.get(f"/gallery/{asset.uuid}/{path}")
        assert (response.status_code, response.content) == (200, b"")
        content = (studio_files / response[HEADER].removeprefix(LOCATION)).read_bytes()
        settings.X_ACCEL_LOCATION = ""
        streamed = visitor.get(f"/gallery/{asset.uuid}/{path}")
        assert b"".join(streamed.streaming_content) == content
        for name in ("Content-Type", "Content-Disposition", "Cache-Control", "ETag", "Content-Security-Policy"):
            assert response[name] == streamed[name]

    def test_permission_is_checked_each_time(self, path: str, alice: User, charlie: User, client: Client) -> None:
        asset = make_result(alice)
        client.force_login(charlie)
        response = client.get(f"/gallery/{asset.uuid}/{path}")
        assert (response.status_code, HEADER in response) == (404, False)
        client.logout()
        response = client.get(f"/gallery/{asset.uuid}/{path}")
        assert (response.status_code, HEADER in response) == (404, False)

    def test_a_missing_file_is_not_found_by_the_site(self, path: str, visitor: Client, alice: User) -> None:
        asset = make_result(alice)
        for name in (asset.file.name, asset.get_thumbnail_path("tile")):
            asset.file.storage.delete(name)
        response = visitor.get(f"/gallery/{asset.uuid}/{path}")
        assert (response.status_code, HEADER in response) == (404, False)

    def test_conditions_are_the_sites_and_ranges_the_proxys(self, path: str, visitor: Client, alice: User) -> None:
        address = f"/gallery/{make_result(alice).uuid}/{path}"
        head = visitor.head(address)
        assert (HEADER in head, int(head["Content-Length"]) > 0) == (False, True)
        unchanged = visitor.get(address, headers={"If-None-Match": head["ETag"]})
        assert (unchanged.status_code, HEADER in unchanged) == (304, False)
        part = {"Range": "bytes=0-3"}
        assert HEADER in visitor.get(address, headers=part)
        assert HEADER in visitor.get(address, headers=part | {"If-Range": head["ETag"]})
        # The proxy would send the part.
        changed = visitor.get(address, headers=part | {"If-Range": '"other"'})
        assert (changed.status_code, changed.streaming, HEADER in changed) == (200, True, False)


class TestBucket:
    @pytest.fixture(autouse=True)
    def use_proxy(self, bucket: ObjectStore, settings: Any) -> None:
        settings.X_ACCEL_LOCATION = LOCATION

    @pytest.fixture
    def asset(self, alice: User, bucket: ObjectStore) -> Asset:
        return make_result(alice)

    @pytest.mark.parametrize("path", ["file/", "tile.webp"])
    def test_the_proxy_gets_a_signed_path_that_gives_the_file(
        self, path: str, visitor: Client, asset: Asset, bucket: ObjectStore, settings: Any
    ) -> None:
        response = visitor.get(f"/gallery/{asset.uuid}/{path}")
        assert (response.status_code, response.content) == (200, b"")
        assert "X-Amz-Expires=60&" in response[HEADER]
        sent, part = send_as_the_proxy(bucket, response), send_as_the_proxy(bucket, response, Range="bytes=2-5")
        settings.X_ACCEL_LOCATION = ""
        streamed = visitor.get(f"/gallery/{asset.uuid}/{path}")
        content = b"".join(streamed.streaming_content)
        assert (sent.status_code, sent.content) == (200, content)
        # A proxy may prefer the storage's own header.
        assert sent.headers["Content-Type"] == response["Content-Type"]
        assert (part.status_code, part.content) == (206, content[2:6])
        assert part.headers["Content-Range"] == f"bytes 2-5/{len(content)}"
        unsigned = f"{bucket.endpoint}/{response[HEADER].removeprefix(LOCATION).partition('?')[0]}"
        assert requests.get(unsigned, timeout=20).status_code == 403

    def test_no_header_but_the_proxys_names_the_storage(
        self, visitor: Client, asset: Asset, bucket: ObjectStore
    ) -> None:
        response = visitor.get(f"/gallery/{asset.uuid}/file/")
        others = {name: value for name, value in response.headers.items() if name != HEADER}
        for private in (bucket.prefix, bucket.endpoint, "X-Amz", str(asset.file.name)):
            assert private not in str(others)

    def test_a_stranger_gets_no_signed_path(self, charlie: User, client: Client, asset: Asset) -> None:
        client.force_login(charlie)
        response = client.get(f"/gallery/{asset.uuid}/file/")
        assert (response.status_code, HEADER in response) == (404, False)

    def test_a_missing_object_is_not_found_by_the_site(self, visitor: Client, asset: Asset) -> None:
        asset.file.storage.delete(asset.file.name)
        response = visitor.get(f"/gallery/{asset.uuid}/file/")
        assert (response.status_code, HEADER in response) == (404, False)


@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_the_documented_proxy_repeats_every_header_that_it_would_drop(
    place: str, visitor: Client, alice: User, settings: Any
) -> None:
    settings.X_ACCEL_LOCATION = LOCATION
    response = visitor.get(f"/gallery/{make_result(alice).uuid}/file/")
    # nginx keeps these of the site's response, or sets them itself.
    kept = {"Content-Type", "Content-Disposition", "Cache-Control", "Set-Cookie", "Content-Length", HEADER}
    document = Path(settings.BASE_DIR, "docs", "administer.md").read_text("utf-8")
    locations = re.findall(r"^    location /_files/ \{$(.*?)^    \}$", document, re.DOTALL | re.MULTILINE)
    repeated = [dict(re.findall(r"^ +add_header (\S+) (\S+);$", location, re.MULTILINE)) for location in locations]
    named = dict(zip(("folder", "bucket"), repeated, strict=True))[place]
    assert set(named) == set(response.headers) - kept
    variables = dict(re.findall(r"^ +set (\S+) (\S+);$", locations[1], re.MULTILINE))
    sources = {name: variables.get(value, value) for name, value in named.items()}
    assert sources == {name: f"$upstream_http_{name.lower().replace('-', '_')}" for name in named}
