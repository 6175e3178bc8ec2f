"""denoise with the real network."""

from statistics import mean
from typing import Any

import numpy as np
import pytest

from tests.engine.processing.photos import COLOUR_PHOTOS, add_noise, compute_psnr, load_photo, measure_detail
from vanceweb.engine.processing.denoise.denoising import TILE_SIDE, choose_strength, denoise
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry


def run_denoise(pixels: Pixels, networks: NetworkRegistry, tile_side: int = TILE_SIDE, **params: Any) -> Pixels:
    params = {"auto_params": False, **params}
    return denoise(Picture(pixels), params, networks, lambda fraction: None, tile_side=tile_side).colours


@pytest.mark.slow
def test_automatic_removal_gains_seven_db_at_sigma_20(networks: NetworkRegistry) -> None:
    gains = []
    for name in COLOUR_PHOTOS:
        truth = load_photo(name, side=192)
        noisy_photo = add_noise(truth, 20)
        gains.append(
            compute_psnr(run_denoise(noisy_photo, networks, auto_params=True), truth) - compute_psnr(noisy_photo, truth)
        )
    assert mean(gains) >= 7, gains


def test_automatic_removal_spares_clean_photos(networks: NetworkRegistry) -> None:
    likeness = [
        compute_psnr(run_denoise(load_photo(name, side=96), networks, auto_params=True), load_photo(name, side=96))
        for name in COLOUR_PHOTOS
    ]
    assert mean(likeness) >= 38, likeness


def test_zero_settings_change_nothing(networks: NetworkRegistry) -> None:
    for name in COLOUR_PHOTOS:
        noisy_photo = add_noise(load_photo(name, side=128), 5)
        assert compute_psnr(run_denoise(noisy_photo, networks, remove_noise=0, sharpen=0), noisy_photo) >= 40


def test_more_removal_leaves_less_noise(networks: NetworkRegistry) -> None:
    flat = add_noise(np.full((64, 64, 3), 128, dtype=np.uint8), 20)
    left = [measure_detail(run_denoise(flat, networks, remove_noise=n, sharpen=0)) for n in range(0, 101, 20)]
    assert left == sorted(left, reverse=True)
    assert left[-1] < left[0] / 10


def test_more_removal_moves_further_from_the_input(networks: NetworkRegistry) -> None:
    noisy_photo = add_noise(load_photo("coffee.png", side=64), 10)
    likeness = [
        compute_psnr(run_denoise(noisy_photo, networks, remove_noise=n, sharpen=0), noisy_photo)
        for n in range(0, 101, 20)
    ]
    assert likeness == sorted(likeness, reverse=True)


def test_more_sharpening_makes_steeper_edges(networks: NetworkRegistry) -> None:
    steps = [
        measure_detail(run_denoise(load_photo("coffee.png", side=64), networks, remove_noise=30, sharpen=n))
        for n in range(0, 101, 20)
    ]
    assert steps == sorted(steps)
    assert steps[-1] > 1.1 * steps[0]


def test_tiles_leave_no_seams(networks: NetworkRegistry) -> None:
    noisy_photo = add_noise(load_photo("chelsea.png", side=64), 15)
    whole = run_denoise(noisy_photo, networks, remove_noise=75, sharpen=75)
    in_tiles = run_denoise(noisy_photo, networks, tile_side=24, remove_noise=75, sharpen=75)
    assert np.abs(whole.astype(int) - in_tiles).max() <= 1


def test_automatic_choice_follows_the_noise() -> None:
    quiet, loud = (choose_strength({"auto_params": True, "remove_noise": 75, "sharpen": 75}, n) for n in (0.2, 20.0))
    assert (quiet.share, loud.share) == (0, 1)
    assert loud.sigma == 20
    assert loud.sharpening < quiet.sharpening
