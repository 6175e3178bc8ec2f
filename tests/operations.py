"""Operations that take time instead of processors, for tests of jobs whose pixels don't matter."""

import sys
import time
from collections.abc import Mapping

import numpy as np

from vanceweb.catalogue.features import compute_output_size
from vanceweb.catalogue.parameters import Params
from vanceweb.catalogue.steps import Step
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.tiles import Report
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import OPERATIONS, Operation

# The smallest pictures are done at once. One of 600 px takes a second, one of 2048 px ten: time to interrupt it.
TILE_SIDE, TILE_SECONDS = 128, 0.04
HANGING, HANG_SECONDS = "the operation hangs", 3600


def build_timed_operation(module: str) -> Operation:
    """Return an operation that waits at each tile, and makes a result of the module's size by repeating px."""

    def wait(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
        width, height = compute_output_size([Step(module, params)], picture.width, picture.height)
        tiles = -(-width // TILE_SIDE) * -(-height // TILE_SIDE)
        for tile in range(tiles):
            time.sleep(TILE_SECONDS)
            report((tile + 1) / tiles)
        scale = width // picture.width
        alpha = None if picture.alpha is None else repeat_pixels(picture.alpha, scale)
        return picture.replace_pixels(repeat_pixels(picture.colours, scale), alpha).add_backends("timer")

    return wait


def hang(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Say so on standard error, and never return nor report."""
    sys.stderr.write(f"{HANGING}\n")
    sys.stderr.flush()
    time.sleep(HANG_SECONDS)
    raise AssertionError("nobody stopped this process")


def repeat_pixels(values: np.ndarray, scale: int) -> np.ndarray:
    return np.repeat(np.repeat(values, scale, axis=0), scale, axis=1)


# For the setting ENGINE_OPERATIONS. The modules of which tests make long jobs; the others are the engine's own.
TIMED_OPERATIONS: Mapping[str, Operation] = OPERATIONS | {
    module: build_timed_operation(module) for module in ("denoise", "enlarge3")
}
HANGING_OPERATIONS: Mapping[str, Operation] = dict.fromkeys(OPERATIONS, hang)
