"""perfect: dull, dark and tinted photos get better, good ones hardly change."""

import cv2
import numpy as np
import pytest

from tests.engine.processing.photos import load_photo
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import ignore_progress
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.tone.retouching import retouch

PHOTOS = ("astronaut.png", "china.jpg", "coffee.png")


def correct(photo: Pixels, networks: NetworkRegistry) -> Pixels:
    return retouch(Picture(photo), {}, networks, ignore_progress).colours


def to_pixels(values: np.ndarray) -> Pixels:
    return np.asarray(np.clip(values + 0.5, 0, 255), dtype=np.uint8)


def measure_lightness(photo: Pixels) -> np.ndarray:
    return np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2LAB)[..., 0], dtype=float) / 2.55


@pytest.mark.parametrize("name", PHOTOS)
def test_a_dull_photo_gets_black_and_white(networks: NetworkRegistry, name: str) -> None:
    dull = to_pixels(load_photo(name, side=256) * 0.55 + 60)
    corrected = correct(dull, networks)
    assert measure_lightness(corrected).std() > 1.2 * measure_lightness(dull).std()


@pytest.mark.parametrize("name", PHOTOS)
def test_a_dark_photo_gets_lighter_and_a_bright_one_darker(networks: NetworkRegistry, name: str) -> None:
    photo = load_photo(name, side=256)
    for power, better in ((2.2, 1), (0.45, -1)):
        wrong = to_pixels(255 * (photo / 255) ** power)
        change = np.median(measure_lightness(correct(wrong, networks))) - np.median(measure_lightness(wrong))
        assert change * better > 1


@pytest.mark.parametrize("tint", [(1.0, 0.9, 0.75), (0.8, 0.95, 1.0)])
def test_a_tint_gets_weaker(networks: NetworkRegistry, tint: tuple[float, float, float]) -> None:
    grey = np.repeat(load_photo("camera.png", side=256)[..., :1], 3, axis=2)
    tinted = to_pixels(grey * np.array(tint))

    def measure_tint(photo: Pixels) -> float:
        lab = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        return float(np.hypot(lab[..., 1].mean(), lab[..., 2].mean()))

    assert measure_tint(correct(tinted, networks)) < 0.75 * measure_tint(tinted)


@pytest.mark.parametrize("name", PHOTOS)
def test_a_corrected_photo_changes_less(networks: NetworkRegistry, name: str) -> None:
    photo = load_photo(name, side=256)
    once = correct(photo, networks)
    twice = correct(once, networks)
    assert np.abs(twice.astype(float) - once).mean() < 0.9 * np.abs(once.astype(float) - photo).mean() < 15


def test_grey_stays_grey_and_one_colour_stays_even(networks: NetworkRegistry) -> None:
    grey = np.repeat(load_photo("camera.png", side=96)[..., :1], 3, axis=2)
    result = retouch(Picture(grey, grey=True), {}, networks, ignore_progress)
    assert np.ptp(result.colours, axis=2).max() == 0
    for value in (0, 128, 255):
        assert np.ptp(correct(np.full((90, 70, 3), value, dtype=np.uint8), networks)) == 0
