"""dehazing: photos with haze of a known amount, and photos without."""

import cv2
import numpy as np
import pytest

from tests.engine.processing.photos import load_photo
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import ignore_progress
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.tone.dehazing import remove_haze

AIR = np.array([0.82, 0.85, 0.88])
DEFAULTS = {"contrast": 1.0, "brightness": 20}


def add_haze(photo: Pixels, *, near: float = 0.3, far: float = 1.5) -> Pixels:
    """Add haze that gets denser towards the top, after Koschmieder's law."""
    depth = np.linspace(far, near, photo.shape[0])[:, None, None]
    transmission = np.exp(-depth)
    return np.asarray((photo / 255 * transmission + AIR * (1 - transmission)) * 255 + 0.5, dtype=np.uint8)


def clear(photo: Pixels, networks: NetworkRegistry, **params: float) -> Pixels:
    return remove_haze(Picture(photo), DEFAULTS | params, networks, ignore_progress).colours


def measure_contrast(photo: Pixels) -> float:
    return float(cv2.cvtColor(photo, cv2.COLOR_RGB2LAB)[..., 0].std())


def measure_error(photo: Pixels, truth: Pixels) -> float:
    return float(np.abs(photo.astype(float) - truth).mean())


@pytest.mark.parametrize("name", ["china.jpg", "coffee.png", "chelsea.png"])
def test_haze_is_removed(networks: NetworkRegistry, name: str) -> None:
    truth = load_photo(name, side=256)
    hazy = add_haze(truth)
    cleared = clear(hazy, networks)
    assert measure_contrast(cleared) > 1.35 * measure_contrast(hazy)
    assert measure_error(cleared, truth) < 0.6 * measure_error(hazy, truth)


def test_a_clear_photo_keeps_its_look(networks: NetworkRegistry) -> None:
    for name in ("astronaut.png", "coffee.png"):
        photo = load_photo(name, side=256)
        assert measure_error(clear(photo, networks, brightness=0), photo) < 12


def test_contrast_and_brightness_have_their_effect(networks: NetworkRegistry) -> None:
    hazy = add_haze(load_photo("china.jpg", side=256))
    contrasts = [measure_contrast(clear(hazy, networks, contrast=value)) for value in (0, 0.5, 1, 1.5, 2)]
    assert contrasts == sorted(contrasts)
    lightness = [clear(hazy, networks, brightness=value).mean() for value in (0, 20, 60, 100)]
    assert lightness == sorted(lightness)
    assert len(set(lightness)) == 4


def test_nothing_is_changed_without_contrast_and_brightness(networks: NetworkRegistry) -> None:
    hazy = add_haze(load_photo("china.jpg", side=128))
    assert np.abs(clear(hazy, networks, contrast=0, brightness=0).astype(int) - hazy).max() <= 1


def test_strips_leave_no_seams(networks: NetworkRegistry) -> None:
    even = np.full((600, 64, 3), 140, dtype=np.uint8)
    assert np.ptp(clear(even, networks)) <= 1


def test_grey_stays_grey_and_alpha_stays(networks: NetworkRegistry) -> None:
    grey = np.repeat(load_photo("camera.png", side=96)[..., :1], 3, axis=2)
    alpha = np.linspace(0, 255, 96 * 96, dtype=np.uint8).reshape(96, 96)
    result = remove_haze(Picture(grey, alpha, grey=True), DEFAULTS, networks, ignore_progress)
    assert np.ptp(result.colours, axis=2).max() == 0
    assert result.alpha is alpha
    assert result.grey
