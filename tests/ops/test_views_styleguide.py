"""The administrators' style guide."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from vanceweb.ops.style_guide import SAMPLES, list_tokens
from vanceweb.teams.models import User

TEMPLATES = Path(settings.BASE_DIR, "templates")
COMPONENTS = sorted(path.stem for path in (TEMPLATES / "components").glob("*.html"))
# The frame around every page, and so around this one.
IN_EVERY_PAGE = {"messages"}


@pytest.fixture
def page(alice: User, client: Client) -> str:
    client.force_login(alice)
    response = client.get("/styleguide/")
    assert response.status_code == 200
    return response.content.decode()


def test_only_administrators_may_see_it(alice: User, bob: User, charlie: User, client: Client) -> None:
    for person in (bob, charlie):
        client.force_login(person)
        assert client.get("/styleguide/").status_code == 403
        assert b"/styleguide/" not in client.get("/password/").content
    client.force_login(alice)
    assert b"/styleguide/" in client.get("/password/").content


@pytest.mark.parametrize("component", sorted({*COMPONENTS} - IN_EVERY_PAGE))
def test_each_component_is_shown(component: str) -> None:
    sources = [sample.source for sample in SAMPLES]
    sources.append((TEMPLATES / "ops/styleguide.html").read_text("utf-8"))
    use = re.compile(rf"{{% (include \"components/{component}\.html\"|{component} )|{{% {component} %}}")
    assert any(use.search(source) for source in sources)


def test_each_example_is_listed() -> None:
    assert {path.stem for path in (TEMPLATES / "ops/styleguide").glob("*.html")} == {sample.name for sample in SAMPLES}


def test_each_example_is_shown_in_both_themes_with_its_template(page: str) -> None:
    assert page.count('data-theme="light"') == page.count('data-theme="dark"') == len(SAMPLES)
    assert page.count("<copy-text>") == len(SAMPLES)
    assert "{% empty_state icon=&quot;images&quot;" in page


def test_ids_are_unique(page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_tokens_are_those_of_the_style_sheet() -> None:
    tokens = list_tokens()
    assert {"paper", "ink", "accent", "on-accent", "veil"} <= {*tokens["colours"]}
    assert not {"checkers", "shadow-low"} & {*tokens["colours"]}
    assert len(tokens["sizes"]) == 6
    assert tokens["spaces"] == [f"space-{number}" for number in range(1, 8)]
