"""Deconvolution by the measured blur, which removes blur without a network."""

from statistics import mean

import numpy as np
import pytest

from tests.engine.processing.blurring import blur_gaussian, blur_motion
from tests.engine.processing.photos import COLOUR_PHOTOS, compute_psnr, load_photo
from tests.engine.processing.sweeps import mark_slow
from vanceweb.engine.processing.analysis.blur_shape import Blur, estimate_blur_shape
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.passes import Pass, run_passes
from vanceweb.engine.processing.sharpen.deblurrers import build_deconvolution
from vanceweb.engine.processing.sharpen.deconvolution import build_gaussian_kernel


def deconvolve(pixels: Pixels) -> Pixels:
    blur = estimate_blur_shape(pixels)
    deblurrer = build_deconvolution(blur, not blur.is_round, noise=0)
    return run_passes(pixels, [Pass(deblurrer.apply, deblurrer.border, deblurrer.side)], lambda fraction: None)


def test_soft_photos_gain_1_4_db() -> None:
    gains = []
    for name in COLOUR_PHOTOS:
        truth = load_photo(name, side=192)
        soft = blur_gaussian(truth, 2)
        gains.append(compute_psnr(deconvolve(soft), truth) - compute_psnr(soft, truth))
    assert mean(gains) >= 1.4, gains


@pytest.mark.parametrize("angle", [0, 60, *mark_slow(30, 110, 150)])
def test_moved_photos_lose_at_most_a_twentieth_of_a_db(angle: float) -> None:
    for name in COLOUR_PHOTOS:
        truth = load_photo(name, side=192)
        blurred = blur_motion(truth, 13, angle)
        assert compute_psnr(deconvolve(blurred), truth) >= compute_psnr(blurred, truth) - 0.05, name


def test_the_kernel_has_the_length_and_direction_of_the_blur() -> None:
    kernel = build_gaussian_kernel(Blur(along=3.0, across=0.5, direction=0.0))
    down, across = np.mgrid[: kernel.shape[0], : kernel.shape[1]] - np.array(kernel.shape).reshape(2, 1, 1) // 2
    assert kernel.sum() == pytest.approx(1)
    assert np.sqrt((kernel * across**2).sum()) == pytest.approx(3, rel=0.05)
    assert np.sqrt((kernel * down**2).sum()) == pytest.approx(0.5, rel=0.1)
    turned = build_gaussian_kernel(Blur(along=3.0, across=0.5, direction=90.0))
    assert np.allclose(turned, kernel.T, atol=1e-6)
