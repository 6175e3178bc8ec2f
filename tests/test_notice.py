"""NOTICE lists all weights with their licences and origins."""

from pathlib import Path

import pytest

from vanceweb.engine.weights.manifest import EXTRAS, WEIGHTS
from vanceweb.engine.weights.packages import Weights

CHECKOUT = Path(__file__).parents[1]
# Cells of the tables, by the names in the first cell.
ROWS = {
    name.strip(): cells
    for line in (CHECKOUT / "NOTICE").read_text(encoding="utf-8").splitlines()
    if line.startswith("|")
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
    for name in cells[0].split(",")
}


@pytest.mark.parametrize("weights", [*WEIGHTS, *EXTRAS], ids=lambda weights: weights.name)
def test_downloaded_weights_are_listed(weights: Weights) -> None:
    assert ROWS[weights.name][1:] == [weights.licence, weights.origin]


def test_shipped_weights_are_listed() -> None:
    shipped = {path.stem for path in (CHECKOUT / "vanceweb/engine/weights/shipped").glob("*.onnx")}
    assert shipped
    assert shipped <= ROWS.keys()
