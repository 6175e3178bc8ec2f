"""Measuring how blurred a picture is."""

import numpy as np
import pytest

from tests.engine.processing.photos import COLOUR, as_jpeg, noisy, out_of_focus, photo
from vanceweb.engine.processing.analysis.blur import estimate_blur, estimate_blurriness


@pytest.mark.parametrize("name", COLOUR)
def test_sharp_photos_count_as_sharp(name: str) -> None:
    assert estimate_blur(photo(name)) < 0.9
    assert estimate_blurriness(photo(name)) == 0


@pytest.mark.parametrize("name", COLOUR)
@pytest.mark.parametrize("sigma", [2, 3, 4])
def test_the_measured_blur_is_about_the_true_one(name: str, sigma: int) -> None:
    assert estimate_blur(out_of_focus(photo(name), sigma)) == pytest.approx(sigma, rel=0.25)


@pytest.mark.parametrize("name", COLOUR)
def test_blur_is_told_under_noise_and_jpeg(name: str) -> None:
    assert estimate_blurriness(as_jpeg(noisy(out_of_focus(photo(name), 2.5), 5), 60)) > 0.9


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (3, 5), (200, 200)])
def test_without_edges_there_is_no_blur(size: tuple[int, int]) -> None:
    assert estimate_blur(np.full((*size, 3), 77, dtype=np.uint8)) == 0
