"""A served site for the tests that only look at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live_site import LiveSite, ScriptlessVisitor


@pytest.fixture(scope="package")
def default_site(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path | None) -> Iterator[LiveSite]:
    """An installation with the default settings and a team that alice owns."""
    with LiveSite(tmp_path_factory.mktemp("default"), database=migrated_database) as site:
        ScriptlessVisitor(site).create_owner()
        yield site
