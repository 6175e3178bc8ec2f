"""The shipped scratch detector on real photos with generated damage, enlarged like those of its report."""

import cv2
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from tests.engine.weights.shipped_networks import FOLDER, LARGEST, crop_middle, open_session
from training.degradations import (
    DAMAGE_KINDS,
    add_damage,
    add_grain,
    apply_scanner_lens,
    find_visible_damage,
    simulate_scan,
)
from training.distractors import add_distractors
from training.metrics import DetectionCounts, compute_psnr

NAMES = ("astronaut.png", "chelsea.png", "coffee.png", "china.jpg", "flower.jpg", "rocket.jpg", "camera.png")
SIDE = 256

Image = NDArray[np.float32]


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    return open_session("scratches.onnx")


def read_grey_photo(name: str) -> Image:
    """Return a square from the photo's middle, grey 0..1, enlarged to SIDE px."""
    part = crop_middle(name, SIDE // 2, cv2.IMREAD_GRAYSCALE)
    square = cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return square.astype(np.float32) / 255


def detect_damage(session: onnxruntime.InferenceSession, grey: Image) -> Image:
    return session.run(["result"], {"image": np.ascontiguousarray(grey[None, None])})[0][0, 0]


def damage_photo(name: str, seed: int):
    """Return the grainy, scanned photo without and with damage, and masks of visible damage and of judged pixels."""
    rng = np.random.default_rng(seed)
    aged = add_grain(read_grey_photo(name), rng, 4, 0.8)
    worn = add_damage(aged, rng, tuple(rng.choice(DAMAGE_KINDS, 3, replace=False)))[0]
    behind_lens = (apply_scanner_lens(image, np.random.default_rng(seed)) for image in (worn, aged))
    scanned = tuple(simulate_scan(image, np.random.default_rng(seed)) for image in (aged, worn))
    return *scanned, *find_visible_damage(*behind_lens)


def test_damage_is_found_and_little_else(session) -> None:
    found = DetectionCounts()
    for seed, name in enumerate(NAMES):
        _, worn, damaged, judged = damage_photo(name, seed)
        found.add(detect_damage(session, worn) >= 0.5, damaged, judged, tolerance=1)
    assert found.recall >= 0.79
    assert found.precision >= 0.95


def test_filling_the_marks_brings_the_picture_nearer_to_the_undamaged_one(session) -> None:
    gains = []
    for seed, name in enumerate(NAMES):
        aged, worn, *_ = damage_photo(name, seed)
        mask = cv2.dilate((detect_damage(session, worn) >= 0.5).astype(np.uint8), np.ones((3, 3), np.uint8))
        mended = cv2.inpaint((worn * 255 + 0.5).astype(np.uint8), mask, 3, cv2.INPAINT_TELEA) / np.float32(255)
        gains.append(compute_psnr(mended, aged) - compute_psnr(worn, aged))
    assert np.mean(gains) >= 7.4


@pytest.mark.parametrize("name", NAMES)
def test_an_undamaged_photo_is_left_alone(session, name: str) -> None:
    assert np.mean(detect_damage(session, read_grey_photo(name)) >= 0.5) <= 0.01


def test_drawn_wires_hair_and_lettering_are_mostly_left_alone(session) -> None:
    marked = [
        np.mean(detect_damage(session, add_distractors(read_grey_photo(name), np.random.default_rng(seed))) >= 0.5)
        for seed, name in enumerate(NAMES)
    ]
    assert np.mean(marked) <= 0.007


def test_other_sizes_keep_their_shape_and_the_file_is_small(session) -> None:
    chance = detect_damage(session, np.full((96, 160), 0.5, np.float32))
    assert chance.shape == (96, 160)
    assert 0 <= chance.min() <= chance.max() <= 1
    assert (FOLDER / "scratches.onnx").stat().st_size <= LARGEST
