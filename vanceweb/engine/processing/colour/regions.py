"""Where in a picture a thing is that a prompt names, told by simple means: place, smoothness, faces, the subject's
mask, and what the colouriser's own bins take it for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from vanceweb.engine.processing.colour.decoding import vote
from vanceweb.engine.processing.colour.prediction import lightness_at
from vanceweb.engine.processing.colour.prompts import Wish
from vanceweb.engine.processing.cutout.matting import SUBJECT
from vanceweb.engine.processing.errors import WeightsMissing
from vanceweb.engine.processing.faces.detection import MOUTH, Face, find_faces
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.resampling import FloatArray, shrink
from vanceweb.engine.processing.inference.registry import NetworkRegistry

FACES_AT = 640  # px of the longer side at which faces are looked for
SMOOTH = 3.0  # deviation of L over 3 x 3 cells below which a place may be sky
SKY_TOP, SKY_LOWEST = 0.2, 0.85  # share of the top edge that sky takes at least, and how far down it may reach
FOUND = 0.002  # share of the picture that a thing takes at least
# Chances of green, blue or brown up to which a place is not, and from which it is, taken for plants, water or wood.
DOUBTFUL, CONFIDENT = 0.12, 0.4
# Hues in degrees that tell of these things, from and to.
PLANT_HUES, WATER_HUES, WOOD_HUES = (95.0, 165.0), (185.0, 300.0), (35.0, 90.0)
CERTAIN_SHARE, UNCERTAIN_SHARE = 40, 90  # percentiles of uncertainty that count as none and as all


@dataclass(frozen=True)
class Scene:
    """A picture and what is known of it on the grid of chances (height x width x bins, with `bins` x 2 in ab)."""

    seen: Pixels
    chances: FloatArray
    bins: FloatArray
    networks: NetworkRegistry

    @cached_property
    def light(self) -> FloatArray:
        """L on the grid."""
        return lightness_at(self.seen, *self.size)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the grid."""
        return self.chances.shape[0], self.chances.shape[1]

    @cached_property
    def subject(self) -> FloatArray | None:
        """How much each cell belongs to the subject, 0..1; None where no network for it is installed."""
        try:
            backend = self.networks.choose(SUBJECT)
            mask = backend.run(self.seen, self.networks.load_onnx(backend))
        except WeightsMissing:
            return None
        return self.sized(mask)

    @cached_property
    def faces(self) -> list[Face]:
        """The faces, in units of cells."""
        small = shrink(self.seen, FACES_AT)
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
        """How little the network knows of the colour of each cell, 0..1: the entropy of its chances, ranked."""
        entropy = -(self.chances * np.log(self.chances + 1e-9)).sum(axis=2)
        low, high = (float(value) for value in np.percentile(entropy, (CERTAIN_SHARE, UNCERTAIN_SHARE)))
        if high - low < 1e-3:
            return np.ones(self.size, dtype=np.float32)
        return np.asarray(np.clip((entropy - low) / (high - low), 0, 1), dtype=np.float32)

    def likely(self, hues: tuple[float, float]) -> FloatArray:
        """How likely a cell has a hue within these, from `DOUBTFUL`, 0, to `CONFIDENT`, 1."""
        angle = np.degrees(np.arctan2(self.bins[:, 1], self.bins[:, 0])) % 360
        there = (angle >= hues[0]) & (angle <= hues[1]) & (np.hypot(*self.bins.T) > 8)
        return _ramp(self.chances[:, :, there].sum(axis=2), DOUBTFUL, CONFIDENT)

    def sized(self, mask: FloatArray) -> FloatArray:
        """The mask on the grid."""
        return np.asarray(cv2.resize(mask, self.size[::-1], interpolation=cv2.INTER_AREA), dtype=np.float32)

    def empty(self) -> FloatArray:
        return np.zeros(self.size, dtype=np.float32)

    def rows(self) -> FloatArray:
        """The place of each cell from top to bottom, 0..1."""
        down = (np.arange(self.size[0], dtype=np.float32) + 0.5) / self.size[0]
        return np.broadcast_to(down[:, None], self.size)

    def columns(self) -> FloatArray:
        """The place of each cell from left to right, 0..1."""
        across = (np.arange(self.size[1], dtype=np.float32) + 0.5) / self.size[1]
        return np.broadcast_to(across[None], self.size)


