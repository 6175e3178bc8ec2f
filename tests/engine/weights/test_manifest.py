"""The table of weights agrees with the table of networks and with the documentation."""

from pathlib import Path

from vanceweb.engine.processing.networks import NCNN, ONNX
from vanceweb.engine.weights.manifest import WEIGHTS

DOCUMENT = Path(__file__).parents[3] / "docs" / "models.md"


def test_every_network_finds_its_files_in_the_manifest() -> None:
    installed = {file.target for weights in WEIGHTS for file in weights.files}
    needed = {f"{network.path}.{end}" for network in NCNN.values() for end in ("param", "bin")}
    assert needed | {network.path for network in ONNX.values()} <= installed


def test_names_and_targets_are_unique_and_stay_inside() -> None:
    targets = [file.target for weights in WEIGHTS for file in weights.files]
    assert len(set(targets)) == len(targets)
    assert len({weights.name for weights in WEIGHTS}) == len(WEIGHTS)
    assert not [target for target in targets if ".." in target or target.startswith("/")]


def test_every_weight_stands_in_the_documentation() -> None:
    text = DOCUMENT.read_text()
    assert [weights.name for weights in WEIGHTS if f"`{weights.name}`" not in text] == []
    assert [weights.origin for weights in WEIGHTS if weights.origin not in text] == []
