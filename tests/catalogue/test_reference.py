"""The reference page agrees with the catalogue."""

from pathlib import Path

from vanceweb.catalogue.reference import render_feature_reference

PAGE = Path(__file__).parents[2] / "docs" / "features.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_feature_reference(), (
        "renew it: python -m vanceweb.catalogue.reference > docs/features.md"
    )
