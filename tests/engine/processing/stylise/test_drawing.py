"""What drawings are made of: areas without shades, lines along edges, paper, and the way to any size."""

import numpy as np
import pytest

from tests.engine.processing.photos import load_photo
from vanceweb.engine.processing.analysis.outlines import draw_outlines
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.stylise import canvas
from vanceweb.engine.processing.stylise.flattening import flattened

Floats = np.ndarray


def step(height: int = 64, width: int = 96) -> Floats:
    """Dark on the left, bright on the right."""
    values = np.full((height, width), 0.2, dtype=np.float32)
    values[:, width // 2 :] = 0.8
    return values


def in_colour(values: Floats) -> Floats:
    return np.dstack([values] * 3)


@pytest.mark.parametrize("size", [(64, 96), (63, 97), (1, 40), (40, 1), (1, 1)])
def test_areas_that_are_flat_already_stay_as_they_are_up_to_the_picture_s_sides(size: tuple[int, int]) -> None:
    given = in_colour(step(*size))
    assert np.allclose(flattened(given, 0.01), given, atol=2e-3)


def test_faint_shades_are_joined_and_strong_edges_kept() -> None:
    waves = 0.02 * np.sin(np.arange(96, dtype=np.float32) / 3)
    result = flattened(in_colour(step() + waves), 0.01)
    assert result[:, 4:44].std() < 0.25 * waves.std()
    assert np.diff(result[32, :, 0])[47] > 0.5


def test_flattening_leaves_what_it_is_given() -> None:
    given = in_colour(step())
    before = given.copy()
    flattened(given, 0.02)
    assert np.array_equal(given, before)


def test_a_line_runs_along_an_edge_and_nowhere_else() -> None:
    ink = draw_outlines(step(), width=2.0)
    assert ink[:, 44:49].max(axis=1).min() > 0.9
    assert ink[:, :40].max() < 0.01
    assert ink[:, 56:].max() < 0.01


def test_no_line_is_drawn_where_all_is_even_or_only_grows_brighter() -> None:
    assert draw_outlines(np.full((40, 50), 0.5, dtype=np.float32), width=2.0).max() == 0
    ramp = np.tile(np.linspace(0, 1, 200, dtype=np.float32), (40, 1))
    assert draw_outlines(ramp, width=2.0)[:, 20:-20].max() < 0.05


def test_a_wider_pen_and_a_keener_eye_draw_more() -> None:
    lightness = load_photo("coffee.png", side=128).mean(axis=2).astype(np.float32) / 255
    thin, wide, keen = (draw_outlines(lightness, *how).mean() for how in ((1.2, 1.0), (3.0, 1.0), (1.2, 2.5)))
    assert wide > 1.4 * thin
    assert keen > 1.4 * thin


def test_paper_has_a_grain_without_a_seam_where_it_repeats() -> None:
    sheet = canvas.grained(np.full((300, 900, 3), 128, dtype=np.uint8), 0.5).astype(int)
    assert 1 < sheet.std() < 12
    steps = np.abs(np.diff(sheet[..., 0], axis=1)).mean(axis=0)
    seams = [steps[side * canvas.PAPER - 1] for side in (1, 2, 3)]
    assert max(seams) < 1.6 * steps.mean()
    assert np.array_equal(canvas.grained(sheet.astype(np.uint8), 0), sheet)


def test_laid_over_the_photo_by_a_share() -> None:
    photo, drawing = (np.full((700, 20, 3), value, dtype=np.uint8) for value in (100, 200))
    assert np.array_equal(canvas.laid_over(photo, drawing, 0.0), photo)
    assert np.array_equal(canvas.laid_over(photo, drawing, 1.0), drawing)
    assert canvas.laid_over(photo, drawing, 0.25).mean() == 125
    share = np.zeros((700, 20), dtype=np.float32)
    share[650:] = 1
    result = canvas.laid_over(photo, drawing, share)
    assert (result[:650] == 100).all()
    assert (result[650:] == 200).all()


@pytest.mark.parametrize("size", [(24, 16), (100, 37), (45, 70), (1, 1), (130, 3)])
def test_a_drawing_grows_to_any_size_in_tiles_without_a_seam(networks: NetworkRegistry, size: tuple[int, int]) -> None:
    width, height = size
    drawing = canvas.canvas(np.full((height, width, 3), (200, 90, 40), dtype=np.uint8))
    result = canvas.grown(drawing, width, height, networks, lambda fraction: None)
    assert result.shape == (height, width, 3)
    assert np.abs(result.astype(int) - (200, 90, 40)).max() <= 6


def test_a_large_picture_is_drawn_on_a_canvas_of_bounded_size_and_enlarged(networks: NetworkRegistry) -> None:
    drawing: Pixels = load_photo("rocket.jpg", side=96)
    told: list[float] = []
    result = canvas.grown(drawing, 500, 500, networks, told.append)
    assert result.shape == (500, 500, 3)
    assert told == sorted(told)
    assert told[-1] == 1
    assert canvas.canvas(np.zeros((3000, 2000, 3), dtype=np.uint8)).shape == (canvas.CANVAS, 683, 3)
