"""Search for the things that a prompt names, by simple means: position, smoothness, faces, the subject's mask and the
colouriser's own probabilities."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from vanceweb.engine.processing.colour.decoding import smooth_by_lightness
from vanceweb.engine.processing.colour.prediction import to_resized_lightness
from vanceweb.engine.processing.colour.prompts import ColourRequest
from vanceweb.engine.processing.cutout.matting import SUBJECT
from vanceweb.engine.processing.errors import WeightsMissing
from vanceweb.engine.processing.faces.detection import MOUTH, Face, find_faces
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.resampling import FloatArray, shrink
from vanceweb.engine.processing.inference.registry import NetworkRegistry

FACE_SEARCH_SIDE = 640  # px of the longer side for face detection
SKY_DEVIATION = 3.0  # of L over 3 x 3 cells, below which a cell may be sky
SKY_TOP_SHARE, SKY_LOWEST = 0.2, 0.85  # least share of the top edge, and lowest row (0..1) of the sky
LEAST_REGION_SHARE = 0.002  # of the picture, for a thing to count as found
# Probability of green, blue or brown up to which a cell isn't plants, water or wood, and from which it fully is.
DOUBTFUL_PROBABILITY, CONFIDENT_PROBABILITY = 0.12, 0.4
# Ranges of hue, in degrees.
PLANT_HUES, WATER_HUES, WOOD_HUES = (95.0, 165.0), (185.0, 300.0), (35.0, 90.0)
CERTAIN_PERCENTILE, UNCERTAIN_PERCENTILE = 40, 90  # of entropy that count as 0 and as 1


@dataclass(frozen=True)
class Scene:
    """A picture and its analysis on the grid of probabilities (height x width x bins; `bins` are bins x 2, ab)."""

    pixels: Pixels
    probabilities: FloatArray
    bins: FloatArray
    networks: NetworkRegistry

    @cached_property
    def lightness(self) -> FloatArray:
        """L on the grid."""
        return to_resized_lightness(self.pixels, *self.size)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the grid."""
        return self.probabilities.shape[0], self.probabilities.shape[1]

    @cached_property
    def subject(self) -> FloatArray | None:
        """The subject's share of each cell, 0..1; None if no network for it is installed."""
        try:
            backend = self.networks.choose(SUBJECT)
            mask = backend.run(self.pixels, self.networks.load_onnx(backend))
        except WeightsMissing:
            return None
        return self.resize_to_grid(mask)

    @cached_property
    def faces(self) -> list[Face]:
        """The faces, in cells."""
        small = shrink(self.pixels, FACE_SEARCH_SIDE)
        try:
            found = find_faces(small, self.networks)
        except WeightsMissing:
            return []
        across, down = self.size[1] / small.shape[1], self.size[0] / small.shape[0]
        scale = np.array([across, down], dtype=np.float32)
        return [
            Face(face.left * across, face.top * down, face.right * across, face.bottom * down, face.points * scale,
                 face.score) for face in found
        ]  # fmt: skip

    @cached_property
    def uncertainty(self) -> FloatArray:
        """The network's uncertainty about each cell's colour, 0..1: the entropy, scaled between two percentiles."""
        entropy = -(self.probabilities * np.log(self.probabilities + 1e-9)).sum(axis=2)
        low, high = (float(value) for value in np.percentile(entropy, (CERTAIN_PERCENTILE, UNCERTAIN_PERCENTILE)))
        if high - low < 1e-3:
            return np.ones(self.size, dtype=np.float32)
        return np.asarray(np.clip((entropy - low) / (high - low), 0, 1), dtype=np.float32)

    def compute_hue_likelihood(self, hues: tuple[float, float]) -> FloatArray:
        """Return how likely each cell's hue is in this range.

        0 up to `DOUBTFUL_PROBABILITY`, 1 from `CONFIDENT_PROBABILITY` on.
        """
        angle = np.degrees(np.arctan2(self.bins[:, 1], self.bins[:, 0])) % 360
        there = (angle >= hues[0]) & (angle <= hues[1]) & (np.hypot(*self.bins.T) > 8)
        return _apply_ramp(self.probabilities[:, :, there].sum(axis=2), DOUBTFUL_PROBABILITY, CONFIDENT_PROBABILITY)

    def resize_to_grid(self, mask: FloatArray) -> FloatArray:
        """Resize a mask to the grid."""
        return np.asarray(cv2.resize(mask, self.size[::-1], interpolation=cv2.INTER_AREA), dtype=np.float32)

    def build_empty_mask(self) -> FloatArray:
        return np.zeros(self.size, dtype=np.float32)

    def get_rows(self) -> FloatArray:
        """Return each cell's position from top to bottom, 0..1."""
        down = (np.arange(self.size[0], dtype=np.float32) + 0.5) / self.size[0]
        return np.broadcast_to(down[:, None], self.size)

    def get_columns(self) -> FloatArray:
        """Return each cell's position from left to right, 0..1."""
        across = (np.arange(self.size[1], dtype=np.float32) + 0.5) / self.size[1]
        return np.broadcast_to(across[None], self.size)


