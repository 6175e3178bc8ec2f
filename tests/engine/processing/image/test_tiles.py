"""Splitting of pictures into tiles, and joining of results."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vanceweb.engine.processing.image.arrays import Planes, to_pixels, to_planes
from vanceweb.engine.processing.image.progress import Report, narrow_report
from vanceweb.engine.processing.image.tiles import TILE_GRID, run_tiled, split_into_tiles

LENGTHS = st.integers(1, 90)


@given(LENGTHS, LENGTHS, st.integers(1, 64))
def test_tiles_cover_every_px_once(height: int, width: int, side: int) -> None:
    count = np.zeros((height, width), dtype=int)
    for tile in split_into_tiles(height, width, side):
        count[tile.top : tile.bottom, tile.left : tile.right] += 1
        assert max(tile.bottom - tile.top, tile.right - tile.left) <= -(-side // TILE_GRID) * TILE_GRID
        assert tile.top % TILE_GRID == tile.left % TILE_GRID == 0
    assert (count == 1).all()


@given(LENGTHS, LENGTHS, st.integers(4, 64), st.integers(0, 20), st.sampled_from([1, 2, 3]))
def test_joined_tiles_equal_the_whole_picture(height: int, width: int, side: int, border: int, scale: int) -> None:
    source = np.random.default_rng(height * 97 + width).integers(0, 256, (height, width, 3), dtype=np.uint8)

    def enlarge(planes: Planes, report: Report) -> Planes:
        return planes.repeat(scale, axis=1).repeat(scale, axis=2)

    result = run_tiled(source, enlarge, scale=scale, border=border, side=side, report=lambda fraction: None)
    assert (result == source.repeat(scale, axis=0).repeat(scale, axis=1)).all()


def test_a_blur_needs_no_more_than_its_border() -> None:
    source = np.random.default_rng(1).integers(0, 256, (70, 50, 3), dtype=np.uint8)

    def blur(planes: Planes, report: Report) -> Planes:
        return (planes[:, :-2, 1:-1] + planes[:, 2:, 1:-1] + planes[:, 1:-1, :-2] + planes[:, 1:-1, 2:]) / 4

    whole = run_tiled(source, blur, border=1, side=1000, report=lambda fraction: None)
    assert (run_tiled(source, blur, border=1, side=16, report=lambda fraction: None) == whole).all()


def test_a_fractional_scale() -> None:
    source = np.zeros((8, 12, 3), dtype=np.uint8)

    def enlarge(planes: Planes, report: Report) -> Planes:
        return np.zeros((3, planes.shape[1] * 3 // 2, planes.shape[2] * 3 // 2), dtype=np.float32)

    result = run_tiled(source, enlarge, scale=Fraction(3, 2), border=0, side=4, report=lambda fraction: None)
    assert result.shape == (12, 18, 3)


def test_every_tile_is_reported_and_a_report_can_stop_the_work() -> None:
    source = np.zeros((8, 8, 3), dtype=np.uint8)
    told: list[float] = []
    run_tiled(source, lambda planes, report: planes, border=0, side=4, report=narrow_report(told.append, 0.5, 1))
    assert told == [0.625, 0.75, 0.875, 1.0]

    class Stop(Exception):
        pass

    def stop(fraction: float) -> None:
        raise Stop

    with pytest.raises(Stop):
        run_tiled(source, lambda planes, report: planes, border=0, side=4, report=stop)


def test_bytes_survive_the_conversion_to_planes() -> None:
    every = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    assert (to_pixels(to_planes(every)) == every).all()
