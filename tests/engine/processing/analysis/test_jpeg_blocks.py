"""Accuracy of the estimated visibility of JPEG blocks."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from tests.engine.processing.photos import COLOUR_PHOTOS, add_noise, as_jpeg, load_photo
from vanceweb.engine.processing.analysis.jpeg_blocks import estimate_jpeg_blocks


@pytest.mark.parametrize("name", COLOUR_PHOTOS)
def test_coarser_jpeg_shows_more_blocks(name: str) -> None:
    truth = load_photo(name, side=192)
    found = [estimate_jpeg_blocks(as_jpeg(truth, quality)) for quality in (85, 60, 40, 20, 10)]
    assert all(coarser > finer for finer, coarser in pairwise(found))
    assert found[1] >= 0.8


@pytest.mark.parametrize("name", COLOUR_PHOTOS)
def test_photos_without_blocks_show_none(name: str) -> None:
    truth = load_photo(name, side=192)
    for clean in (truth, add_noise(truth, 10), np.asarray(cv2.GaussianBlur(truth, (0, 0), 2))):
        assert estimate_jpeg_blocks(clean) <= 0.35


def test_a_grid_is_found_wherever_the_picture_was_cut() -> None:
    worn = as_jpeg(load_photo("coffee.png", side=192), 40)
    assert estimate_jpeg_blocks(worn[3:, 5:]) == pytest.approx(estimate_jpeg_blocks(worn), rel=0.1)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (31, 90), (32, 32), (513, 40), (520, 520)])
def test_flat_and_tiny_pictures_have_none(size: tuple[int, int]) -> None:
    assert estimate_jpeg_blocks(np.full((*size, 3), 90, dtype=np.uint8)) == 0
