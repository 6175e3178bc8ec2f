"""Sweeps over parameters, of which `make quick` runs a part."""

from typing import Any

import pytest


def mark_slow(*values: Any) -> list[Any]:
    """Return the values as parameters for `make test` only."""
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]
