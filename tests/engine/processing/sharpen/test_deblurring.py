"""sharpen3 with the real networks, on blurred photos."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.engine.processing.blurring import blur_defocus, blur_gaussian, blur_motion
from tests.engine.processing.photos import COLOUR_PHOTOS, add_noise, as_jpeg, compute_psnr, load_photo, measure_detail
from tests.engine.processing.picture_files import save_picture
from tests.engine.processing.sweeps import mark_slow
from tests.engine.processing.tiny_networks import write_tiny_network
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.engine.processing.analysis.blur_shape import NO_BLUR, Blur
from vanceweb.engine.processing.analysis.jpeg_blocks import estimate_jpeg_blocks
from vanceweb.engine.processing.denoise.denoising import SRMD
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import process_file
from vanceweb.engine.processing.sharpen.deblurrers import DECONVOLUTION, NAFNET
from vanceweb.engine.processing.sharpen.deblurring import (
    ARTEFACT_CUNET,
    TILE_SIDE,
    choose_cleaning,
    choose_deblurring,
    deblur,
)

AUTO: dict[str, Any] = {"autoparams": True, "automodel": True, "blur_type": 1, "remove_blur": 0.5,
                        "suppress_noise": 0.5, "remove_artifacts": 0.5}  # fmt: skip
NOTHING: dict[str, Any] = {"autoparams": False, "automodel": False, "blur_type": 0, "remove_blur": 0,
                           "suppress_noise": 0, "remove_artifacts": 0}  # fmt: skip
STEPS = [0, 0.2, 0.4, 0.5, 0.6, 0.8, 1]


def run_deblur(
    pixels: Pixels, networks: NetworkRegistry, base: dict[str, Any] = AUTO, *, tile_side: int = TILE_SIDE, **params: Any
) -> Picture:
    return deblur(Picture(pixels), {**base, **params}, networks, lambda fraction: None, tile_side=tile_side)


def measure_gains(networks: NetworkRegistry, degrade: Callable[[Pixels], Pixels], side: int = 192) -> list[float]:
    """Return the gain in dB of each crop of the colour photos, degraded by `degrade`."""
    truths = [load_photo(name, side=side) for name in COLOUR_PHOTOS]
    return [
        compute_psnr(run_deblur(degrade(truth), networks).colours, truth) - compute_psnr(degrade(truth), truth)
        for truth in truths
    ]


def test_soft_photos_gain_3_db(networks: NetworkRegistry) -> None:
    found = measure_gains(networks, lambda truth: blur_gaussian(truth, 2))
    assert mean(found) >= 3.0, found
    assert min(found) >= 0, found


def test_photos_out_of_focus_gain_5_db(networks: NetworkRegistry) -> None:
    found = measure_gains(networks, lambda truth: blur_defocus(truth, 3))
    assert mean(found) >= 5.4, found
    assert min(found) >= 0, found


@pytest.mark.slow
def test_soft_photos_with_noise_and_jpeg_gain_too(networks: NetworkRegistry) -> None:
    found = measure_gains(networks, lambda truth: as_jpeg(add_noise(blur_gaussian(truth, 2), 5), 60), side=128)
    assert mean(found) >= 1, found
    assert min(found) >= 0, found


@pytest.mark.parametrize("name", [*COLOUR_PHOTOS[:2], *mark_slow(*COLOUR_PHOTOS[2:])])
def test_sharp_photos_hardly_change(networks: NetworkRegistry, name: str) -> None:
    truth = load_photo(name, side=128)
    assert compute_psnr(run_deblur(truth, networks).colours, truth) >= 34


@pytest.mark.parametrize("angle", [0, 60, *mark_slow(30, 110, 150)])
def test_moved_photos_never_get_worse(networks: NetworkRegistry, angle: float) -> None:
    for name in COLOUR_PHOTOS:
        truth = load_photo(name, side=192)
        blurred = blur_motion(truth, 13, angle)
        assert compute_psnr(run_deblur(blurred, networks).colours, truth) >= compute_psnr(blurred, truth), name


@pytest.mark.parametrize("angle", [0, 60, 110])
@pytest.mark.slow
@pytest.mark.parametrize("automodel", [True, False])
def test_moved_photos_never_get_worse_with_manual_settings(
    networks: NetworkRegistry, automodel: bool, angle: float
) -> None:
    for name in ("china.jpg", "coffee.png"):
        truth = load_photo(name, side=128)
        blurred = blur_motion(truth, 13, angle)
        result = run_deblur(blurred, networks, autoparams=False, automodel=automodel)
        assert compute_psnr(result.colours, truth) >= compute_psnr(blurred, truth), name


def test_moved_photos_gain_on_average(networks: NetworkRegistry) -> None:
    gains = []
    for number, name in enumerate(COLOUR_PHOTOS):
        truth = load_photo(name, side=192)
        blurred = blur_motion(truth, 13, 30 * number)
        gains.append(compute_psnr(run_deblur(blurred, networks).colours, truth) - compute_psnr(blurred, truth))
    assert mean(gains) >= 2.3, gains


@pytest.mark.parametrize("blur_type", [0, 1])
@pytest.mark.parametrize("name", ["coffee.png", *mark_slow("astronaut.png")])
def test_more_blur_removal_makes_steeper_edges(networks: NetworkRegistry, name: str, blur_type: int) -> None:
    soft = blur_gaussian(load_photo(name, side=96), 1.5)
    found = [
        measure_detail(run_deblur(soft, networks, NOTHING, blur_type=blur_type, remove_blur=wanted).colours)
        for wanted in STEPS
    ]
    assert all(more > less for less, more in pairwise(found))
    assert found[-1] > 1.2 * found[0]


def test_the_kind_of_blur_makes_a_difference(networks: NetworkRegistry) -> None:
    """Blur given as soft is never sharpened along a direction only; blur given as motion is."""
    truth = load_photo("astronaut.png", side=128)
    as_soft, as_motion = (
        run_deblur(blur_motion(truth, 13, 30), networks, NOTHING, remove_blur=0.5, blur_type=kind).colours
        for kind in (0, 1)
    )
    assert compute_psnr(as_motion, truth) > compute_psnr(as_soft, truth) + 0.5


def test_more_noise_suppression_leaves_less_noise(networks: NetworkRegistry) -> None:
    flat = add_noise(np.full((64, 64, 3), 128, dtype=np.uint8), 12)
    left = [measure_detail(run_deblur(flat, networks, NOTHING, remove_blur=0.5, suppress_noise=wanted).colours)
            for wanted in STEPS]  # fmt: skip
    assert left == sorted(left, reverse=True)
    assert left[-1] < left[0] / 10


def test_more_artefact_removal_leaves_weaker_blocks(networks: NetworkRegistry) -> None:
    truth = load_photo("coffee.png", side=160)
    degraded = as_jpeg(truth, 30)
    results = [run_deblur(degraded, networks, NOTHING, remove_artifacts=wanted).colours for wanted in STEPS]
    blocks = [estimate_jpeg_blocks(result) for result in results]
    assert all(less < more for more, less in pairwise(blocks))
    assert blocks[-1] < 0.2 * blocks[0]
    assert compute_psnr(results[-1], truth) >= compute_psnr(degraded, truth) + 1.5


def test_zero_settings_change_nothing(networks: NetworkRegistry) -> None:
    degraded = add_noise(blur_gaussian(load_photo("coffee.png", side=64), 2), 5)
    assert np.array_equal(run_deblur(degraded, networks, NOTHING).colours, degraded)


def test_the_result_names_its_backends(networks: NetworkRegistry) -> None:
    truth = load_photo("astronaut.png", side=128)
    assert run_deblur(as_jpeg(add_noise(blur_gaussian(truth, 2), 9), 75), networks).made_by == (
        ARTEFACT_CUNET.name,
        SRMD.name,
        NAFNET.name,
        DECONVOLUTION.name,
    )
    assert run_deblur(blur_gaussian(truth, 2), networks).made_by == (NAFNET.name,)
    manual = run_deblur(blur_gaussian(truth, 2), networks, NOTHING, remove_blur=0.5, blur_type=0)
    assert manual.made_by == (NAFNET.name, DECONVOLUTION.name)
    untouched = run_deblur(np.full((64, 64, 3), 99, dtype=np.uint8), networks)
    assert untouched.notes == ("The picture is sharp and clean already: nothing was changed.",)


def test_tiles_leave_no_seams(networks: NetworkRegistry) -> None:
    soft = add_noise(blur_gaussian(load_photo("chelsea.png", side=128), 2), 4)
    whole = run_deblur(soft, networks).colours
    # The deblurring network reads the blur from the whole tile, so the size of its tiles stays the same.
    in_tiles = run_deblur(soft, networks, tile_side=48).colours
    assert np.abs(whole.astype(int) - in_tiles).max() <= 2


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 1), (3, 5), (17, 16)])
def test_the_smallest_pictures_keep_size_and_colour(networks: NetworkRegistry, size: tuple[int, int]) -> None:
    colour = np.ascontiguousarray(np.broadcast_to(np.array([200, 90, 30], dtype=np.uint8), (*size, 3)))
    for kind in (0, 1):
        wanted = {"blur_type": kind, "remove_blur": 1, "suppress_noise": 1, "remove_artifacts": 1}
        result = run_deblur(colour, networks, NOTHING, **wanted).colours
        assert result.shape == colour.shape
        assert np.abs(result.astype(int) - [200, 90, 30]).max() <= 8


def test_alpha_is_kept_and_hidden_colours_do_not_reach_the_visible_edge(networks: NetworkRegistry) -> None:
    colours = np.full((64, 64, 3), 240, dtype=np.uint8)
    colours[:, 32:] = 0
    alpha = np.full((64, 64), 255, dtype=np.uint8)
    alpha[:, 32:] = 0
    wanted = {**NOTHING, "remove_blur": 1, "remove_artifacts": 1}
    result = deblur(Picture(colours, alpha), wanted, networks, lambda fraction: None)
    assert result.alpha is not None
    assert np.array_equal(result.alpha, alpha)
    assert result.colours[alpha > 0].min() > 225


def run_with_tiny_network(folder: Path) -> Pixels:
    """Return the result for motion blur, with a tiny network that halves all colours instead of the shipped one."""
    assert NAFNET.interface
    write_tiny_network(folder / NAFNET.files[0], NAFNET.interface, gain=0.5)
    source = save_picture(Image.fromarray(load_photo("coffee.png", side=176)[:, :100]), folder / "p.png")
    step = Step("sharpen3", {**NOTHING, "blur_type": 1, "remove_blur": 0.5})
    networks = NetworkRegistry(folder)
    outcome = process_file(source, folder / "r", [step], Output(), networks=networks, report=lambda fraction: None)
    assert outcome.backend == NAFNET.name
    with Image.open(folder / "r") as image:
        return np.asarray(image.convert("RGB"))


def test_the_network_of_the_repository_is_used_for_motion(tmp_path: Path) -> None:
    result = run_with_tiny_network(tmp_path)
    assert np.abs(result - load_photo("coffee.png", side=176)[:, :100] / 2).max() <= 1


def test_the_choice_follows_the_measurements() -> None:
    motion, soft = Blur(4.0, 0.9, 30.0), Blur(2.0, 1.9, 0.0)
    assert choose_deblurring(AUTO, motion).motion
    assert not choose_deblurring(AUTO, soft).motion
    assert choose_deblurring(AUTO, soft).share == 1
    assert choose_deblurring(AUTO, NO_BLUR).share == 0
    assert choose_deblurring({**NOTHING, "automodel": True}, motion).motion
    assert not choose_deblurring(NOTHING, motion).motion
    assert choose_cleaning(AUTO, noise=0.2, blocks=0.1).artefact_share == 0
    assert choose_cleaning(AUTO, noise=8.0, blocks=2.0).artefact_share == 1
    assert choose_cleaning(AUTO, noise=8.0, blocks=2.0).noise_strength.sigma == 8