def in_order(wishes: list[Wish]) -> list[Wish]:
    """The wishes as they are to be granted: first what is for anything uncertain, last what is for a face's parts."""
    ranks = {thing: rank for rank, thing in enumerate(FINDING, start=2)}
    return sorted(wishes, key=lambda wish: ranks.get(wish.thing, 1 if wish.thing or wish.places else 0))


def region_of(scene: Scene, wish: Wish) -> FloatArray | None:
    """How much each cell belongs to what the wish is for, height x width, 0..1; None where it isn't found."""
    if wish.thing in FINDING:
        mask = FINDING[wish.thing](scene)
    elif wish.thing:
        mask = _unknown(scene)
    else:
        mask = np.ones(scene.size, dtype=np.float32) if wish.places else scene.uncertainty
    for place in wish.places:
        mask = mask * PLACING[place](scene)
    if mask.mean() < FOUND:
        return None
    return np.clip(vote(np.ascontiguousarray(mask[:, :, None], dtype=np.float32), scene.light)[:, :, 0], 0, 1)


def _ramp(values: FloatArray, low: float, high: float) -> FloatArray:
    """0 up to `low`, 1 from `high` on."""
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), dtype=np.float32)


PLACING: Mapping[str, Callable[[Scene], FloatArray]] = {
    "top": lambda scene: 1 - _ramp(scene.rows(), 0.4, 0.6),
    "bottom": lambda scene: _ramp(scene.rows(), 0.4, 0.6),
    "left": lambda scene: 1 - _ramp(scene.columns(), 0.4, 0.6),
    "right": lambda scene: _ramp(scene.columns(), 0.4, 0.6),
    "centre": lambda scene: 1 - _ramp(np.hypot(scene.rows() - 0.5, scene.columns() - 0.5), 0.22, 0.36),
}


def _sky(scene: Scene) -> FloatArray:
    """What is smooth and reaches down from the top edge without a break, the subject apart."""
    mean, square = cv2.blur(scene.light, (3, 3)), cv2.blur(scene.light**2, (3, 3))
    smooth = (np.sqrt(np.maximum(square - mean**2, 0)) < SMOOTH) & (scene.rows() < SKY_LOWEST)
    if scene.subject is not None:
        smooth &= scene.subject < 0.5
    _, parts = cv2.connectedComponents(smooth.astype(np.uint8), connectivity=4)
    top = parts[0][parts[0] > 0]
    if top.size < SKY_TOP * scene.size[1]:
        return scene.empty()
    sky = np.isin(parts, np.unique(top)).astype(np.uint8)
    return np.asarray(cv2.dilate(sky, np.ones((3, 3), dtype=np.uint8)), dtype=np.float32)


def _ground(scene: Scene) -> FloatArray:
    """The lower half, without the subject and without what may be sky."""
    return _ramp(scene.rows(), 0.42, 0.58) * _background(scene) * (1 - _sky(scene))


def _subject(scene: Scene) -> FloatArray:
    return scene.empty() if scene.subject is None else _ramp(scene.subject, 0.25, 0.75)


def _background(scene: Scene) -> FloatArray:
    return np.ones(scene.size, dtype=np.float32) if scene.subject is None else 1 - _subject(scene)


def _ellipses(scene: Scene, place: Callable[[Face], tuple[float, float, float, float]]) -> FloatArray:
    """An ellipse for each face: x, y of its middle and its two radii, in cells."""
    mask = scene.empty()
    rows, columns = np.mgrid[: scene.size[0], : scene.size[1]].astype(np.float32)
    for face in scene.faces:
        x, y, across, down = place(face)
        away = np.hypot((columns + 0.5 - x) / max(across, 0.5), (rows + 0.5 - y) / max(down, 0.5))
        mask = np.maximum(mask, 1 - _ramp(away, 0.85, 1.15))
    return mask


