"""The reference page of backends and the sample pictures of the features are current."""

from pathlib import Path

import pytest
from PIL import Image

from vanceweb.catalogue.features import FEATURES
from vanceweb.engine.processing.reference import build_reference_page

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_is_current() -> None:
    assert (DOCS / "backends.md").read_text(encoding="utf-8") == build_reference_page(), (
        "update it: python -m vanceweb.engine.processing.reference > docs/backends.md"
    )


@pytest.mark.parametrize("module", [feature.module for feature in FEATURES])
def test_each_feature_has_a_sample_before_and_after(module: str) -> None:
    path = DOCS / "images" / "features" / f"{module}.jpg"
    assert path.stat().st_size <= 120_000, "make it: make samples"
    with Image.open(path) as image:
        assert image.width > image.height
    assert f"images/features/{module}.jpg" in (DOCS / "models.md").read_text()