def sort_requests(requests: list[ColourRequest]) -> list[ColourRequest]:
    """Sort requests into the order of their execution: first those without a thing, last those for parts of a face."""
    ranks = {thing: rank for rank, thing in enumerate(THING_MASKS, start=2)}
    return sorted(requests, key=lambda request: ranks.get(request.thing, 1 if request.thing or request.places else 0))


def find_region(scene: Scene, request: ColourRequest) -> FloatArray | None:
    """Return how much each cell belongs to the request's thing, height x width, 0..1; None if it isn't found."""
    if request.thing in THING_MASKS:
        mask = THING_MASKS[request.thing](scene)
    elif request.thing:
        mask = _find_unknown_thing(scene)
    else:
        mask = np.ones(scene.size, dtype=np.float32) if request.places else scene.uncertainty
    for place in request.places:
        mask = mask * PLACE_MASKS[place](scene)
    if mask.mean() < LEAST_REGION_SHARE:
        return None
    mask = np.ascontiguousarray(mask[:, :, None], dtype=np.float32)
    return np.clip(smooth_by_lightness(mask, scene.lightness)[:, :, 0], 0, 1)


def _apply_ramp(values: FloatArray, low: float, high: float) -> FloatArray:
    """Map values to 0 up to `low`, to 1 from `high` on, and linearly in between."""
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), dtype=np.float32)


PLACE_MASKS: Mapping[str, Callable[[Scene], FloatArray]] = {
    "top": lambda scene: 1 - _apply_ramp(scene.get_rows(), 0.4, 0.6),
    "bottom": lambda scene: _apply_ramp(scene.get_rows(), 0.4, 0.6),
    "left": lambda scene: 1 - _apply_ramp(scene.get_columns(), 0.4, 0.6),
    "right": lambda scene: _apply_ramp(scene.get_columns(), 0.4, 0.6),
    "centre": lambda scene: 1 - _apply_ramp(np.hypot(scene.get_rows() - 0.5, scene.get_columns() - 0.5), 0.22, 0.36),
}


def _find_sky(scene: Scene) -> FloatArray:
    """Return the smooth area that continues from the top edge without a break, without the subject."""
    mean, square = cv2.blur(scene.lightness, (3, 3)), cv2.blur(scene.lightness**2, (3, 3))
    smooth = (np.sqrt(np.maximum(square - mean**2, 0)) < SKY_DEVIATION) & (scene.get_rows() < SKY_LOWEST)
    if scene.subject is not None:
        smooth &= scene.subject < 0.5
    _, parts = cv2.connectedComponents(smooth.astype(np.uint8), connectivity=4)
    top = parts[0][parts[0] > 0]
    if top.size < SKY_TOP_SHARE * scene.size[1]:
        return scene.build_empty_mask()
    sky = np.isin(parts, np.unique(top)).astype(np.uint8)
    return np.asarray(cv2.dilate(sky, np.ones((3, 3), dtype=np.uint8)), dtype=np.float32)


def _find_ground(scene: Scene) -> FloatArray:
    """Return the lower half without the subject and the sky."""
    return _apply_ramp(scene.get_rows(), 0.42, 0.58) * _find_background(scene) * (1 - _find_sky(scene))


def _find_subject(scene: Scene) -> FloatArray:
    return scene.build_empty_mask() if scene.subject is None else _apply_ramp(scene.subject, 0.25, 0.75)


def _find_background(scene: Scene) -> FloatArray:
    return np.ones(scene.size, dtype=np.float32) if scene.subject is None else 1 - _find_subject(scene)


def _draw_ellipses(scene: Scene, get_ellipse: Callable[[Face], tuple[float, float, float, float]]) -> FloatArray:
    """Draw the ellipse that `get_ellipse` returns for each face: its centre (x, y) and its two radii, in cells."""
    mask = scene.build_empty_mask()
    rows, columns = np.mgrid[: scene.size[0], : scene.size[1]].astype(np.float32)
    for face in scene.faces:
        x, y, across, down = get_ellipse(face)
        away = np.hypot((columns + 0.5 - x) / max(across, 0.5), (rows + 0.5 - y) / max(down, 0.5))
        mask = np.maximum(mask, 1 - _apply_ramp(away, 0.85, 1.15))
    return mask