def _middle(face: Face) -> tuple[float, float]:
    return (face.left + face.right) / 2, (face.top + face.bottom) / 2


def _skin(scene: Scene) -> FloatArray:
    """The faces from the hairline to the chin, but for what is much darker: hair, brows, eyes."""
    mask = _ellipses(scene, lambda face: (_middle(face)[0], _middle(face)[1] - 0.08 * face.side, 0.48 * face.side,
                                          0.66 * face.side))  # fmt: skip
    inside = mask > 0.5
    if not inside.any():
        return mask
    typical = float(np.median(scene.light[inside]))
    return mask * _ramp(scene.light, typical - 38, typical - 22)


def _hair(scene: Scene) -> FloatArray:
    """Around and above the faces, within the subject; beside them only what is darker than the face."""
    head = _ellipses(scene, lambda face: (_middle(face)[0], face.top, 0.88 * face.side, 0.95 * face.side))
    skin = _skin(scene)
    mask = head * (1 - skin) * (1 if scene.subject is None else _subject(scene))
    for face in scene.faces:
        inside = skin > 0.5
        typical = float(np.median(scene.light[inside])) if inside.any() else 60.0
        below_brow = _ramp(scene.rows() * scene.size[0], face.top - 0.1 * face.side, face.top + 0.1 * face.side)
        mask = mask * (1 - below_brow * _ramp(scene.light, typical - 25, typical - 10))
    return mask


def _lips(scene: Scene) -> FloatArray:
    def place(face: Face) -> tuple[float, float, float, float]:
        x, y = (float(value) for value in face.points[MOUTH])
        return x, y, 0.2 * face.side, 0.1 * face.side

    return _ellipses(scene, place)


def _clothes(scene: Scene) -> FloatArray:
    """The subject below the chins; without faces, all of it but its upper fifth."""
    if scene.subject is None:
        return scene.empty()
    return _subject(scene) * _ramp(_down_the_body(scene), 0.0, 0.3)


def _upper(scene: Scene) -> FloatArray:
    return _clothes(scene) * (1 - _ramp(_down_the_body(scene), 2.3, 3.0))


def _lower(scene: Scene) -> FloatArray:
    return _subject(scene) * _ramp(_down_the_body(scene), 2.3, 3.0)


def _down_the_body(scene: Scene) -> FloatArray:
    """How far below the chin of the largest face, in sides of it; without faces as if the head were a fifth of all."""
    rows = scene.rows() * scene.size[0]
    if scene.faces:
        face = scene.faces[0]
        return np.asarray((rows - face.bottom) / face.side, dtype=np.float32)
    taken = np.flatnonzero((_subject(scene) > 0.5).any(axis=1))
    top, bottom = (float(taken[0]), float(taken[-1] + 1)) if taken.size else (0.0, float(scene.size[0]))
    head = (bottom - top) / 5
    return np.asarray((rows - top - head) / head, dtype=np.float32)


def _water(scene: Scene) -> FloatArray:
    return scene.likely(WATER_HUES) * _background(scene) * (1 - _sky(scene))


def _unknown(scene: Scene) -> FloatArray:
    """What is uncertain, and more so of the subject: what people name is mostly what they look at."""
    return scene.uncertainty * (1 if scene.subject is None else 0.25 + 0.75 * _subject(scene))


# The order wishes are granted in: the later, the more certain that the place is meant, and nothing else by it.
FINDING: Mapping[str, Callable[[Scene], FloatArray]] = {
    "everything": lambda scene: np.ones(scene.size, dtype=np.float32),
    "background": _background,
    "wood": lambda scene: scene.likely(WOOD_HUES) * _background(scene),
    "ground": _ground,
    "water": _water,
    "plants": lambda scene: scene.likely(PLANT_HUES) * (1 - _sky(scene)),
    "sky": _sky,
    "subject": _subject,
    "clothes": _clothes,
    "upper": _upper,
    "lower": _lower,
    "skin": _skin,
    "hair": _hair,
    "lips": _lips,
}
