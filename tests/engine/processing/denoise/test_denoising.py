"""denoise with the real network."""

from statistics import mean
from typing import Any

import numpy as np
import pytest

from tests.engine.processing.photos import COLOUR, detail, noisy, photo, psnr
from vanceweb.engine.processing.denoise.denoising import choose_strength, denoise
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.registry import Models


def denoised(pixels: Pixels, models: Models, **params: Any) -> Pixels:
    return denoise(Picture(pixels), {"auto_params": False, **params}, models, lambda fraction: None).colours


@pytest.mark.slow
def test_automatic_removal_gains_seven_db_at_sigma_20(models: Models) -> None:
    gains = []
    for name in COLOUR:
        truth = photo(name, side=192)
        worn = noisy(truth, 20)
        gains.append(psnr(denoised(worn, models, auto_params=True), truth) - psnr(worn, truth))
    assert mean(gains) >= 7, gains


def test_automatic_removal_spares_clean_photos(models: Models) -> None:
    likeness = [psnr(denoised(photo(name, side=96), models, auto_params=True), photo(name, side=96)) for name in COLOUR]
    assert mean(likeness) >= 38, likeness


def test_nothing_asked_for_changes_nothing(models: Models) -> None:
    for name in COLOUR:
        worn = noisy(photo(name, side=128), 5)
        assert psnr(denoised(worn, models, remove_noise=0, sharpen=0), worn) >= 40


def test_more_removal_leaves_less_noise(models: Models) -> None:
    flat = noisy(np.full((64, 64, 3), 128, dtype=np.uint8), 20)
    left = [detail(denoised(flat, models, remove_noise=n, sharpen=0)) for n in range(0, 101, 20)]
    assert left == sorted(left, reverse=True)
    assert left[-1] < left[0] / 10


def test_more_removal_moves_further_from_the_input(models: Models) -> None:
    worn = noisy(photo("coffee.png", side=64), 10)
    likeness = [psnr(denoised(worn, models, remove_noise=n, sharpen=0), worn) for n in range(0, 101, 20)]
    assert likeness == sorted(likeness, reverse=True)


def test_more_sharpening_makes_steeper_edges(models: Models) -> None:
    steps = [
        detail(denoised(photo("coffee.png", side=64), models, remove_noise=30, sharpen=n)) for n in range(0, 101, 20)
    ]
    assert steps == sorted(steps)
    assert steps[-1] > 1.1 * steps[0]


def test_tiles_leave_no_seams(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    worn = noisy(photo("chelsea.png", side=64), 15)
    whole = denoised(worn, models, remove_noise=75, sharpen=75)
    monkeypatch.setattr("vanceweb.engine.processing.denoise.denoising.SIDE", 24)
    assert np.abs(whole.astype(int) - denoised(worn, models, remove_noise=75, sharpen=75)).max() <= 1


def test_automatic_choice_follows_the_noise() -> None:
    quiet, loud = (choose_strength({"auto_params": True, "remove_noise": 75, "sharpen": 75}, n) for n in (0.2, 20.0))
    assert (quiet.share, loud.share) == (0, 1)
    assert loud.sigma == 20
    assert loud.sharpen < quiet.sharpen