def _get_centre(face: Face) -> tuple[float, float]:
    return (face.left + face.right) / 2, (face.top + face.bottom) / 2


def _find_skin(scene: Scene) -> FloatArray:
    """Return the faces from the hairline to the chin, without what is much darker: hair, brows, eyes."""

    def get_ellipse(face: Face) -> tuple[float, float, float, float]:
        x, y = _get_centre(face)
        return x, y - 0.08 * face.side, 0.48 * face.side, 0.66 * face.side

    mask = _draw_ellipses(scene, get_ellipse)
    inside = mask > 0.5
    if not inside.any():
        return mask
    typical = float(np.median(scene.lightness[inside]))
    return mask * _apply_ramp(scene.lightness, typical - 38, typical - 22)


def _find_hair(scene: Scene) -> FloatArray:
    """Return the area around and above the faces, within the subject; beside them only what is darker than the face."""
    head = _draw_ellipses(scene, lambda face: (_get_centre(face)[0], face.top, 0.88 * face.side, 0.95 * face.side))
    skin = _find_skin(scene)
    mask = head * (1 - skin) * (1 if scene.subject is None else _find_subject(scene))
    rows = scene.get_rows() * scene.size[0]
    for face in scene.faces:
        inside = skin > 0.5
        typical = float(np.median(scene.lightness[inside])) if inside.any() else 60.0
        below_brow = _apply_ramp(rows, face.top - 0.1 * face.side, face.top + 0.1 * face.side)
        mask = mask * (1 - below_brow * _apply_ramp(scene.lightness, typical - 25, typical - 10))
    return mask


def _find_lips(scene: Scene) -> FloatArray:
    def get_ellipse(face: Face) -> tuple[float, float, float, float]:
        x, y = (float(value) for value in face.points[MOUTH])
        return x, y, 0.2 * face.side, 0.1 * face.side

    return _draw_ellipses(scene, get_ellipse)


def _find_clothes(scene: Scene) -> FloatArray:
    """Return the subject below the chin; without faces, all of it except its upper fifth."""
    if scene.subject is None:
        return scene.build_empty_mask()
    return _find_subject(scene) * _apply_ramp(_measure_below_chin(scene), 0.0, 0.3)


def _find_upper_clothes(scene: Scene) -> FloatArray:
    return _find_clothes(scene) * (1 - _apply_ramp(_measure_below_chin(scene), 2.3, 3.0))


def _find_lower_clothes(scene: Scene) -> FloatArray:
    return _find_subject(scene) * _apply_ramp(_measure_below_chin(scene), 2.3, 3.0)


def _measure_below_chin(scene: Scene) -> FloatArray:
    """Return each cell's distance below the chin of the largest face, in sides of its box.

    Without faces, the head is taken to be the upper fifth of the subject.
    """
    rows = scene.get_rows() * scene.size[0]
    if scene.faces:
        face = scene.faces[0]
        return np.asarray((rows - face.bottom) / face.side, dtype=np.float32)
    taken = np.flatnonzero((_find_subject(scene) > 0.5).any(axis=1))
    top, bottom = (float(taken[0]), float(taken[-1] + 1)) if taken.size else (0.0, float(scene.size[0]))
    head = (bottom - top) / 5
    return np.asarray((rows - top - head) / head, dtype=np.float32)


def _find_water(scene: Scene) -> FloatArray:
    return scene.compute_hue_likelihood(WATER_HUES) * _find_background(scene) * (1 - _find_sky(scene))


def _find_unknown_thing(scene: Scene) -> FloatArray:
    """Return the uncertain cells, with more weight on the subject: people mostly name what they look at."""
    return scene.uncertainty * (1 if scene.subject is None else 0.25 + 0.75 * _find_subject(scene))


# In the order of execution: later ones are found more reliably and overwrite earlier ones.
THING_MASKS: Mapping[str, Callable[[Scene], FloatArray]] = {
    "everything": lambda scene: np.ones(scene.size, dtype=np.float32),
    "background": _find_background,
    "wood": lambda scene: scene.compute_hue_likelihood(WOOD_HUES) * _find_background(scene),
    "ground": _find_ground,
    "water": _find_water,
    "plants": lambda scene: scene.compute_hue_likelihood(PLANT_HUES) * (1 - _find_sky(scene)),
    "sky": _find_sky,
    "subject": _find_subject,
    "clothes": _find_clothes,
    "upper": _find_upper_clothes,
    "lower": _find_lower_clothes,
    "skin": _find_skin,
    "hair": _find_hair,
    "lips": _find_lips,
}
