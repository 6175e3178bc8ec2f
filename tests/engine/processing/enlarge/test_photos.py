"""enlarge3 with the real networks, compared with Pillow's filters on the same input."""

from collections.abc import Mapping
from itertools import pairwise
from statistics import mean

import numpy as np
import pytest
from PIL import Image

from tests.engine.processing.photos import (
    COLOUR_PHOTOS,
    ShrinkMethod,
    add_noise,
    as_jpeg,
    compute_psnr,
    load_photo,
    measure_detail,
    resize,
    shrink_by,
)
from vanceweb.engine.processing.enlarge.photos import (
    TILE_SIDES,
    compute_network_shares,
    compute_removal_share,
    enlarge_photo,
)
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry

DEFAULTS = {"suppress_noise": 40, "remove_blur": 60}
PLAIN = {"suppress_noise": 0, "remove_blur": 0}
SIDE = 256  # px of the middle squares of photos
LANCZOS, BICUBIC = Image.Resampling.LANCZOS, Image.Resampling.BICUBIC


def enlarge(
    pixels: Pixels, networks: NetworkRegistry, scale: int, tile_sides: Mapping[int, int] = TILE_SIDES, **params: int
) -> Pixels:
    params = {"scale": scale, **params}
    return enlarge_photo(Picture(pixels), params, networks, lambda fraction: None, tile_sides=tile_sides).colours


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "scale", "side", "floor"),
    # Squares of this side suffice, except where their gain is close to the floor.
    [("bicubic", 2, SIDE, 2.0), ("bicubic", 4, SIDE, 1.2), ("area", 2, SIDE, 0.9), ("area", 4, None, 0.8)],
)
def test_clean_photos_gain_over_lanczos(
    networks: NetworkRegistry, way: ShrinkMethod, scale: int, side: int | None, floor: float
) -> None:
    gains = []
    for name in COLOUR_PHOTOS:
        truth = load_photo(name, side=side)
        small = shrink_by(truth, scale, way)
        plain = resize(small, truth.shape[1], truth.shape[0], LANCZOS)
        gains.append(compute_psnr(enlarge(small, networks, scale, **PLAIN), truth) - compute_psnr(plain, truth))
    assert mean(gains) >= floor, gains


@pytest.mark.slow
@pytest.mark.parametrize("scale", [2, 4])
def test_degraded_photos_gain_over_bicubic_with_default_parameters(networks: NetworkRegistry, scale: int) -> None:
    gains = []
    for name in COLOUR_PHOTOS:
        truth = load_photo(name, side=SIDE)
        degraded = as_jpeg(add_noise(shrink_by(truth, scale, "bicubic"), 8), quality=60)
        plain = resize(degraded, truth.shape[1], truth.shape[0], BICUBIC)
        gains.append(compute_psnr(enlarge(degraded, networks, scale, **DEFAULTS), truth) - compute_psnr(plain, truth))
    assert mean(gains) >= 0.5, gains


@pytest.mark.slow
@pytest.mark.parametrize("scale", [6, 8])
def test_six_and_eight_times_gain_over_lanczos(networks: NetworkRegistry, scale: int) -> None:
    gains = []
    for name in ("astronaut.png", "coffee.png"):
        truth = load_photo(name, side=240)
        small = shrink_by(truth, scale, "area")
        result = enlarge(small, networks, scale, **PLAIN)
        assert result.shape == truth.shape
        gains.append(compute_psnr(result, truth) - compute_psnr(resize(small, 240, 240, LANCZOS), truth))
    assert mean(gains) >= 0.4, gains


def test_more_noise_suppression_leaves_less_noise(networks: NetworkRegistry) -> None:
    flat = add_noise(np.full((48, 48, 3), 128, dtype=np.uint8), 8)
    left = [measure_detail(enlarge(flat, networks, 2, suppress_noise=n, remove_blur=0)) for n in range(0, 101, 20)]
    assert left == sorted(left, reverse=True)
    assert left[-1] < left[0] / 3


