"""The threat model names a test behind each promise, and these tests exist."""

import ast
import re
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
DOCUMENT = CHECKOUT / "docs" / "threat-model.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def read_promises() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each promise with the files and functions of its tests."""
    text = DOCUMENT.read_text("utf-8").partition("## Promises")[2].partition("## What isn't promised")[0]
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")]
    return [(row[1].strip(), NAMED.findall(row[2])) for row in rows if row[1].strip() != "Promise"]


@cache
def list_functions(file: str) -> frozenset[str]:
    path = CHECKOUT / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_each_promise_has_a_test_that_exists() -> None:
    promises = read_promises()
    assert len(promises) > 25
    assert [promise for promise, named in promises if not named] == []
    missing = [
        f"{file}::{function}"
        for _promise, named in promises
        for file, function in named
        if not list_functions(file) or (function and function not in list_functions(file))
    ]
    assert missing == []


def test_the_documents_lead_to_each_other() -> None:
    assert "docs/threat-model.md" in (CHECKOUT / "SECURITY.md").read_text("utf-8")
    assert "SECURITY.md" in (CHECKOUT / "README.md").read_text("utf-8")
