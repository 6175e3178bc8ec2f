"""Accuracy of the estimated overall blur."""

import numpy as np
import pytest

from tests.engine.processing.blurring import blur_gaussian
from tests.engine.processing.photos import COLOUR_PHOTOS, add_noise, as_jpeg, load_photo
from vanceweb.engine.processing.analysis.blur import estimate_blur, estimate_blurriness


@pytest.mark.parametrize("name", COLOUR_PHOTOS)
def test_sharp_photos_count_as_sharp(name: str) -> None:
    assert estimate_blur(load_photo(name)) < 0.9
    assert estimate_blurriness(load_photo(name)) == 0


@pytest.mark.parametrize("name", COLOUR_PHOTOS)
@pytest.mark.parametrize("sigma", [2, 3, 4])
def test_the_estimate_is_close_to_the_true_blur(name: str, sigma: int) -> None:
    assert estimate_blur(blur_gaussian(load_photo(name), sigma)) == pytest.approx(sigma, rel=0.25)


@pytest.mark.parametrize("name", COLOUR_PHOTOS)
def test_blur_is_found_under_noise_and_jpeg(name: str) -> None:
    assert estimate_blurriness(as_jpeg(add_noise(blur_gaussian(load_photo(name), 2.5), 5), 60)) > 0.9


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (3, 5), (200, 200)])
def test_without_edges_there_is_no_blur(size: tuple[int, int]) -> None:
    assert estimate_blur(np.full((*size, 3), 77, dtype=np.uint8)) == 0
