"""The installed networks, shared by all tests of image processing."""

from pathlib import Path

import pytest
from django.conf import settings

from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.weights.manifest import WEIGHTS


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the tests of a file in one process: they share networks and results."""
    item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def networks() -> NetworkRegistry:
    """The installed networks; tests that need them are skipped if they are missing."""
    directory = Path(settings.MODELS_DIR)
    missing = [f.target for weights in WEIGHTS for f in weights.files if not (directory / f.target).is_file()]
    if missing:
        pytest.skip(f"model weights are not installed: {', '.join(missing)}")
    # Both large networks stay loaded: tests of one follow tests of the other.
    return NetworkRegistry(directory, settings.ENGINE_MODEL_THREADS, large_at_once=2)


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> NetworkRegistry:
    """Only the networks that ship with vanceweb: no mask of the subject, no faces."""
    return NetworkRegistry(tmp_path_factory.mktemp("models"), settings.ENGINE_MODEL_THREADS)
