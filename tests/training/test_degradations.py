"""Degradations for training: sums of kernels, ranges, seeds and masks."""

import numpy as np
import pytest

from training import degradations, distractors

GREY = np.tile(np.linspace(0.2, 0.8, 96, dtype=np.float32), (80, 1))


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("length", [1.0, 3.0, 9.0, 17.0, 20.0])
@pytest.mark.parametrize("bend", [0.0, 1.2])
def test_motion_kernel_sums_to_one_and_keeps_the_picture_in_place(length: float, bend: float) -> None:
    for seed in range(20):
        kernel = degradations.build_motion_kernel(rng(seed), length, bend=bend)
        assert kernel.shape[0] == kernel.shape[1]
        assert kernel.shape[0] % 2 == 1
        assert kernel.sum() == pytest.approx(1, abs=1e-5)
        places = np.argwhere(kernel > 0.2 * kernel.max())
        assert np.abs((places.min(0) + places.max(0)) / 2 - kernel.shape[0] // 2).max() <= 1


def test_straight_motion_kernel_is_as_long_as_asked() -> None:
    for seed in range(20):
        places = np.argwhere(degradations.build_motion_kernel(rng(seed), 15) > 0.01)
        assert np.hypot(*(places.max(0) - places.min(0))) == pytest.approx(15, abs=2)


def test_defocus_kernel_is_an_even_disc() -> None:
    kernel = degradations.build_defocus_kernel(3)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert np.count_nonzero(kernel) == pytest.approx(np.pi * 3.5**2, rel=0.15)
    assert kernel[4, 4] == pytest.approx(kernel.max())


def test_noise_has_the_deviation_asked_for() -> None:
    flat = np.full((200, 200), 0.5, np.float32)
    assert degradations.add_noise(flat, rng(), 10).std() * 255 == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize("kind", degradations.DAMAGE_KINDS)
def test_mask_names_exactly_what_changed_visibly(kind: str) -> None:
    changed = 0
    for seed in range(10):
        worn, damaged, judged = degradations.add_damage(GREY, rng(seed), (kind,))
        difference = np.abs(worn - GREY)
        assert worn.min() >= 0
        assert worn.max() <= 1
        assert (difference[damaged] >= degradations.VISIBLE_CHANGE).all()
        assert (difference[judged & ~damaged] < degradations.INVISIBLE_CHANGE).all()
        changed += int(damaged.sum())
    assert changed > 0


def test_no_damage_leaves_the_picture_and_an_empty_mask() -> None:
    worn, damaged, judged = degradations.add_damage(GREY, rng(), ())
    assert np.array_equal(worn, GREY)
    assert not damaged.any()
    assert judged.all()


@pytest.mark.parametrize(
    "wear", [degradations.age_image, degradations.simulate_scan, degradations.fade_image, degradations.discolour_image]
)
def test_wear_keeps_shape_range_and_repeats_with_its_seed(wear) -> None:
    for seed in range(5):
        once, again = wear(GREY, rng(seed)), wear(GREY, rng(seed))
        assert once.shape == GREY.shape
        assert once.dtype == np.float32
        assert once.min() >= 0
        assert once.max() <= 1
        assert np.array_equal(once, again)


@pytest.mark.parametrize("kind", distractors.DRAWERS)
def test_each_distractor_draws_something_thin(kind) -> None:
    covers = [kind(rng(seed), (96, 128)) for seed in range(8)]
    assert {cover.shape for cover in covers} == {(96, 128)}
    assert 0 < np.mean([np.mean(cover > 0.5) for cover in covers]) < 0.5
