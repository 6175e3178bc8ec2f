"""The parts of a drawing: flat areas, lines along edges, paper grain and the enlargement to any size."""

import numpy as np
import pytest

from tests.engine.processing.photos import load_photo
from vanceweb.engine.processing.analysis.outlines import draw_outlines
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.stylise import canvas
from vanceweb.engine.processing.stylise.flattening import flatten

Floats = np.ndarray


def make_step(height: int = 64, width: int = 96) -> Floats:
    """Return lightness that is dark on the left and bright on the right."""
    values = np.full((height, width), 0.2, dtype=np.float32)
    values[:, width // 2 :] = 0.8
    return values


def to_colour(values: Floats) -> Floats:
    return np.dstack([values] * 3)


@pytest.mark.parametrize("size", [(64, 96), (63, 97), (1, 40), (40, 1), (1, 1)])
def test_flat_areas_stay_as_they_are_up_to_the_picture_s_sides(size: tuple[int, int]) -> None:
    given = to_colour(make_step(*size))
    assert np.allclose(flatten(given, 0.01), given, atol=2e-3)


def test_faint_shades_are_joined_and_strong_edges_kept() -> None:
    waves = 0.02 * np.sin(np.arange(96, dtype=np.float32) / 3)
    result = flatten(to_colour(make_step() + waves), 0.01)
    assert result[:, 4:44].std() < 0.25 * waves.std()
    assert np.diff(result[32, :, 0])[47] > 0.5


def test_flattening_leaves_its_input_unchanged() -> None:
    given = to_colour(make_step())
    before = given.copy()
    flatten(given, 0.02)
    assert np.array_equal(given, before)


def test_a_line_runs_along_an_edge_and_nowhere_else() -> None:
    ink = draw_outlines(make_step(), width=2.0)
    assert ink[:, 44:49].max(axis=1).min() > 0.9
    assert ink[:, :40].max() < 0.01
    assert ink[:, 56:].max() < 0.01


def test_no_line_is_drawn_on_even_areas_and_gradients() -> None:
    assert draw_outlines(np.full((40, 50), 0.5, dtype=np.float32), width=2.0).max() == 0
    ramp = np.tile(np.linspace(0, 1, 200, dtype=np.float32), (40, 1))
    assert draw_outlines(ramp, width=2.0)[:, 20:-20].max() < 0.05


def test_wider_lines_and_more_sensitivity_draw_more() -> None:
    lightness = load_photo("coffee.png", side=128).mean(axis=2).astype(np.float32) / 255
    thin, wide, sensitive = (
        draw_outlines(lightness, *settings).mean() for settings in ((1.2, 1.0), (3.0, 1.0), (1.2, 2.5))
    )
    assert wide > 1.4 * thin
    assert sensitive > 1.4 * thin


def test_paper_has_a_grain_without_a_seam_where_it_repeats() -> None:
    sheet = canvas.add_paper_grain(np.full((300, 900, 3), 128, dtype=np.uint8), 0.5).astype(int)
    assert 1 < sheet.std() < 12
    steps = np.abs(np.diff(sheet[..., 0], axis=1)).mean(axis=0)
    seams = [steps[side * canvas.PAPER_SIDE - 1] for side in (1, 2, 3)]
    assert max(seams) < 1.6 * steps.mean()
    assert np.array_equal(canvas.add_paper_grain(sheet.astype(np.uint8), 0), sheet)


def test_a_drawing_is_blended_over_the_photo_by_a_share() -> None:
    photo, drawing = (np.full((700, 20, 3), value, dtype=np.uint8) for value in (100, 200))
    assert np.array_equal(canvas.blend_over(photo, drawing, 0.0), photo)
    assert np.array_equal(canvas.blend_over(photo, drawing, 1.0), drawing)
    assert canvas.blend_over(photo, drawing, 0.25).mean() == 125
    share = np.zeros((700, 20), dtype=np.float32)
    share[650:] = 1
    result = canvas.blend_over(photo, drawing, share)
    assert (result[:650] == 100).all()
    assert (result[650:] == 200).all()


@pytest.mark.parametrize("size", [(24, 16), (100, 37), (45, 70), (1, 1), (130, 3)])
def test_a_drawing_is_enlarged_to_any_size_in_tiles_without_a_seam(
    networks: NetworkRegistry, size: tuple[int, int]
) -> None:
    width, height = size
    drawing = canvas.make_canvas(np.full((height, width, 3), (200, 90, 40), dtype=np.uint8))
    result = canvas.enlarge_drawing(drawing, width, height, networks, lambda fraction: None)
    assert result.shape == (height, width, 3)
    assert np.abs(result.astype(int) - (200, 90, 40)).max() <= 6


def test_a_large_picture_is_drawn_on_a_canvas_of_bounded_size_and_enlarged(networks: NetworkRegistry) -> None:
    drawing: Pixels = load_photo("rocket.jpg", side=96)
    fractions: list[float] = []
    result = canvas.enlarge_drawing(drawing, 500, 500, networks, fractions.append)
    assert result.shape == (500, 500, 3)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert canvas.make_canvas(np.zeros((3000, 2000, 3), dtype=np.uint8)).shape == (canvas.CANVAS_SIDE, 683, 3)
