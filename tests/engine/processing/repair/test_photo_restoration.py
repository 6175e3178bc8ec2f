"""img2sr with the real networks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.processing.blurring import blur_gaussian, blur_motion
from tests.engine.processing.photos import add_noise, as_jpeg, compute_psnr, compute_ssim, load_photo, resize
from vanceweb.engine.processing.errors import WeightsMissing
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.repair.photo_restoration import TILE_SIDE, restore


def restore_photo(pixels: Pixels, networks: NetworkRegistry, tile_side: int = TILE_SIDE, **params: Any) -> Picture:
    params = {"face_enhancer": False, "strength": 0.9, **params}
    return restore(Picture(pixels), params, networks, lambda fraction: None, tile_side=tile_side)


def degrade(pixels: Pixels) -> Pixels:
    return as_jpeg(add_noise(blur_gaussian(pixels, 2), 6), 60)


CORNERS = {"astronaut.png": (60, 170), "coffee.png": (152, 252), "china.jpg": (152, 256)}


def crop_detail(name: str) -> Pixels:
    """Crop 96 x 96 px with some content."""
    top, left = CORNERS[name]
    return load_photo(name)[top : top + 96, left : left + 96]


@pytest.mark.slow
def test_blurred_noisy_photos_gain_likeness(networks: NetworkRegistry) -> None:
    gains = []
    for name in CORNERS:
        truth = crop_detail(name)[16:80, 16:80]
        degraded = degrade(truth)
        gains.append(compute_ssim(restore_photo(degraded, networks).colours, truth) - compute_ssim(degraded, truth))
    assert np.mean(gains) >= 0.06, gains
    assert min(gains) > 0.02, gains


@pytest.mark.slow
def test_shaken_photos_gain_likeness(networks: NetworkRegistry) -> None:
    gains = []
    for truth in (crop_detail("astronaut.png"), crop_detail("coffee.png"), load_photo("chelsea.png", side=96)):
        shaken = as_jpeg(add_noise(blur_motion(truth, 11, 20), 3), 85)
        gains.append(compute_ssim(restore_photo(shaken, networks).colours, truth) - compute_ssim(shaken, truth))
    assert min(gains) >= 0.01, gains  # the network alone takes the streaks for lines and gains nothing
    assert np.mean(gains) >= 0.02, gains


def test_strength_is_the_share_of_the_result(networks: NetworkRegistry) -> None:
    blurry = degrade(crop_detail("coffee.png"))[:48, :48]
    weak, strong = (restore_photo(blurry, networks, strength=strength).colours for strength in (0.8, 1.0))
    expected = 0.2 * blurry.astype(float) + 0.8 * strong
    assert np.abs(weak - expected).max() <= 1
    assert compute_psnr(weak, blurry) > compute_psnr(strong, blurry)


@pytest.mark.parametrize("name", ["chelsea.png", "coffee.png", "rocket.jpg"])
def test_sharp_photos_are_left_alone_and_a_note_says_so(networks: NetworkRegistry, name: str) -> None:
    picture = restore_photo(load_photo(name), networks)
    assert compute_psnr(picture.colours, load_photo(name)) >= 40
    assert picture.notes == ("The photo is already sharp, so it was left as it is.",)


@pytest.mark.slow
def test_without_a_face_the_rest_is_restored_and_a_note_says_so(networks: NetworkRegistry) -> None:
    picture = restore_photo(degrade(crop_detail("coffee.png"))[:48, :48], networks, face_enhancer=True)
    assert "No face was found; the rest of the picture was restored." in picture.notes
    assert "realesrgan-x4plus (ncnn)" in picture.made_by
    assert compute_psnr(picture.colours, degrade(crop_detail("coffee.png"))[:48, :48]) < 40


@pytest.mark.slow
def test_the_face_enhancer_improves_a_face_shrunk_to_a_quarter(
    networks: NetworkRegistry,
) -> None:
    truth = resize(load_photo("astronaut.png")[30:222, 128:320], 96, 96, 4)
    small = resize(resize(truth, 24, 24, 4), 96, 96, 3)
    without, with_faces = (
        restore_photo(small, networks, face_enhancer=face_enhancer) for face_enhancer in (False, True)
    )
    assert compute_ssim(with_faces.colours, truth) > compute_ssim(small, truth)
    assert compute_ssim(without.colours, truth) > compute_ssim(small, truth)


@pytest.mark.slow
def test_tiles_leave_no_seams(networks: NetworkRegistry) -> None:
    blurry = degrade(crop_detail("coffee.png"))[:48, :48]
    whole = restore_photo(blurry, networks).colours.astype(int)
    parts = restore_photo(blurry, networks, tile_side=16).colours.astype(int)  # edges at every 32 px of the result
    assert np.abs(parts - whole).mean() < 1.5
    for axis in (0, 1):
        steps = [np.abs(np.diff(pixels, axis=axis)).take([31], axis=axis).mean() for pixels in (parts, whole)]
        assert steps[0] < steps[1] + 1.0


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 5)])
def test_a_picture_of_any_size_keeps_it(networks: NetworkRegistry, size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert restore_photo(pixels, networks, face_enhancer=True).colours.shape == pixels.shape


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="are not installed; run: manage"):
        restore_photo(degrade(crop_detail("coffee.png")), NetworkRegistry(tmp_path))
