"""Photos taken in too little light, brightened by a network where somebody has installed one.

The network sees the whole picture at the one size it was made for: how bright a place should be depends on all of it.
What it did there is expressed, place by place, as a gain and an offset for each colour (He and Sun, "Fast guided
filter", 2015), and these are applied to the picture in full size: its detail stays its own.
"""

import cv2
import numpy as np

from vanceweb.engine.processing.arrays import Pixels
from vanceweb.engine.processing.backends import MAXIM_LIGHT
from vanceweb.engine.processing.models import Models
from vanceweb.engine.processing.resampling import FloatArray, enlarged_part
from vanceweb.engine.processing.sessions import OnnxSession
from vanceweb.engine.processing.tiles import Report, grid

WINDOW = 256  # px that the network is given where its file leaves the size open
DARK, BRIGHT = 48.0, 80.0  # levels of the lightest tenth: at the first a photo is brightened, from the second on not
LIGHTEST = 90  # percentile
LOOKED_AT = 128  # px at which that is measured
RADIUS, SOFTNESS = 8, 1e-5  # px of the small picture that share a gain; variance below which a place is smooth
BAND = 512  # px, the side of what is brightened at once


def brightened(colours: Pixels, strength: float, models: Models, report: Report) -> tuple[Pixels, list[str]]:
    """The photo with its light mended by `strength` 0..1, and by which backend: itself and none where it has enough."""
    share = strength * darkness(colours)
    backend = models.choose("light") if share else None
    if backend is None or backend.name != MAXIM_LIGHT:
        return colours, []
    gain, offset = _change(colours, models.onnx(backend))
    report(0.5)
    result = np.empty_like(colours)
    size = colours.shape[0], colours.shape[1]
    for tile in grid(*size, BAND):
        inside = (slice(tile.top, tile.bottom), slice(tile.left, tile.right))
        before = colours[inside].astype(np.float32)
        light = before * enlarged_part(gain, size, tile) + enlarged_part(offset, size, tile)
        result[inside] = np.clip(before + np.float32(share) * (light - before) + np.float32(0.5), 0, 255)
    report(1.0)
    return result, [backend.name]


def darkness(colours: Pixels) -> float:
    """1 for a photo with too little light, 0 for one with enough."""
    small = cv2.resize(colours, (LOOKED_AT, LOOKED_AT), interpolation=cv2.INTER_AREA)
    lightest = float(np.percentile(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), LIGHTEST))
    return min(max((BRIGHT - lightest) / (BRIGHT - DARK), 0.0), 1.0)


def _change(colours: Pixels, session: OnnxSession) -> tuple[FloatArray, FloatArray]:
    """What the network does to the picture in small: a gain and an offset in levels for each place and colour."""
    height, width = (side or WINDOW for side in session.size)
    pixels = cv2.resize(colours, (width, height), interpolation=cv2.INTER_AREA)
    small = np.asarray(pixels / np.float32(255), dtype=np.float32)
    answer = np.asarray(np.clip(session.run(small[None])[0], 0, 1), dtype=np.float32)
    before, after = _around(small), _around(answer)
    variance = _around(small * small) - before * before
    shared = _around(small * answer) - before * after
    gain = np.asarray(shared / (variance + np.float32(SOFTNESS)), dtype=np.float32)
    return _around(gain), _around(after - gain * before) * np.float32(255)


def _around(planes: FloatArray) -> FloatArray:
    """The mean around each px."""
    return np.asarray(cv2.blur(planes, (2 * RADIUS + 1, 2 * RADIUS + 1)), dtype=np.float32)