def test_more_blur_removal_makes_steeper_edges(networks: NetworkRegistry) -> None:
    soft = shrink_by(load_photo("coffee.png", side=192), 4, "area")
    steps = [measure_detail(enlarge(soft, networks, 2, suppress_noise=0, remove_blur=n)) for n in range(0, 101, 20)]
    assert steps == sorted(steps)
    assert steps[-1] > 1.1 * steps[0]


@pytest.mark.slow
def test_blur_removal_brings_a_blurred_photo_closer_to_the_truth(networks: NetworkRegistry) -> None:
    truth = load_photo("astronaut.png", side=256)
    blurred = resize(shrink_by(truth, 4, "area"), 128, 128, BICUBIC)
    kept, sharpened = (enlarge(blurred, networks, 2, suppress_noise=0, remove_blur=n) for n in (0, 80))
    assert compute_psnr(sharpened, truth) > compute_psnr(kept, truth) + 0.2


def test_tiles_leave_no_seams(networks: NetworkRegistry) -> None:
    small = load_photo("chelsea.png", side=48)
    whole = enlarge(small, networks, 4, **DEFAULTS)
    in_tiles = enlarge(small, networks, 4, TILE_SIDES | {4: 24}, **DEFAULTS)
    assert np.abs(whole.astype(int) - in_tiles).max() <= 1


@pytest.mark.parametrize(("size", "scale"), [((1, 1), 2), ((1, 7), 4), ((9, 1), 6), ((3, 5), 8), ((1, 1), 8)])
def test_the_smallest_pictures_are_enlarged_by_the_scale(
    networks: NetworkRegistry, size: tuple[int, int], scale: int
) -> None:
    colour = np.broadcast_to(np.array([200, 90, 30], dtype=np.uint8), (*size, 3))
    result = enlarge(np.ascontiguousarray(colour), networks, scale, **DEFAULTS)
    assert result.shape == (size[0] * scale, size[1] * scale, 3)
    assert np.abs(result.astype(int) - [200, 90, 30]).max() <= 12


def test_hidden_colours_do_not_reach_the_visible_edge(networks: NetworkRegistry) -> None:
    colours = np.full((32, 32, 3), 240, dtype=np.uint8)
    colours[:, 16:] = 0
    alpha = np.full((32, 32), 255, dtype=np.uint8)
    alpha[:, 16:] = 0
    result = enlarge_photo(Picture(colours, alpha), {"scale": 2, **DEFAULTS}, networks, lambda fraction: None)
    assert result.alpha is not None
    assert result.alpha.shape == (64, 64)
    assert result.colours[result.alpha > 0].min() > 225


def test_strong_noise_is_removed(networks: NetworkRegistry) -> None:
    truth = load_photo("astronaut.png", side=192)
    degraded = add_noise(shrink_by(truth, 2, "area"), 20)
    plain = resize(degraded, 192, 192, BICUBIC)
    assert compute_psnr(enlarge(degraded, networks, 2, **DEFAULTS), truth) > compute_psnr(plain, truth) + 2.5


def test_possible_detail_is_not_removed_as_noise() -> None:
    assert compute_removal_share(100, measured_noise=5) == 0
    assert compute_removal_share(0, measured_noise=50) == 0
    assert compute_removal_share(40, measured_noise=10) == 1


@pytest.mark.parametrize("measured", [0.0, 1.5, 8.0, 40.0])
def test_network_shares_add_up_and_change_steadily(measured: float) -> None:
    all_shares = [compute_network_shares(n, measured) for n in range(101)]
    assert all(sum(shares.values()) == pytest.approx(1) for shares in all_shares)
    smooth = [shares.get("waifu2x-photo-3", 0.0) for shares in all_shares]
    assert all(later >= earlier - 0.02 for earlier, later in pairwise(smooth))
    span = [shares.get("span", 0.0) for shares in all_shares]
    assert all(later <= earlier + 0.02 for earlier, later in pairwise(span))  # shares below 0.02 are left out
    assert all_shares[0] == {"span": 0.5, "waifu2x-photo-0": 0.5}
    assert set(all_shares[100]) == {"waifu2x-photo-3"}
