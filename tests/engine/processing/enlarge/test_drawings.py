"""chainner and real_esrgan with the real networks, on drawings."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.engine.processing.drawings import DRAWINGS, measure_line_contrast
from tests.engine.processing.photos import as_jpeg, compute_psnr, load_photo, resize, shrink_by
from tests.engine.processing.picture_files import save_picture
from tests.engine.processing.sweeps import mark_slow
from tests.engine.processing.tiny_networks import write_tiny_network
from vanceweb.catalogue.features import compute_output_size
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.engine.processing.enlarge.drawings import (
    CUNET_TILE_SIDE,
    CUNET_VIDEO,
    ESRGAN,
    clean_and_enlarge_drawing,
    enlarge_drawing,
)
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import process_file

LANCZOS = Image.Resampling.LANCZOS
SIDE = 192
QUICK_AND_SLOW_DRAWINGS = ["flat colours", *mark_slow(*(name for name in DRAWINGS if name != "flat colours"))]


def enlarge(
    pixels: Pixels, networks: NetworkRegistry, module: str, scale: int, tile_side: int = CUNET_TILE_SIDE
) -> Pixels:
    run = {"chainner": enlarge_drawing, "real_esrgan": clean_and_enlarge_drawing}[module]
    return run(Picture(pixels), {"scale": f"{scale}x"}, networks, lambda fraction: None, tile_side=tile_side).colours


@pytest.mark.parametrize("name", QUICK_AND_SLOW_DRAWINGS)
@pytest.mark.parametrize(
    ("module", "scale", "gain", "contrast"),
    [
        ("chainner", 2, 4.5, 0.93),
        ("chainner", 4, 1.9, 0.74),
        ("real_esrgan", 2, 3.0, 0.93),
        ("real_esrgan", 4, 1.3, 0.68),
        ("real_esrgan", 6, 1.0, 0.48),
    ],
)
def test_drawings_gain_over_lanczos(
    networks: NetworkRegistry, name: str, module: str, scale: int, gain: float, contrast: float
) -> None:
    truth = DRAWINGS[name](SIDE)
    small = shrink_by(truth, scale, "area")
    plain = resize(small, SIDE, SIDE, LANCZOS)
    result = enlarge(small, networks, module, scale)
    assert compute_psnr(result, truth) >= compute_psnr(plain, truth) + gain
    assert measure_line_contrast(result, truth) >= contrast >= measure_line_contrast(plain, truth) + 0.15


@pytest.mark.slow
@pytest.mark.parametrize("module", ["chainner", "real_esrgan"])
def test_eight_times_draws_steeper_lines_than_lanczos(networks: NetworkRegistry, module: str) -> None:
    truth = DRAWINGS["flat colours"](SIDE)
    small = shrink_by(truth, 8, "area")
    plain, result = resize(small, SIDE, SIDE, LANCZOS), enlarge(small, networks, module, 8)
    assert compute_psnr(result, truth) >= compute_psnr(plain, truth) + 1
    assert measure_line_contrast(result, truth) >= 3 * measure_line_contrast(plain, truth)


@pytest.mark.parametrize("name", QUICK_AND_SLOW_DRAWINGS)
@pytest.mark.parametrize(("scale", "gain"), [(1, 4.5), (2, 2.2)])
def test_degraded_drawings_are_cleaned(networks: NetworkRegistry, name: str, scale: int, gain: float) -> None:
    truth = DRAWINGS[name](SIDE)
    degraded = as_jpeg(shrink_by(truth, scale, "area"), quality=40)
    plain = resize(degraded, SIDE, SIDE, LANCZOS)
    assert compute_psnr(enlarge(degraded, networks, "real_esrgan", scale), truth) >= compute_psnr(plain, truth) + gain


@pytest.mark.parametrize("name", DRAWINGS)
def test_cleaning_hardly_changes_a_clean_drawing(networks: NetworkRegistry, name: str) -> None:
    truth = DRAWINGS[name](SIDE)
    assert compute_psnr(enlarge(truth, networks, "real_esrgan", 1), truth) >= 36


def test_only_real_esrgan_cleans(networks: NetworkRegistry) -> None:
    flat = as_jpeg(DRAWINGS["flat colours"](SIDE)[:96, 96:], quality=30)
    sharp, clean = (enlarge(flat, networks, module, 2) for module in ("chainner", "real_esrgan"))
    truth = resize(DRAWINGS["flat colours"](2 * SIDE)[:192, 192:], 192, 192, LANCZOS)
    assert compute_psnr(clean, truth) > compute_psnr(sharp, truth) + 1.5


def test_a_photo_keeps_its_colours(networks: NetworkRegistry) -> None:
    small = shrink_by(load_photo("coffee.png", side=128), 2, "area")
    result = enlarge(small, networks, "chainner", 4)
    assert compute_psnr(shrink_by(result, 4, "area"), small) >= 27


def test_tiles_leave_no_seams(networks: NetworkRegistry) -> None:
    small = DRAWINGS["flat colours"](128)
    whole = enlarge(small, networks, "real_esrgan", 2)
    apart = np.abs(whole.astype(int) - enlarge(small, networks, "real_esrgan", 2, tile_side=64))
    assert apart.mean() <= 0.5
    assert np.percentile(apart, 99.5) <= 6  # CUNET's mean over the tile changes the steepest lines


@pytest.mark.parametrize("scale", [1, 2, 4, 6, 8])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 1), (3, 5)])
def test_the_smallest_pictures_are_enlarged_by_the_scale(
    networks: NetworkRegistry, size: tuple[int, int], scale: int
) -> None:
    colour = np.ascontiguousarray(np.broadcast_to(np.array([200, 90, 30], dtype=np.uint8), (*size, 3)))
    result = enlarge(colour, networks, "real_esrgan", scale)
    assert result.shape == (size[0] * scale, size[1] * scale, 3)
    assert np.abs(result.astype(int) - [200, 90, 30]).max() <= 8


def test_alpha_is_enlarged_too_and_hidden_colours_stay_hidden(networks: NetworkRegistry) -> None:
    colours = np.full((32, 32, 3), 240, dtype=np.uint8)
    colours[:, 16:] = 0
    alpha = np.full((32, 32), 255, dtype=np.uint8)
    alpha[:, 16:] = 0
    result = enlarge_drawing(Picture(colours, alpha), {"scale": "2x"}, networks, lambda fraction: None)
    assert result.alpha is not None
    assert result.alpha.shape == (64, 64)
    assert result.colours[result.alpha > 0].min() > 225
    assert result.made_by == (CUNET_VIDEO.name,)


def test_progress_rises_to_one_over_all_passes(networks: NetworkRegistry) -> None:
    reports: list[float] = []
    enlarge_drawing(Picture(DRAWINGS["line art"](24)), {"scale": "8x"}, networks, reports.append)
    assert len(reports) >= 3
    assert all(later >= earlier for earlier, later in pairwise(reports))
    assert reports[-1] == pytest.approx(1)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_a_brought_network_draws_at_every_scale(tmp_path: Path, scale: int) -> None:
    assert ESRGAN.interface
    write_tiny_network(tmp_path / ESRGAN.files[0], ESRGAN.interface, gain=0.5)
    truth = DRAWINGS["lettering"](120)
    source, step = save_picture(Image.fromarray(truth), tmp_path / "p.png"), Step("real_esrgan", {"scale": f"{scale}x"})
    outcome = process_file(
        source, tmp_path / "r", [step], Output(), networks=NetworkRegistry(tmp_path), report=lambda fraction: None
    )
    assert outcome.backend == ESRGAN.name
    assert (outcome.width, outcome.height) == compute_output_size([step], 120, 120) == (120 * scale, 120 * scale)
    expected = resize(truth, 120 * scale, 120 * scale, Image.Resampling.NEAREST) / 2  # as the tiny network computes it
    with Image.open(tmp_path / "r") as image:
        assert np.abs(np.asarray(image.convert("RGB")) - expected).max() <= 1


def test_a_brought_network_of_another_scale_is_skipped(tmp_path: Path) -> None:
    assert ESRGAN.interface
    write_tiny_network(tmp_path / ESRGAN.files[0], ESRGAN.interface, scale=2)
    state = NetworkRegistry(tmp_path).get_usability(ESRGAN)
    assert not state.usable
    assert "returns 1 x 3 x 128 x 128 for 1 x 3 x 64 x 64; expected: 1 x 3 x 256 x 256" in state.reason
