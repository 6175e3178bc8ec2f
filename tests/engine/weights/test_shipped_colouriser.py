"""The shipped colouriser on real photos: nearer to the truth than grey, not too vivid, calm on old greys."""

import json

import cv2
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from tests.engine.weights.shipped_networks import FOLDER, crop_middle, open_session

SIDE = 256
TEMPERATURE = 0.6  # at which the file decodes
COLOURED = 6.0  # true chroma above which a pixel counts
FLOORS = (
    ("astronaut.png", 0.7),
    ("chelsea.png", 0.95),
    ("coffee.png", 0.97),
    ("china.jpg", 0.72),
    ("flower.jpg", 0.3),
    ("rocket.jpg", 0.87),
)  # the share of pixels nearer to the truth than grey is

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    return open_session("colouriser.onnx")


def read_photo_in_lab(name: str) -> Floats:
    """Return the photo's middle square in Lab, SIDE px wide."""
    square = cv2.resize(crop_middle(name), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(square.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)


def compute_colours(session: onnxruntime.InferenceSession, lightness: Floats) -> Floats:
    """Return the colours (ab) at full size, HxWx2."""
    (ab,) = session.run(["result"], {"image": np.ascontiguousarray(lightness[None, None])})
    return cv2.resize(ab[0].transpose(1, 2, 0), lightness.shape[::-1], interpolation=cv2.INTER_CUBIC)


def compute_share_nearer_than_grey(colours: Floats, truth: Floats) -> float:
    chroma = np.linalg.norm(truth, axis=2)
    return float(np.mean((np.linalg.norm(colours - truth, axis=2) < chroma)[chroma > COLOURED]))


@pytest.mark.parametrize(("name", "share"), FLOORS)
def test_colours_are_nearer_to_the_truth_than_grey(session, name: str, share: float) -> None:
    lab = read_photo_in_lab(name)
    assert compute_share_nearer_than_grey(compute_colours(session, lab[..., 0]), lab[..., 1:]) >= share


def test_chroma_is_neither_pale_nor_gaudy_over_all_photos(session) -> None:
    made, true = [], []
    for name, _ in FLOORS:
        lab = read_photo_in_lab(name)
        made.append(np.linalg.norm(compute_colours(session, lab[..., 0]), axis=2).mean())
        true.append(np.linalg.norm(lab[..., 1:], axis=2).mean())
    assert 0.55 <= sum(made) / sum(true) <= 1.1


def test_an_old_print_is_coloured_much_as_the_photo_is(session) -> None:
    lightness = read_photo_in_lab("chelsea.png")[..., 0]
    faded = 25 + lightness * 0.6 + np.random.default_rng(1).normal(0, 3, lightness.shape)
    fresh, old = (compute_colours(session, plane.astype(np.float32)).ravel() for plane in (lightness, faded))
    assert np.corrcoef(fresh, old)[0, 1] > 0.9


def test_bins_and_logits_belong_together(session) -> None:
    bins = np.array(json.loads(session.get_modelmeta().custom_metadata_map["bins"]), np.float32)
    lightness = read_photo_in_lab("chelsea.png")[:96, :64, 0]
    ab, logits = session.run(["result", "logits"], {"image": np.ascontiguousarray(lightness[None, None])})
    assert ab.shape == (1, 2, 24, 16)
    assert logits.shape == (1, len(bins), 24, 16)
    assert bins.shape[1] == 2
    chances = np.exp((logits - logits.max(1, keepdims=True)) / TEMPERATURE)
    mean = np.einsum("nbhw,bk->nkhw", chances / chances.sum(1, keepdims=True), bins)
    gain = np.linalg.norm(ab) / np.linalg.norm(mean)
    assert np.allclose(ab, mean * gain, atol=0.05)


def test_the_file_is_small_enough_for_the_repository() -> None:
    assert (FOLDER / "colouriser.onnx").stat().st_size <= 12_000_000
