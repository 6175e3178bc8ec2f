"""Results of the shipped networks on four photos, for docs/model-cards.md; part of `make samples`.

`python -m bench.training_sheets` writes docs/images/training/*.jpg: an astronaut, a cat, a cup and a rocket. The
networks run alone, without the rest of the engine. The photos are redistributable (CC0 and public domain).
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from tests.engine.processing.photos import load_photo
from training import degradations
from vanceweb.engine.weights import installed_files

FOLDER = Path(__file__).parents[1] / "docs" / "images" / "training"
SHIPPED = Path(installed_files.__file__).with_name("shipped")
SIDE, SHOWN = 256, 192  # px of a photo, and of its copy in the sheet
QUALITY = 88
# Photo, then left, top and side of the displayed square, in px.
PHOTOS = (("astronaut.png", 60, 0, 330), ("chelsea.png", 60, 0, 296), ("coffee.png", 120, 0, 400),
          ("rocket.jpg", 180, 90, 330))  # fmt: skip

Image = npt.NDArray[np.float32]


def crop_square(name: str, left: int, top: int, side: int) -> Image:
    """Return a square of the photo, RGB 0..1, SIDE x SIDE x 3."""
    part = load_photo(name)[top : top + side, left : left + side]
    return np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32) / np.float32(255)


def run_network(file: str, planes: Image) -> Image:
    """Return the network's first output for planes (channels x height x width)."""
    session = onnxruntime.InferenceSession(str(SHIPPED / file), providers=["CPUExecutionProvider"])
    (result,) = session.run(["result"], {"image": np.ascontiguousarray(planes[None], dtype=np.float32)})
    return np.asarray(result[0], np.float32)


def draw_scratch_row(sharp: Image, rng: np.random.Generator) -> list[Image]:
    """Return the pictures worn, damage mask, detection and filled."""
    grey = cv2.resize(cv2.cvtColor(sharp, cv2.COLOR_RGB2GRAY), (2 * SIDE, 2 * SIDE), interpolation=cv2.INTER_CUBIC)
    undamaged = np.clip(grey, 0, 1).astype(np.float32)
    worn, damaged, _ = degradations.add_damage(undamaged, rng)
    worn = degradations.simulate_scan(worn, rng)
    chance = run_network("scratches.onnx", worn[None])[0]
    mask = cv2.dilate((chance >= 0.3).astype(np.uint8), np.ones((3, 3), np.uint8))
    filled = cv2.inpaint((worn * 255 + 0.5).astype(np.uint8), mask, 3, cv2.INPAINT_TELEA) / np.float32(255)
    return [np.repeat(plane[..., None], 3, 2) for plane in (worn, damaged.astype(np.float32), chance, filled)]


def draw_deblurring_row(sharp: Image, rng: np.random.Generator) -> list[Image]:
    """Return the pictures shaken, restored, out of focus, restored and sharp."""
    row = []
    for kernel in (degradations.build_motion_kernel(rng, 13), degradations.build_defocus_kernel(3)):
        worn = degradations.recompress(degradations.add_noise(degradations.blur_image(sharp, kernel), rng, 2), 85)
        row += [worn, np.clip(run_network("deblurring.onnx", worn.transpose(2, 0, 1)).transpose(1, 2, 0), 0, 1)]
    return [*row, sharp]


def draw_colour_row(sharp: Image, rng: np.random.Generator) -> list[Image]:
    """Return the pictures grey, coloured, true, and coloured from a faded and noisy grey."""
    light = np.ascontiguousarray(cv2.cvtColor(sharp, cv2.COLOR_RGB2LAB)[..., 0])
    faded = degradations.add_noise(degradations.fade_image(light / np.float32(100), rng), rng, 6) * np.float32(100)
    grey = np.repeat(cv2.cvtColor(sharp, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    return [grey, colourise(light), sharp, colourise(faded)]


def colourise(light: Image) -> Image:
    ab = cv2.resize(run_network("colouriser.onnx", light[None]).transpose(1, 2, 0), (SIDE, SIDE))
    guide = np.ascontiguousarray(light / np.float32(100))
    led = [cv2.ximgproc.guidedFilter(guide, np.ascontiguousarray(ab[..., plane]), 6, 1e-3) for plane in (0, 1)]
    return np.asarray(np.clip(cv2.cvtColor(np.dstack([light, *led]), cv2.COLOR_LAB2RGB), 0, 1), np.float32)


SHEETS: dict[str, Callable[[Image, np.random.Generator], list[Image]]] = {
    "scratches": draw_scratch_row,
    "deblurring": draw_deblurring_row,
    "colouriser": draw_colour_row,
}


def draw_sheet(make: Callable[[Image, np.random.Generator], list[Image]]) -> Image:
    rows = []
    for seed, place in enumerate(PHOTOS):
        row = make(crop_square(*place), np.random.default_rng(seed))
        rows.append(np.concatenate([cv2.resize(each, (SHOWN, SHOWN), interpolation=cv2.INTER_AREA) for each in row], 1))
    return np.concatenate(rows)


if __name__ == "__main__":
    for name, make in SHEETS.items():
        pixels = (draw_sheet(make)[..., ::-1] * 255 + 0.5).astype(np.uint8)
        cv2.imwrite(str(FOLDER / f"{name}.jpg"), pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
