"""The table of weights agrees with the table of networks and with the documentation."""

from pathlib import Path

from vanceweb.catalogue.features import ALL_FEATURES
from vanceweb.engine.processing.denoise.denoising import SRMD_X2
from vanceweb.engine.processing.enlarge.networks import ANIMEVIDEO_X2, CUNET, SPAN, WAIFU2X_PHOTO
from vanceweb.engine.processing.faces.restoration import X4PLUS
from vanceweb.engine.processing.inference.backends import Source
from vanceweb.engine.processing.slots import BACKENDS, SLOTS
from vanceweb.engine.weights.manifest import EXTRAS, WEIGHTS

DOCUMENT = Path(__file__).parents[3] / "docs" / "models.md"


def test_every_network_finds_its_files_in_the_manifest() -> None:
    installed = {file.target for weights in WEIGHTS for file in weights.files}
    networks = [*SPAN.values(), *WAIFU2X_PHOTO.values(), *CUNET.values(), ANIMEVIDEO_X2, SRMD_X2, X4PLUS]
    needed = {f"{network.path}.{end}" for network in networks for end in ("param", "bin")}
    assert needed <= installed


def test_every_backend_of_set_up_and_every_extra_finds_its_files_in_the_manifest() -> None:
    for source, table in ((Source.SET_UP, WEIGHTS), (Source.EXTRA, EXTRAS)):
        for backend in (backend for backend in BACKENDS if backend.source is source):
            assert backend.weights, backend.name
            assert set(backend.weights) <= set(table), backend.name
            assert set(backend.files) == {file.target for weights in backend.weights for file in weights.files}


def test_backends_and_slots_have_names_of_their_own_and_features_that_use_them() -> None:
    assert len({backend.name for backend in BACKENDS}) == len(BACKENDS)
    assert len({slot.name for slot in SLOTS}) == len(SLOTS)
    assert all(slot.backends and slot.modules for slot in SLOTS)
    assert {module for slot in SLOTS for module in slot.modules} <= {feature.module for feature in ALL_FEATURES}


def test_names_and_targets_are_unique_and_stay_inside() -> None:
    targets = [file.target for weights in (*WEIGHTS, *EXTRAS) for file in weights.files]
    assert len(set(targets)) == len(targets)
    assert len({weights.name for weights in (*WEIGHTS, *EXTRAS)}) == len(WEIGHTS) + len(EXTRAS)
    assert not [target for target in targets if ".." in target or target.startswith("/")]


def test_every_weight_stands_in_the_documentation() -> None:
    text = DOCUMENT.read_text()
    assert [weights.name for weights in (*WEIGHTS, *EXTRAS) if f"`{weights.name}`" not in text] == []
    assert [weights.origin for weights in (*WEIGHTS, *EXTRAS) if weights.origin not in text] == []
