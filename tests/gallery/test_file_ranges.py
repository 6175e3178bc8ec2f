"""Pictures' files in whole and in part, from folders and from a bucket."""

from typing import Any

import pytest
from django.test import Client

from tests.factories import make_result
from vanceweb.gallery.models import Asset
from vanceweb.teams.models import User

pytestmark = pytest.mark.usefixtures("every_storage")


@pytest.fixture
def visitor(alice: User, client: Client, every_storage: str) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def asset(alice: User, every_storage: str) -> Asset:
    return make_result(alice, name="bride.jpeg")


@pytest.fixture(params=["file/", "tile.webp"])
def address(request: pytest.FixtureRequest, asset: Asset) -> str:
    return f"/gallery/{asset.uuid}/{request.param}"


def read(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def read_whole(visitor: Client, address: str) -> bytes:
    return read(visitor.get(address))


def test_a_whole_file_offers_ranges_and_has_a_strong_etag(visitor: Client, asset: Asset, address: str) -> None:
    response = visitor.get(address)
    content = read(response)
    assert (response.status_code, response["Accept-Ranges"], "Content-Range" in response) == (200, "bytes", False)
    assert response["Content-Length"] == str(len(content))
    assert response["ETag"].startswith('"')
    assert (response["ETag"] == f'"{asset.sha256}"') == address.endswith("file/")


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [("bytes=0-3", 0, 4), ("bytes=10-19", 10, 20), ("bytes=10-", 10, None), ("bytes=-7", -7, None)],
)
def test_a_range_is_sent_alone(visitor: Client, address: str, header: str, start: int, end: int | None) -> None:
    whole = read_whole(visitor, address)
    response = visitor.get(address, headers={"Range": header})
    part = read(response)
    assert response.status_code == 206
    assert part == whole[start:end]
    first = start if start >= 0 else len(whole) + start
    assert response["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{len(whole)}"
    assert response["Content-Length"] == str(len(part))


def test_a_part_has_the_headers_of_the_whole(visitor: Client, address: str) -> None:
    whole, part = visitor.get(address), visitor.get(address, headers={"Range": "bytes=0-0"})
    names = ["ETag", "Content-Type", "Content-Disposition", "Cache-Control", "X-Content-Type-Options", "Accept-Ranges"]
    names.append("Content-Security-Policy")
    assert [part[name] for name in names] == [whole[name] for name in names]
    assert "immutable" in part["Cache-Control"]


def test_a_range_behind_the_end_is_416_with_the_size(visitor: Client, address: str) -> None:
    size = len(read_whole(visitor, address))
    response = visitor.get(address, headers={"Range": f"bytes={size}-"})
    assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{size}")
    assert response["Cache-Control"] == "no-store"
    assert "Content-Disposition" not in response


@pytest.mark.parametrize("header", ["bytes=0-1,4-5", "lines=0-1", "bytes=5-2"])
def test_several_ranges_and_unknown_ones_get_the_whole_file(visitor: Client, address: str, header: str) -> None:
    response = visitor.get(address, headers={"Range": header})
    assert (response.status_code, read(response)) == (200, read_whole(visitor, address))


def test_a_range_of_another_version_gets_the_whole_file(visitor: Client, address: str) -> None:
    etag = visitor.head(address)["ETag"]
    for condition, status in [
        (etag, 206),
        ('"other"', 200),
        (f"W/{etag}", 200),
        ("Sat, 01 Jan 2028 00:00:00 GMT", 200),
    ]:
        response = visitor.get(address, headers={"Range": "bytes=0-3", "If-Range": condition})
        assert (response.status_code, len(read(response)) == 4) == (status, status == 206)


def test_a_known_version_isnt_sent_again(visitor: Client, address: str) -> None:
    etag = visitor.head(address)["ETag"]
    for condition in (etag, f'"other", W/{etag}', "*"):
        response = visitor.get(address, headers={"If-None-Match": condition, "Range": "bytes=0-3"})
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
        assert "immutable" in response["Cache-Control"]
    assert visitor.get(address, headers={"If-None-Match": '"other"'}).status_code == 200
    assert visitor.get(address, headers={"If-Match": '"other"'}).status_code == 412


def test_head_has_the_headers_and_ignores_ranges(visitor: Client, address: str) -> None:
    head, whole = visitor.head(address, headers={"Range": "bytes=0-3"}), visitor.get(address)
    assert (head.status_code, head.content) == (200, b"")
    names = ["Content-Length", "ETag", "Content-Type", "Content-Disposition", "Cache-Control", "Accept-Ranges"]
    assert [head[name] for name in names] == [whole[name] for name in names]


def test_two_pictures_of_the_same_bytes_have_no_common_validator_of_thumbnails(
    visitor: Client, alice: User, asset: Asset
) -> None:
    again = make_result(alice)
    assert again.blob == asset.blob
    etags = [visitor.head(f"/gallery/{one.uuid}/tile.webp")["ETag"] for one in (asset, again)]
    assert etags[0] != etags[1]


@pytest.mark.parametrize("header", [{}, {"Range": "bytes=0-3"}])
def test_a_file_that_is_gone_is_not_found(visitor: Client, asset: Asset, address: str, header: dict[str, str]) -> None:
    for name in (asset.file.name, asset.get_thumbnail_path("tile")):
        asset.file.storage.delete(name)
    assert visitor.get(address, headers=header).status_code == 404
    assert visitor.head(address, headers=header).status_code == 404


def test_a_stranger_gets_no_part_and_learns_no_version(
    charlie: User, client: Client, asset: Asset, address: str
) -> None:
    client.force_login(charlie)
    for headers in ({"Range": "bytes=0-3"}, {"If-None-Match": f'"{asset.sha256}"'}, {"If-None-Match": "*"}):
        response = client.get(address, headers=headers)
        assert (response.status_code, "ETag" in response) == (404, False)
