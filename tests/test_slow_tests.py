"""The list of slow tests names functions that exist."""

import ast
from pathlib import Path

import pytest

from tests.conftest import SLOW_TESTS

CHECKOUT = Path(__file__).parents[1]


@pytest.mark.parametrize("path", sorted({name.split("::")[0] for name in SLOW_TESTS}))
def test_each_slow_test_exists(path: str) -> None:
    tree = ast.parse((CHECKOUT / path).read_text(encoding="utf-8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert {name.split("::")[-1] for name in SLOW_TESTS if name.startswith(f"{path}::")} <= functions
