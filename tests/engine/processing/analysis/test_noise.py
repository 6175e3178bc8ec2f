"""Accuracy of the noise estimate."""

import numpy as np
import pytest

from tests.engine.processing.photos import COLOUR_PHOTOS, add_noise, load_photo
from vanceweb.engine.processing.analysis.noise import estimate_noise


@pytest.mark.parametrize("sigma", [5, 10, 20, 35])
@pytest.mark.parametrize("name", COLOUR_PHOTOS)
def test_added_noise_is_found(name: str, sigma: float) -> None:
    assert estimate_noise(add_noise(load_photo(name), sigma)) == pytest.approx(sigma, rel=0.15)


@pytest.mark.parametrize("name", COLOUR_PHOTOS)
def test_detail_is_not_mistaken_for_noise(name: str) -> None:
    assert estimate_noise(load_photo(name)) < 2


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (7, 9), (8, 8), (33, 40)])
def test_flat_and_tiny_pictures_have_none(size: tuple[int, int]) -> None:
    assert estimate_noise(np.full((*size, 3), 90, dtype=np.uint8)) < 0.001
