"""Drawing a photo on a canvas in a style of `drawing_styles.py`: flat areas, shades, colours, light and lines."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.analysis.outlines import draw_outlines
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.progress import Report, ignore_progress, split_report
from vanceweb.engine.processing.stylise.drawing_styles import Colour, DrawingStyle
from vanceweb.engine.processing.stylise.flattening import flatten

FloatArray = npt.NDArray[np.float32]
Painter = Callable[[FloatArray, int], FloatArray]
REFERENCE_SIDE = 640  # px of the longer side that the lengths in `DrawingStyle` refer to
STAGE_WEIGHTS = (0.15, 0.35, 0.2, 0.3)  # of the time: smoothing, flattening, colours and light, lines
PALETTE_REACH = 16.0  # the Lab distance within which a palette colour attracts
LIGHTNESS_WEIGHT = 0.15  # of lightness in that distance


def draw_in_style(
    colours: Pixels, style: DrawingStyle, *, paint: Painter | None = None, lines: Pixels | None = None,
    shape: Pixels | None = None, report: Report = ignore_progress,
) -> Pixels:  # fmt: skip
    """Draw the canvas `colours` (height x width x 3) in `style`, the same size.

    `lines` and `shape` are pictures of the same size that replace the canvas as the source of the lines and of the
    light on bodies (`relief`). `paint` paints colours (0..1) in the style of the painting with that number.
    """
    unit = max(max(colours.shape[:2]) / REFERENCE_SIDE, 0.35)
    smoothing, flattening, painting, drawing_lines = split_report(report, STAGE_WEIGHTS)
    smooth = _smooth_detail(colours, style, unit)
    smoothing(1.0)
    areas = flatten(smooth, style.flatness, flattening)
    if style.brush:
        areas = add_brush_marks(areas, round(style.brush * unit))
    lab = _to_lab(areas)
    lightness = _posterise(_adjust_tone(lab[..., 0] / np.float32(100), style), style.steps, style.crispness)
    if style.detail:
        own = _adjust_tone(_to_lab(_to_unit_range(colours))[..., 0] / np.float32(100), style)
        lightness = lightness + np.float32(style.detail) * (own - lightness)
    if style.relief:
        relief = _shade_relief(smooth if shape is None else _to_unit_range(shape), unit)
        lightness = lightness + relief * np.float32(style.relief)
    lab[..., 0] = np.clip(lightness, 0, 1) * 100
    lab[..., 1:] = _adjust_chroma(lab, style)
    drawing = _clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))
    if paint is not None and style.painting_share:
        painting(0.3)
        drawing = drawing + np.float32(style.painting_share) * (paint(drawing, style.painting) - drawing)
    painting(0.8)
    drawing = _add_glow(drawing, style.glow, unit)
    if style.dots:
        drawing = _print_dots(drawing, style, unit)
    painting(1.0)
    source = smooth if lines is None else _smooth_detail(lines, style, unit)
    drawing = _draw_lines(drawing, source, style, unit, drawing_lines)
    report(1.0)
    return np.asarray(np.clip(drawing * 255 + 0.5, 0, 255), dtype=np.uint8)


def _to_unit_range(colours: Pixels) -> FloatArray:
    return np.asarray(colours.astype(np.float32) / np.float32(255), dtype=np.float32)


def _to_lab(colours: FloatArray) -> FloatArray:
    """Convert colours 0..1 to L 0..100, a and b about -128..127."""
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2LAB), dtype=np.float32)


def _clip(colours: npt.NDArray[np.generic]) -> FloatArray:
    return np.clip(np.asarray(colours, dtype=np.float32), 0, 1)


def _smooth_detail(colours: Pixels, style: DrawingStyle, unit: float) -> FloatArray:
    """Return colours 0..1 without small faint detail such as grain and the texture of skin and cloth."""
    if not style.smoothing:
        return _to_unit_range(colours)
    smoothed = cv2.edgePreservingFilter(
        colours, flags=1, sigma_s=max(style.smoothing * unit, 4), sigma_r=style.softness
    )
    return _to_unit_range(np.asarray(smoothed, dtype=np.uint8))


def add_brush_marks(colours: FloatArray, radius: int) -> FloatArray:
    """Add brush marks: each px gets the mean of the least varied of the four squares around it (Kuwahara)."""
    side = max(radius, 1) + 1
    best, least = np.zeros_like(colours), np.full(colours.shape[:2], np.inf, dtype=np.float32)
    for anchor in ((0, 0), (side - 1, 0), (0, side - 1), (side - 1, side - 1)):
        mean = cv2.blur(colours, (side, side), anchor=anchor, borderType=cv2.BORDER_REFLECT)
        square = cv2.blur(colours * colours, (side, side), anchor=anchor, borderType=cv2.BORDER_REFLECT)
        spread = (square - mean * mean).sum(axis=2)
        better = spread < least
        best[better], least[better] = mean[better], spread[better]
    return best


def _adjust_tone(lightness: FloatArray, style: DrawingStyle) -> FloatArray:
    bright = np.power(np.clip(lightness, 0, 1), np.float32(style.gamma))
    bright = np.clip((bright - 0.5) * np.float32(style.contrast) + 0.5, 0, 1)
    return np.asarray((style.lift + (1 - style.lift) * bright) * style.exposure, dtype=np.float32)


def _posterise(lightness: FloatArray, steps: float, crispness: float) -> FloatArray:
    """Reduce lightness to steps with soft borders: Winnemöller and others, "Real-time video abstraction" (2006)."""
    if not steps:
        return lightness
    position = lightness * np.float32(steps)
    border = np.floor(position) + np.float32(0.5)
    # A tanh through the middle of each step is flat at both ends, so that steps meet without a jump.
    ramp = np.tanh((position - border) * np.float32(crispness)) / np.tanh(np.float32(crispness / 2))
    return np.asarray((border + ramp / 2) / np.float32(steps), dtype=np.float32)


def _shade_relief(colours: FloatArray, unit: float) -> FloatArray:
    """Return the shading of rounded bodies lit from the upper left, about -0.2..0.2."""
    lightness = _to_lab(colours)[..., 0] / np.float32(100)
    total = np.zeros_like(lightness)
    for reach in (3, 8):
        height = cv2.GaussianBlur(lightness, (0, 0), reach * unit)
        right, down = cv2.Sobel(height, cv2.CV_32F, 1, 0), cv2.Sobel(height, cv2.CV_32F, 0, 1)
        total += np.tanh(-(right + down) * np.float32(reach * unit * 0.6)) * np.float32(0.12)
    return total


def _adjust_chroma(lab: FloatArray, style: DrawingStyle) -> FloatArray:
    """Return a and b, moved towards the palette and the colours of shadows and lights."""
    chroma = lab[..., 1:] * np.float32(style.saturation)
    if style.palette_share:
        nearest = _mix_palette(lab[..., 0], chroma, style.palette)
        chroma += np.float32(style.palette_share) * (nearest - chroma)
    if style.tint:
        light = (lab[..., :1] / np.float32(100)) ** np.float32(0.8)
        chroma += np.float32(style.tint) * (
            (1 - light) * _colour_to_lab(style.shadows)[1:] + light * _colour_to_lab(style.lights)[1:]
        )
    return chroma


def _mix_palette(lightness: FloatArray, chroma: FloatArray, palette: tuple[Colour, ...]) -> FloatArray:
    """Return a and b of the palette's colours mixed by distance, so that areas between two colours don't break up."""
    total, weights = np.zeros_like(chroma), np.zeros_like(chroma[..., :1])
    for ink in (_colour_to_lab(colour) for colour in palette):
        distance = ((chroma - ink[1:]) ** 2).sum(axis=2) + (lightness - ink[0]) ** 2 * np.float32(LIGHTNESS_WEIGHT)
        weight = (np.exp(-distance / np.float32(2 * PALETTE_REACH**2)) + np.float32(1e-6))[..., None]
        total += weight * ink[1:]
        weights += weight
    return np.asarray(total / weights, dtype=np.float32)


def _colour_to_lab(colour: Colour) -> FloatArray:
    return np.asarray(_to_lab(np.array([[colour]], dtype=np.float32) / np.float32(255))[0, 0], dtype=np.float32)


def _add_glow(drawing: FloatArray, glow: float, unit: float) -> FloatArray:
    """Screen the blurred lights over the drawing, so that light spreads from bright parts."""
    if not glow:
        return drawing
    lights = np.clip((drawing - np.float32(0.55)) / np.float32(0.45), 0, 1)
    halo = cv2.GaussianBlur(lights, (0, 0), 10 * unit) * np.float32(glow * 0.6)
    return np.asarray(1 - (1 - drawing) * (1 - halo), dtype=np.float32)


def _print_dots(drawing: FloatArray, style: DrawingStyle, unit: float) -> FloatArray:
    """Print mid-shades as dots on a grid turned by 45 degrees: the darker, the larger."""
    height, width = drawing.shape[:2]
    pitch = max(style.dot_pitch * unit, 3.0)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    frequency = np.float32(2 * np.pi / (pitch * np.sqrt(2)))
    screen = (np.cos((x + y) * frequency) + np.cos((x - y) * frequency)) / 4 + np.float32(0.5)
    dark = 1 - cv2.cvtColor(drawing, cv2.COLOR_RGB2GRAY)
    shade = np.clip((dark - 0.12) * 1.1, 0, 0.8)
    dot = np.clip((screen - (1 - shade)) * np.float32(pitch * 0.9) + 0.5, 0, 1)[..., None]
    light = np.clip(drawing * np.float32(1.18) + np.float32(0.06), 0, 1)
    deep = drawing * np.float32(0.72)
    printed = light + dot * (deep - light)
    return np.asarray(drawing + np.float32(style.dots) * (printed - drawing), dtype=np.float32)


def _draw_lines(
    drawing: FloatArray, lines_of: FloatArray, style: DrawingStyle, unit: float, report: Report
) -> FloatArray:
    if not style.line_ink and not style.fill:
        return drawing
    lightness = _to_lab(lines_of)[..., 0] / np.float32(100)
    outlines = draw_outlines(lightness, style.line_width * unit, style.line_sensitivity, report)
    ink = outlines * np.float32(style.line_ink)
    if style.fill:
        soft = np.asarray(cv2.GaussianBlur(lightness, (0, 0), max(1.2 * unit, 0.6)), dtype=np.float32)
        ink = np.maximum(ink, np.clip((np.float32(style.fill) - soft) * 12 + 0.5, 0, 1))
    pen = np.array(style.line_colour, dtype=np.float32) / np.float32(255)
    own = np.float32(style.line_blend)
    stroke = (1 - own) * pen + own * drawing * np.float32(0.55)
    return np.asarray(drawing + ink[..., None] * (stroke - drawing), dtype=np.float32)
