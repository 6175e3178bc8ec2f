"""The real networks, over real photos."""

from pathlib import Path

import pytest
from django.conf import settings

from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.weights.manifest import WEIGHTS


@pytest.fixture(scope="session")
def networks() -> NetworkRegistry:
    """The installed networks; what needs them is skipped where they are not."""
    directory = Path(settings.MODELS_DIR)
    missing = [f.target for weights in WEIGHTS for f in weights.files if not (directory / f.target).is_file()]
    if missing:
        pytest.skip(f"model weights are not installed: {', '.join(missing)}")
    return NetworkRegistry(directory)
