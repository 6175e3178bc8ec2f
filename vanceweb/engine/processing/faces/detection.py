"""Finding faces with BlazeFace, the short-range network of MediaPipe, in pictures of any size.

The network sees 128 px and knows faces from about an eighth of that. So it is run over windows of several sizes that
overlap by half, and each find is looked at again with the face in the middle of the window, both ways round: what is a
face stays one, what only looked like it from one window does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.faces import weights
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry

FloatArray = npt.NDArray[np.float32]

INPUT = 128  # px, the side of what the network sees
GRIDS = ((16, 2), (8, 6))  # of anchors: how many across and down, how many in each place
SMALLEST_WINDOW = 160  # px; a face fills a quarter of a window or more, and below 32 px there is nothing to restore
MOST_ZOOM = 16  # windows are at least this part of the longer side: some 8 s of search at 34 megapixels
CANDIDATE, CERTAIN = 0.6, 0.74  # scores: worth a second look, and on average of the second looks a face
SECOND_LOOKS = (2.2, 3.2, 4.0)  # sides of the windows, in sides of the box: small, blurry faces show better
SAME = 0.3  # share of common area from which two boxes show one face
EYES, NOSE, MOUTH = slice(0, 2), 2, 3  # rows of a face's points


@dataclass(frozen=True)
class Face:
    """A face: its box in px, from the brow to the chin, its 6 points (x, y, px) and a score of 0..1.

    The points are, left and right as seen: left eye, right eye, tip of the nose, middle of the mouth, left ear, right
    ear. They are those of an upright face; box and points may reach beyond the picture.
    """

    left: float
    top: float
    right: float
    bottom: float
    points: FloatArray
    score: float

    @property
    def side(self) -> float:
        """The side of the box, in px."""
        return max(self.right - self.left, self.bottom - self.top)


@dataclass(frozen=True)
class Window:
    """A square part of a picture, which may reach beyond it, in px; `mirrored` when it is looked at reversed."""

    left: float
    top: float
    side: float
    mirrored: bool = False


def find_faces(colours: Pixels, networks: NetworkRegistry) -> list[Face]:
    """The faces in a picture, the largest first. Raises `WeightsMissing`."""
    finder = _Finder(colours, networks)
    candidates = [face for window in windows(*colours.shape[:2]) for face in finder.look(window, CANDIDATE)]
    seen: list[Face] = []
    for candidate in sorted(candidates, key=lambda face: -face.score):
        if all(_shared(candidate, face) < SAME for face in seen):
            seen.append(candidate)
    certain: list[Face] = []
    for candidate in seen:
        sure = finder.look_again(candidate)
        if sure is not None and all(_shared(sure, face) < SAME for face in certain):
            certain.append(sure)
    return sorted(certain, key=lambda face: -face.side)


def windows(height: int, width: int) -> Iterator[Window]:
    """Windows over a picture of this size in px: the whole of it, then by half smaller, overlapping by half."""
    longest = max(height, width)
    smallest = max(SMALLEST_WINDOW, longest / MOST_ZOOM)
    side = float(longest)
    while True:
        for top in _starts(height, side):
            for left in _starts(width, side):
                yield Window(left, top, side)
        if side / 2 < smallest:
            return
        side /= 2


def _starts(length: int, side: float) -> list[float]:
    if side >= length:
        return [(length - side) / 2]
    return [float(start) for start in np.linspace(0, length - side, int(np.ceil((length - side) / (side / 2))) + 1)]


class _Finder:
    """The network over windows of one picture."""

    def __init__(self, colours: Pixels, networks: NetworkRegistry) -> None:
        self._network = networks.load_tflite(BLAZEFACE.files[0])
        self._levels = [colours]  # by area averaging, each half the last: a window is taken out of the one that suits

    def look(self, window: Window, least: float) -> list[Face]:
        """The faces in a window whose score is at least that."""
        answer = self._network.run(self._seen(window))
        rows = answer["regressors"].reshape(-1, 8, 2)
        scores = 1 / (1 + np.exp(-np.clip(answer["classificators"].ravel(), -50, 50)))
        return [self._face(window, rows[i], ANCHORS[i], float(scores[i])) for i in np.flatnonzero(scores >= least)]

    def look_again(self, candidate: Face) -> Face | None:
        """The face as the windows around it show it on average, or None where they don't."""
        x, y = (candidate.left + candidate.right) / 2, (candidate.top + candidate.bottom) / 2
        found = []
        for size in SECOND_LOOKS:
            side = candidate.side * size
            for mirrored in (False, True):
                faces = self.look(Window(x - side / 2, y - side / 2, side, mirrored), 0.0)
                near = [face for face in faces if _shared(face, candidate) >= SAME]
                found.append(max(near, key=lambda face: face.score, default=None))
        sure = [face for face in found if face is not None]
        score = sum(face.score for face in sure) / len(found)
        if score < CERTAIN:
            return None
        boxes = np.mean([(face.left, face.top, face.right, face.bottom) for face in sure], axis=0)
        left, top, right, bottom = (float(side) for side in boxes)
        points = np.stack([face.points for face in sure]).sum(axis=0) / np.float32(len(sure))
        return Face(left, top, right, bottom, points=points, score=score)

    def _seen(self, window: Window) -> FloatArray:
        """What the network gets of a window: 1 x 3 x 128 x 128, -1..1, black beyond the picture."""
        level = 0
        while window.side / 2 ** (level + 1) >= INPUT:
            level += 1
        while len(self._levels) <= level:
            last = self._levels[-1]
            size = max(last.shape[1] // 2, 1), max(last.shape[0] // 2, 1)
            self._levels.append(np.asarray(cv2.resize(last, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
        source = self._levels[level]
        down, across = source.shape[0] / self._levels[0].shape[0], source.shape[1] / self._levels[0].shape[1]
        step = window.side / INPUT
        matrix = np.array([[step * across, 0, (window.left + step / 2) * across - 0.5],
                           [0, step * down, (window.top + step / 2) * down - 0.5]])  # fmt: skip
        seen = cv2.warpAffine(source, matrix, (INPUT, INPUT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        if window.mirrored:
            seen = seen[:, ::-1]
        return np.ascontiguousarray(((seen.astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)[None])

    @staticmethod
    def _face(window: Window, row: FloatArray, anchor: FloatArray, score: float) -> Face:
        """From the network's answer: middle and size of the box, then the points, about an anchor, in px of 128."""
        places = row / INPUT
        places[[0, *range(2, 8)]] += anchor
        if window.mirrored:
            places[[0, *range(2, 8)], 0] = 1 - places[[0, *range(2, 8)], 0]
            places = places[[0, 1, 3, 2, 4, 5, 7, 6]]
        places *= window.side
        places[[0, *range(2, 8)]] += (window.left, window.top)
        (x, y), (width, height) = places[0], places[1]
        return Face(float(x - width / 2), float(y - height / 2), float(x + width / 2), float(y + height / 2),
                    points=np.asarray(places[2:], dtype=np.float32), score=score)  # fmt: skip


def _shared(one: Face, other: Face) -> float:
    """The common area of two boxes over that of the smaller."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((face.right - face.left) * (face.bottom - face.top) for face in (one, other))
    return width * height / max(smaller, 1e-6)


def _anchors() -> FloatArray:
    """The middles of the anchors, 896 x 2, 0..1."""
    return np.array(
        [((x + 0.5) / n, (y + 0.5) / n) for n, each in GRIDS for y in range(n) for x in range(n) for _ in range(each)],
        dtype=np.float32,
    )


ANCHORS = _anchors()
BLAZEFACE = Backend(
    name="blazeface (opencv)",
    source=Source.SET_UP,
    licence="Apache-2.0",
    run=find_faces,
    weights=(weights.BLAZEFACE,),
)
FACE_DETECTION = Slot("face finder", ("CodeFormer", "img2sr", "animegan2", "sd_recolor"), (BLAZEFACE,))
