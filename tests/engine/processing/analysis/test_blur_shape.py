"""Accuracy of the estimated width and direction of blur."""

import numpy as np
import pytest

from tests.engine.processing.blurring import blur_gaussian, blur_motion
from tests.engine.processing.photos import COLOUR_PHOTOS, add_noise, as_jpeg, load_photo
from vanceweb.engine.processing.analysis.blur_shape import NO_BLUR, estimate_blur_shape


@pytest.mark.parametrize("name", COLOUR_PHOTOS)
@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0])
def test_the_width_of_soft_blur_is_found(name: str, sigma: float) -> None:
    found = estimate_blur_shape(blur_gaussian(load_photo(name, side=256), sigma))
    assert found.softness == pytest.approx(sigma, rel=0.35)  # including the own softness of some photos
    assert not found.is_motion


@pytest.mark.parametrize("name", COLOUR_PHOTOS)
def test_sharp_photos_are_recognised(name: str) -> None:
    truth = load_photo(name, side=256)
    for worn in (truth, add_noise(truth, 10), as_jpeg(truth, 40)):
        assert estimate_blur_shape(worn).softness < 0.76


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png", "flower.jpg"])
@pytest.mark.parametrize("angle", [0, 30, 60, 110, 150])
def test_motion_is_found_with_its_direction(name: str, angle: float) -> None:
    found = estimate_blur_shape(blur_motion(load_photo(name, side=256), 13, angle))
    assert found.is_motion
    assert abs((found.direction - angle + 90) % 180 - 90) <= 15


def test_more_blur_gives_a_larger_estimate() -> None:
    truth = load_photo("astronaut.png", side=192)
    widths = [estimate_blur_shape(blur_gaussian(truth, sigma)).softness for sigma in (0.8, 1.2, 1.8, 2.6)]
    assert widths == sorted(widths)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (15, 90), (33, 40), (520, 20)])
def test_flat_and_tiny_pictures_have_none(size: tuple[int, int]) -> None:
    assert estimate_blur_shape(np.full((*size, 3), 90, dtype=np.uint8)) == NO_BLUR
