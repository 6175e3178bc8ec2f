"""Metrics of networks."""

import numpy as np
import pytest

from training.metrics import DetectionCounts, compute_psnr


def test_psnr_of_a_known_error() -> None:
    truth = np.full((10, 10), 0.5, np.float32)
    assert compute_psnr(truth + np.float32(0.1), truth) == pytest.approx(20, abs=0.01)
    assert compute_psnr(truth, truth) == 99


def test_recall_and_precision_leave_out_what_is_not_judged() -> None:
    marked = np.array([[True, True, False, False, True]])
    true = np.array([[True, False, True, False, False]])
    judged = np.array([[True, True, True, True, False]])
    found = DetectionCounts()
    found.add(marked, true, judged)
    assert (found.recall, found.precision) == (0.5, 0.5)


def test_a_mark_beside_the_damage_is_right_within_the_tolerance_only() -> None:
    marked = np.array([[False, True, False, False, False, True]])
    true = np.array([[True, False, False, False, False, False]])
    everywhere = np.ones_like(true)
    strict, tolerant = DetectionCounts(), DetectionCounts()
    strict.add(marked, true, everywhere)
    tolerant.add(marked, true, everywhere, tolerance=1)
    assert (strict.recall, strict.precision) == (0, 0)
    assert (tolerant.recall, tolerant.precision) == (1, 0.5)


def test_nothing_found_and_nothing_to_find_is_no_division_by_zero() -> None:
    assert (DetectionCounts().recall, DetectionCounts().precision) == (0, 0)
