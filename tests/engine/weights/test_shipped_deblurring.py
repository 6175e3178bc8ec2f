"""The shipped deblurring network on real photos: sharper where they were blurred, unchanged where they were sharp."""

from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from vanceweb.engine.training.degradations import add_noise, blur, defocus_kernel, motion_kernel, recompress
from vanceweb.engine.training.measures import psnr
from vanceweb.engine.weights import stamps

SHIPPED = Path(stamps.__file__).with_name("shipped") / "deblurring.onnx"
PHOTOS = Path(__file__).parents[2] / "photos"
NAMES = ("astronaut.png", "chelsea.png", "coffee.png", "china.jpg", "flower.jpg", "rocket.jpg")
SIDE = 256

Image = NDArray[np.float32]


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(SHIPPED), providers=["CPUExecutionProvider"])


def photo(name: str) -> Image:
    """The photo's middle square, RGB 0..1, SIDE px wide."""
    pixels = cv2.imread(str(PHOTOS / name))[..., ::-1]
    side = min(pixels.shape[:2])
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    square = cv2.resize(pixels[top : top + side, left : left + side], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return square.astype(np.float32) / 255


def restored(session: onnxruntime.InferenceSession, image: Image) -> Image:
    (result,) = session.run(["result"], {"image": np.ascontiguousarray(image.transpose(2, 0, 1)[None])})
    return np.clip(result[0].transpose(1, 2, 0), 0, 1)


def mean_gain(session: onnxruntime.InferenceSession, kernels: list[Image], noise: float) -> float:
    """Of all photos, in dB, one kernel for each."""
    gains = []
    for seed, (name, kernel) in enumerate(zip(NAMES, kernels, strict=True)):
        sharp = photo(name)
        worn = blur(sharp, kernel)
        if noise:
            worn = recompress(add_noise(worn, np.random.default_rng(seed), noise), 90)
        gains.append(psnr(restored(session, worn), sharp) - psnr(worn, sharp))
    return float(np.mean(gains))


@pytest.mark.parametrize(("noise", "floor"), [(0, 3.9), (2, 3.4)])
def test_motion_blur_is_taken_back(session, noise: float, floor: float) -> None:
    lengths = (9, 10.5, 12, 13.5, 15, 17)
    kernels = [motion_kernel(np.random.default_rng(seed), length) for seed, length in enumerate(lengths)]
    assert mean_gain(session, kernels, noise) >= floor


@pytest.mark.parametrize(("noise", "floor"), [(0, 7.5), (2, 2.6)])
def test_defocus_is_taken_back(session, noise: float, floor: float) -> None:
    kernels = [defocus_kernel(radius) for radius in (2.0, 2.4, 2.8, 3.2, 3.6, 4.0)]
    assert mean_gain(session, kernels, noise) >= floor


@pytest.mark.parametrize("name", NAMES)
def test_a_sharp_photo_stays_itself(session, name: str) -> None:
    sharp = photo(name)
    assert psnr(restored(session, sharp), sharp) >= 37


def test_other_sizes_keep_their_shape_and_the_file_is_small(session) -> None:
    assert restored(session, np.full((128, 192, 3), 0.5, np.float32)).shape == (128, 192, 3)
    assert SHIPPED.stat().st_size <= 8_000_000
