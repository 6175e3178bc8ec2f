"""The files of the running site, with its real web server: in folders, and in a bucket."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.live_site import LiveSite, ScriptlessVisitor
from tests.object_store import ObjectStore

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("served-briefly")]


@pytest.fixture
def store(object_store: ObjectStore) -> ObjectStore:
    return replace(object_store, prefix="system/site")


@pytest.fixture(params=["folder", "bucket"])
def site(
    request: pytest.FixtureRequest, tmp_path: Path, store: ObjectStore, migrated_database: Path | None
) -> Iterator[LiveSite]:
    """A site that keeps its files in a folder, then one that keeps them in the bucket."""
    if request.param == "folder":
        yield request.getfixturevalue("default_site")
        return
    with LiveSite(tmp_path / "data", database=migrated_database, STORAGE_URL=store.url) as site:
        ScriptlessVisitor(site).create_owner()
        yield site


def test_a_result_arrives_whole_and_in_parts_and_nothing_lies_elsewhere(site: LiveSite, store: ObjectStore) -> None:
    alice = ScriptlessVisitor(site).log_in()
    job = alice.start_job("compress", quality="50")
    whole = alice.wait_until_done(job)
    assert whole.startswith(b"\xff\xd8")

    link = re.search(r'id="download-result"[^>]*href="([^"]+)"', alice.get(job).text)
    assert link
    first = alice.get(link[1], headers={"Range": "bytes=0-999"})
    rest = alice.get(link[1], headers={"Range": "bytes=1000-", "If-Range": first.headers["ETag"]})
    assert [first.status_code, rest.status_code] == [206, 206]
    assert first.content + rest.content == whole
    head = alice.session.head(site.url + link[1], timeout=30)
    assert (head.headers["Content-Length"], head.content) == (str(len(whole)), b"")
    known = alice.get(link[1], headers={"If-None-Match": first.headers["ETag"]})
    assert (known.status_code, known.content) == (304, b"")
    behind = alice.get(link[1], headers={"Range": f"bytes={len(whole)}-"})
    assert (behind.status_code, behind.headers["Content-Range"]) == (416, f"bytes */{len(whole)}")

    in_folders = {path.parent.name for path in site.folder.glob("*/*") if path.parent.name in ("media", "engine")}
    in_bucket = {key.partition("/")[0] for key in store.list_keys()}
    both = {"media", "engine"}
    assert (in_folders, in_bucket) == ((set(), both) if "STORAGE_URL" in site.environment else (both, set()))
    assert store.endpoint not in alice.get(job).text
