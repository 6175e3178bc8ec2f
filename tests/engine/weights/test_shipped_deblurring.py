"""The shipped deblurring network on real photos: sharper where they were blurred, unchanged where they were sharp."""

import cv2
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from tests.engine.weights.shipped_networks import FOLDER, LARGEST, crop_middle, open_session
from training.degradations import add_noise, blur_image, build_defocus_kernel, build_motion_kernel, recompress
from training.metrics import compute_psnr

LIKENESS = {  # least PSNR in dB between a sharp photo and its result
    "astronaut.png": 45,
    "chelsea.png": 45,
    "coffee.png": 45,
    "china.jpg": 37,
    "flower.jpg": 45,
    "rocket.jpg": 44,
}
NAMES = tuple(LIKENESS)
SIDE = 256

Image = NDArray[np.float32]


@pytest.fixture(scope="module")
def session() -> onnxruntime.InferenceSession:
    return open_session("deblurring.onnx")


def read_photo(name: str) -> Image:
    """Return the photo's middle square, RGB 0..1, SIDE px wide."""
    square = cv2.resize(crop_middle(name)[..., ::-1], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return square.astype(np.float32) / 255


def restore(session: onnxruntime.InferenceSession, image: Image) -> Image:
    (result,) = session.run(["result"], {"image": np.ascontiguousarray(image.transpose(2, 0, 1)[None])})
    return np.clip(result[0].transpose(1, 2, 0), 0, 1)


def measure_mean_gain(session: onnxruntime.InferenceSession, kernels: list[Image], noise: float) -> float:
    """Return the mean gain over all photos in dB, with one kernel for each photo."""
    gains = []
    for seed, (name, kernel) in enumerate(zip(NAMES, kernels, strict=True)):
        sharp = read_photo(name)
        worn = blur_image(sharp, kernel)
        if noise:
            worn = recompress(add_noise(worn, np.random.default_rng(seed), noise), 90)
        gains.append(compute_psnr(restore(session, worn), sharp) - compute_psnr(worn, sharp))
    return float(np.mean(gains))


@pytest.mark.parametrize(("noise", "floor"), [(0, 3.9), (2, 3.4)])
def test_motion_blur_is_removed(session, noise: float, floor: float) -> None:
    lengths = (9, 10.5, 12, 13.5, 15, 17)
    kernels = [build_motion_kernel(np.random.default_rng(seed), length) for seed, length in enumerate(lengths)]
    assert measure_mean_gain(session, kernels, noise) >= floor


@pytest.mark.parametrize(("noise", "floor"), [(0, 7.5), (2, 2.6)])
def test_defocus_is_removed(session, noise: float, floor: float) -> None:
    kernels = [build_defocus_kernel(radius) for radius in (2.0, 2.4, 2.8, 3.2, 3.6, 4.0)]
    assert measure_mean_gain(session, kernels, noise) >= floor


@pytest.mark.parametrize("name", NAMES)
def test_a_sharp_photo_stays_itself(session, name: str) -> None:
    sharp = read_photo(name)
    assert compute_psnr(restore(session, sharp), sharp) >= LIKENESS[name]


def test_other_sizes_keep_their_shape_and_the_file_is_small(session) -> None:
    assert restore(session, np.full((128, 192, 3), 0.5, np.float32)).shape == (128, 192, 3)
    assert (FOLDER / "deblurring.onnx").stat().st_size <= LARGEST
