"""Colourisers are judged by pixels nearer to the truth than grey is, and compared at equal chroma."""

import cv2
import numpy as np
import pytest

from training import colour_report
from training.colour_report import EQUAL_CHROMA, compute_figures, format_figures
from training.photos import PhotoSplit

TRUTH = np.full((8, 8, 2), 20, np.float32)


def test_a_pixel_counts_where_it_is_nearer_to_the_truth_than_grey_is() -> None:
    made = TRUTH.copy()
    made[:2] *= -1  # the opposite colour
    made[2:4] *= 2.5  # farther beyond than grey is short of it
    figures = compute_figures([made], [TRUTH], ["things"], 1.0)
    assert figures["all"].nearer == figures["things"].nearer == [0.5]


def test_a_photo_without_colours_counts_for_the_distances_only() -> None:
    figures = compute_figures([TRUTH, TRUTH], [TRUTH, np.zeros_like(TRUTH)], ["things", "things"], 1.0)["all"]
    assert figures.nearer == [1.0]
    assert figures.error == pytest.approx([0, 20 * 2**0.5])


def test_colourisers_that_differ_in_strength_only_are_equal_at_equal_chroma() -> None:
    random = np.random.default_rng(1)
    true = [random.normal(0, 20, (64, 64, 2)).astype(np.float32) for _ in range(3)]
    made = [each + random.normal(0, 10, each.shape).astype(np.float32) for each in true]
    strong, pale = (format_figures([ab * gain for ab in made], true, ["things"] * 3) for gain in (1.5, 0.4))
    assert strong[:2] != pale[:2]
    assert strong[-2:] == pale[-2:]
    assert f"chroma ratio {EQUAL_CHROMA:.2f}" in strong[-2]


def test_patches_count_where_the_truth_is_even() -> None:
    true = np.zeros((64, 64, 2), np.float32)
    true[:, 32:] = 60
    patchy = true.copy()
    patchy[:32, :32] += 30
    even, uneven = (compute_figures([made], [true], ["things"], 1.0)["all"].patches[0] for made in (true, patchy))
    assert even == pytest.approx(0)
    assert uneven > 4


def test_held_out_photos_are_middle_squares_in_lab() -> None:
    photo = np.zeros((300, 400, 3), np.uint8)
    photo[:, 50:350] = (0, 0, 255)
    (lab,) = colour_report.prepare_held_out_lab(PhotoSplit((), (photo,)))
    assert lab.shape == (colour_report.SIDE, colour_report.SIDE, 3)
    blue = cv2.cvtColor(np.array([[[0, 0, 1]]], np.float32), cv2.COLOR_RGB2LAB)[0, 0]
    assert np.allclose(lab, blue, atol=1)


def test_a_sheet_shows_each_photo_grey_coloured_and_true() -> None:
    lab = np.dstack([np.full((8, 8), 60, np.float32), TRUTH])
    (row,) = colour_report.build_sheet_rows([lab] * 4, [-TRUTH] * 4)
    grey, made, true = (row[0][0, start] for start in (0, 8, 16))
    assert np.ptp(grey) < 0.01
    assert made[1] > made[0]
    assert true[0] > true[1]
