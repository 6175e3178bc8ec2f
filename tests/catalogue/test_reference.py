"""The reference page is what the catalogue says today."""

from pathlib import Path

from vanceweb.catalogue.reference import reference_page

PAGE = Path(__file__).parents[2] / "docs" / "features.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(), (
        "renew it: python -m vanceweb.catalogue.reference > docs/features.md"
    )
