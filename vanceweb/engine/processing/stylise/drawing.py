"""A photo drawn anew in a manner of `manners.py`, on a canvas: flat areas, shades, colours, light, lines."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.analysis.outlines import draw_outlines
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.stylise.drawing_styles import Colour, Manner
from vanceweb.engine.processing.stylise.flattening import flattened

FloatArray = npt.NDArray[np.float32]
Paint = Callable[[FloatArray, int], FloatArray]
UNIT = 640  # px of the longer side that the lengths in `Manner` are meant for
NEAR, LIGHT_COUNTS = 16.0, 0.15  # Lab distance within which an ink attracts; weight of lightness in it


def drawn(
    colours: Pixels, manner: Manner, *, paint: Paint | None = None, lines: Pixels | None = None,
    shape: Pixels | None = None,
) -> Pixels:  # fmt: skip
    """The canvas `colours` (height x width x 3) in `manner`, the same size.

    `lines` and `shape` are pictures of the same size that the lines and the light on bodies (`relief`) are taken from
    instead. `paint` paints colours (0..1) in the manner of the painting of that number.
    """
    unit = max(max(colours.shape[:2]) / UNIT, 0.35)
    even = _even(colours, manner, unit)
    areas = flattened(even, manner.flatness)
    if manner.brush:
        areas = brushed(areas, round(manner.brush * unit))
    lab = _lab_of(areas)
    lightness = _stepped(_toned(lab[..., 0] / np.float32(100), manner), manner.steps, manner.crispness)
    if manner.detail:
        own = _toned(_lab_of(_share(colours))[..., 0] / np.float32(100), manner)
        lightness = lightness + np.float32(manner.detail) * (own - lightness)
    if manner.relief:
        lightness = lightness + _relief(even if shape is None else _share(shape), unit) * np.float32(manner.relief)
    lab[..., 0] = np.clip(lightness, 0, 1) * 100
    lab[..., 1:] = _led(lab, manner)
    drawing = _clipped(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))
    if paint is not None and manner.painter_share:
        drawing = drawing + np.float32(manner.painter_share) * (paint(drawing, manner.painter) - drawing)
    drawing = _glowing(drawing, manner.glow, unit)
    if manner.dots:
        drawing = _dotted(drawing, manner, unit)
    drawing = _inked(drawing, even if lines is None else _even(lines, manner, unit), manner, unit)
    return np.asarray(np.clip(drawing * 255 + 0.5, 0, 255), dtype=np.uint8)


def _share(colours: Pixels) -> FloatArray:
    return np.asarray(colours.astype(np.float32) / np.float32(255), dtype=np.float32)


def _lab_of(colours: FloatArray) -> FloatArray:
    """L 0..100, a and b about -128..127, of colours 0..1."""
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2LAB), dtype=np.float32)


def _clipped(colours: npt.NDArray[np.generic]) -> FloatArray:
    return np.clip(np.asarray(colours, dtype=np.float32), 0, 1)


def _even(colours: Pixels, manner: Manner, unit: float) -> FloatArray:
    """Colours 0..1 without what is small and faint: grain, skin, cloth."""
    if not manner.smoothing:
        return _share(colours)
    evened = cv2.edgePreservingFilter(
        colours, flags=1, sigma_s=max(manner.smoothing * unit, 4), sigma_r=manner.softness
    )
    return _share(np.asarray(evened, dtype=np.uint8))


def brushed(colours: FloatArray, radius: int) -> FloatArray:
    """Brush marks: each px gets the mean of that of the four squares around it which varies least (Kuwahara)."""
    side = max(radius, 1) + 1
    best, least = np.zeros_like(colours), np.full(colours.shape[:2], np.inf, dtype=np.float32)
    for anchor in ((0, 0), (side - 1, 0), (0, side - 1), (side - 1, side - 1)):
        mean = cv2.blur(colours, (side, side), anchor=anchor, borderType=cv2.BORDER_REFLECT)
        square = cv2.blur(colours * colours, (side, side), anchor=anchor, borderType=cv2.BORDER_REFLECT)
        spread = (square - mean * mean).sum(axis=2)
        better = spread < least
        best[better], least[better] = mean[better], spread[better]
    return best


def _toned(lightness: FloatArray, manner: Manner) -> FloatArray:
    bright = np.power(np.clip(lightness, 0, 1), np.float32(manner.gamma))
    bright = np.clip((bright - 0.5) * np.float32(manner.contrast) + 0.5, 0, 1)
    return np.asarray((manner.lift + (1 - manner.lift) * bright) * manner.exposure, dtype=np.float32)


def _stepped(lightness: FloatArray, steps: float, crispness: float) -> FloatArray:
    """Lightness in steps with softened borders: Winnemöller and others, "Real-time video abstraction" (2006)."""
    if not steps:
        return lightness
    place = lightness * np.float32(steps)
    border = np.floor(place) + np.float32(0.5)
    # tanh through the middle of each step: flat at both of its ends, so that steps meet without a jump.
    ramp = np.tanh((place - border) * np.float32(crispness)) / np.tanh(np.float32(crispness / 2))
    return np.asarray((border + ramp / 2) / np.float32(steps), dtype=np.float32)


def _relief(colours: FloatArray, unit: float) -> FloatArray:
    """Shading as of a rounded body lit from the upper left, about -0.2..0.2."""
    lightness = _lab_of(colours)[..., 0] / np.float32(100)
    total = np.zeros_like(lightness)
    for reach in (3, 8):
        height = cv2.GaussianBlur(lightness, (0, 0), reach * unit)
        right, down = cv2.Sobel(height, cv2.CV_32F, 1, 0), cv2.Sobel(height, cv2.CV_32F, 0, 1)
        total += np.tanh(-(right + down) * np.float32(reach * unit * 0.6)) * np.float32(0.12)
    return total


def _led(lab: FloatArray, manner: Manner) -> FloatArray:
    """a and b, drawn to the palette and to the colours of shadows and lights."""
    chroma = lab[..., 1:] * np.float32(manner.saturation)
    if manner.palette_share:
        nearest = _nearest(lab[..., 0], chroma, manner.palette)
        chroma += np.float32(manner.palette_share) * (nearest - chroma)
    if manner.tint:
        light = (lab[..., :1] / np.float32(100)) ** np.float32(0.8)
        chroma += np.float32(manner.tint) * ((1 - light) * _lab(manner.shadows)[1:] + light * _lab(manner.lights)[1:])
    return chroma


def _nearest(lightness: FloatArray, chroma: FloatArray, palette: tuple[Colour, ...]) -> FloatArray:
    """a and b of the palette's colours, mixed by nearness, so that areas don't break up at the borders between two."""
    total, weights = np.zeros_like(chroma), np.zeros_like(chroma[..., :1])
    for ink in (_lab(colour) for colour in palette):
        distance = ((chroma - ink[1:]) ** 2).sum(axis=2) + (lightness - ink[0]) ** 2 * np.float32(LIGHT_COUNTS)
        weight = (np.exp(-distance / np.float32(2 * NEAR**2)) + np.float32(1e-6))[..., None]
        total += weight * ink[1:]
        weights += weight
    return np.asarray(total / weights, dtype=np.float32)


def _lab(colour: Colour) -> FloatArray:
    return np.asarray(_lab_of(np.array([[colour]], dtype=np.float32) / np.float32(255))[0, 0], dtype=np.float32)


def _glowing(drawing: FloatArray, glow: float, unit: float) -> FloatArray:
    """Light that spreads from what is bright: the blurred lights, screened over the drawing."""
    if not glow:
        return drawing
    lights = np.clip((drawing - np.float32(0.55)) / np.float32(0.45), 0, 1)
    halo = cv2.GaussianBlur(lights, (0, 0), 10 * unit) * np.float32(glow * 0.6)
    return np.asarray(1 - (1 - drawing) * (1 - halo), dtype=np.float32)


def _dotted(drawing: FloatArray, manner: Manner, unit: float) -> FloatArray:
    """Mid-shades printed as dots on a grid turned by 45 degrees: the darker, the larger."""
    height, width = drawing.shape[:2]
    pitch = max(manner.dot_pitch * unit, 3.0)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    turn = np.float32(2 * np.pi / (pitch * np.sqrt(2)))
    screen = (np.cos((x + y) * turn) + np.cos((x - y) * turn)) / 4 + np.float32(0.5)
    dark = 1 - cv2.cvtColor(drawing, cv2.COLOR_RGB2GRAY)
    shade = np.clip((dark - 0.12) * 1.1, 0, 0.8)
    dot = np.clip((screen - (1 - shade)) * np.float32(pitch * 0.9) + 0.5, 0, 1)[..., None]
    light = np.clip(drawing * np.float32(1.18) + np.float32(0.06), 0, 1)
    deep = drawing * np.float32(0.72)
    printed = light + dot * (deep - light)
    return np.asarray(drawing + np.float32(manner.dots) * (printed - drawing), dtype=np.float32)


def _inked(drawing: FloatArray, lines_of: FloatArray, manner: Manner, unit: float) -> FloatArray:
    if not manner.line_ink and not manner.fill:
        return drawing
    lightness = _lab_of(lines_of)[..., 0] / np.float32(100)
    ink = draw_outlines(lightness, manner.line_width * unit, manner.line_sensitivity) * np.float32(manner.line_ink)
    if manner.fill:
        soft = np.asarray(cv2.GaussianBlur(lightness, (0, 0), max(1.2 * unit, 0.6)), dtype=np.float32)
        ink = np.maximum(ink, np.clip((np.float32(manner.fill) - soft) * 12 + 0.5, 0, 1))
    pen = np.array(manner.line_colour, dtype=np.float32) / np.float32(255)
    own = np.float32(manner.line_own)
    stroke = (1 - own) * pen + own * drawing * np.float32(0.55)
    return np.asarray(drawing + ink[..., None] * (stroke - drawing), dtype=np.float32)
