"""The table of weights agrees with the table of networks and with the documentation."""

from pathlib import Path

from vanceweb.catalogue.features import FEATURES
from vanceweb.engine.processing.inference.backends import BACKENDS, SLOTS, Source
from vanceweb.engine.processing.inference.ncnn_networks import NCNN
from vanceweb.engine.weights.manifest import EXTRAS, WEIGHTS

DOCUMENT = Path(__file__).parents[3] / "docs" / "models.md"


def test_every_network_finds_its_files_in_the_manifest() -> None:
    installed = {file.target for weights in WEIGHTS for file in weights.files}
    needed = {f"{network.path}.{end}" for network in NCNN.values() for end in ("param", "bin")}
    assert needed <= installed


def test_every_backend_of_set_up_and_every_extra_finds_its_files_in_the_manifest() -> None:
    for source, table in ((Source.SET_UP, WEIGHTS), (Source.EXTRA, EXTRAS)):
        names = {weights.name: {file.target for file in weights.files} for weights in table}
        for backend in (backend for backend in BACKENDS if backend.source is source):
            assert set(backend.files) == set().union(*(names[name] for name in backend.weights)), backend.name


def test_backends_have_names_of_their_own_and_slots_that_somebody_uses() -> None:
    assert len({backend.name for backend in BACKENDS}) == len(BACKENDS)
    assert {backend.slot for backend in BACKENDS} == set(SLOTS)
    assert {module for modules in SLOTS.values() for module in modules} <= {feature.module for feature in FEATURES}


def test_names_and_targets_are_unique_and_stay_inside() -> None:
    targets = [file.target for weights in (*WEIGHTS, *EXTRAS) for file in weights.files]
    assert len(set(targets)) == len(targets)
    assert len({weights.name for weights in (*WEIGHTS, *EXTRAS)}) == len(WEIGHTS) + len(EXTRAS)
    assert not [target for target in targets if ".." in target or target.startswith("/")]


def test_every_weight_stands_in_the_documentation() -> None:
    text = DOCUMENT.read_text()
    assert [weights.name for weights in (*WEIGHTS, *EXTRAS) if f"`{weights.name}`" not in text] == []
    assert [weights.origin for weights in (*WEIGHTS, *EXTRAS) if weights.origin not in text] == []
