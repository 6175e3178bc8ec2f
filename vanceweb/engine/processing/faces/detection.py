"""Face detection in pictures of any size with BlazeFace, the short-range network of MediaPipe.

The network sees 128 px and detects faces from about an eighth of that. So it is run over windows of several sizes that
overlap by half. Each candidate is then confirmed in windows centred on it, plain and mirrored: a real face is detected
again, a chance resemblance isn't.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.faces import weights
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.progress import Report, ignore_progress, report_each, split_report
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry

FloatArray = npt.NDArray[np.float32]

INPUT_SIDE = 128  # px, the side of the network's input
ANCHOR_GRIDS = ((16, 2), (8, 6))  # of anchors: cells across and down, and anchors per cell
SMALLEST_WINDOW = 160  # px; a face fills a quarter of a window or more, and below 32 px there is nothing to restore
SEARCH_SHARE = 0.8  # of the time for finding faces
MOST_ZOOM = 16  # longer side / smallest window at most: about 8 s of search at 34 megapixels
CANDIDATE_SCORE, FACE_SCORE = 0.6, 0.74  # least score of a candidate, and least mean score when confirming it
CONFIRMATION_SIDES = (2.2, 3.2, 4.0)  # in sides of the box; wide windows show small, blurry faces better
SAME_FACE_OVERLAP = 0.3  # from which two boxes show the same face
EYES, NOSE, MOUTH = slice(0, 2), 2, 3  # rows of a face's points


@dataclass(frozen=True)
class Face:
    """A face: its box in px, from the brow to the chin, its 6 points (x, y, px) and a score of 0..1.

    The points are, left and right as seen: left eye, right eye, tip of the nose, middle of the mouth, left ear, right
    ear. The names assume an upright face. Box and points may reach beyond the picture.
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
    """A square part of a picture, in px, which may reach beyond it; `mirrored` if it is shown reversed."""

    left: float
    top: float
    side: float
    mirrored: bool = False


def find_faces(colours: Pixels, networks: NetworkRegistry, report: Report = ignore_progress) -> list[Face]:
    """Return the faces in a picture, the largest first. Raises `WeightsMissing`."""
    detector = _Detector(colours, networks)
    searching, confirming = split_report(report, (SEARCH_SHARE, 1 - SEARCH_SHARE))
    candidates = [
        face
        for window in report_each(list(generate_windows(*colours.shape[:2])), searching)
        for face in detector.detect(window, CANDIDATE_SCORE)
    ]
    distinct: list[Face] = []
    for candidate in sorted(candidates, key=lambda face: -face.score):
        if all(_compute_overlap(candidate, face) < SAME_FACE_OVERLAP for face in distinct):
            distinct.append(candidate)
    faces: list[Face] = []
    for candidate in report_each(distinct, confirming):
        confirmed = detector.confirm(candidate)
        if confirmed is not None and all(_compute_overlap(confirmed, face) < SAME_FACE_OVERLAP for face in faces):
            faces.append(confirmed)
    return sorted(faces, key=lambda face: -face.side)


def generate_windows(height: int, width: int) -> Iterator[Window]:
    """Yield windows over a picture of this size in px: the whole, then half the side each time, overlapping by half."""
    longest = max(height, width)
    smallest = max(SMALLEST_WINDOW, longest / MOST_ZOOM)
    side = float(longest)
    while True:
        for top in _compute_starts(height, side):
            for left in _compute_starts(width, side):
                yield Window(left, top, side)
        if side / 2 < smallest:
            return
        side /= 2


def _compute_starts(length: int, side: float) -> list[float]:
    if side >= length:
        return [(length - side) / 2]
    return [float(start) for start in np.linspace(0, length - side, int(np.ceil((length - side) / (side / 2))) + 1)]


class _Detector:
    """The network applied to windows of one picture."""

    def __init__(self, colours: Pixels, networks: NetworkRegistry) -> None:
        self._network = networks.load_tflite(BLAZEFACE.files[0])
        self._levels = [colours]  # area-averaged, each half the size of the one before

    def detect(self, window: Window, least: float) -> list[Face]:
        """Return the faces in a window with at least this score."""
        output = self._network.run(self._cut_input(window))
        rows = output["regressors"].reshape(-1, 8, 2)
        scores = 1 / (1 + np.exp(-np.clip(output["classificators"].ravel(), -50, 50)))
        found = np.flatnonzero(scores >= least)
        return [self._decode_face(window, rows[i], ANCHORS[i], float(scores[i])) for i in found]

    def confirm(self, candidate: Face) -> Face | None:
        """Return the mean of the face's detections in the windows around it, or None if its score is too low."""
        x, y = (candidate.left + candidate.right) / 2, (candidate.top + candidate.bottom) / 2
        found = []
        for size in CONFIRMATION_SIDES:
            side = candidate.side * size
            for mirrored in (False, True):
                faces = self.detect(Window(x - side / 2, y - side / 2, side, mirrored), 0.0)
                same = [face for face in faces if _compute_overlap(face, candidate) >= SAME_FACE_OVERLAP]
                found.append(max(same, key=lambda face: face.score, default=None))
        near = [face for face in found if face is not None]
        score = sum(face.score for face in near) / len(found)
        if score < FACE_SCORE:
            return None
        boxes = np.mean([(face.left, face.top, face.right, face.bottom) for face in near], axis=0)
        left, top, right, bottom = (float(side) for side in boxes)
        points = np.stack([face.points for face in near]).sum(axis=0) / np.float32(len(near))
        return Face(left, top, right, bottom, points=points, score=score)

    def _cut_input(self, window: Window) -> FloatArray:
        """Cut a window as the network's input: 1 x 3 x 128 x 128, -1..1, black beyond the picture."""
        level = 0
        while window.side / 2 ** (level + 1) >= INPUT_SIDE:
            level += 1
        while len(self._levels) <= level:
            last = self._levels[-1]
            size = max(last.shape[1] // 2, 1), max(last.shape[0] // 2, 1)
            self._levels.append(np.asarray(cv2.resize(last, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
        source = self._levels[level]
        down, across = source.shape[0] / self._levels[0].shape[0], source.shape[1] / self._levels[0].shape[1]
        step = window.side / INPUT_SIDE
        matrix = np.array([[step * across, 0, (window.left + step / 2) * across - 0.5],
                           [0, step * down, (window.top + step / 2) * down - 0.5]])  # fmt: skip
        cut = cv2.warpAffine(source, matrix, (INPUT_SIDE, INPUT_SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        if window.mirrored:
            cut = cut[:, ::-1]
        return np.ascontiguousarray(((cut.astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)[None])

    @staticmethod
    def _decode_face(window: Window, row: FloatArray, anchor: FloatArray, score: float) -> Face:
        """Decode a row of the network's output: the box's centre and size, then points, in px of 128 from an anchor."""
        places = row / INPUT_SIDE
        places[[0, *range(2, 8)]] += anchor
        if window.mirrored:
            places[[0, *range(2, 8)], 0] = 1 - places[[0, *range(2, 8)], 0]
            places = places[[0, 1, 3, 2, 4, 5, 7, 6]]
        places *= window.side
        places[[0, *range(2, 8)]] += (window.left, window.top)
        (x, y), (width, height) = places[0], places[1]
        return Face(float(x - width / 2), float(y - height / 2), float(x + width / 2), float(y + height / 2),
                    points=np.asarray(places[2:], dtype=np.float32), score=score)  # fmt: skip


def _compute_overlap(one: Face, other: Face) -> float:
    """Return the common area of two boxes as a share of the smaller one."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((face.right - face.left) * (face.bottom - face.top) for face in (one, other))
    return width * height / max(smaller, 1e-6)


def _build_anchors() -> FloatArray:
    """Return the centres of the anchors, 896 x 2, 0..1."""
    return np.array(
        [((x + 0.5) / n, (y + 0.5) / n) for n, k in ANCHOR_GRIDS for y in range(n) for x in range(n) for _ in range(k)],
        dtype=np.float32,
    )


ANCHORS = _build_anchors()
BLAZEFACE = Backend(
    name="blazeface (opencv)",
    source=Source.SET_UP,
    licence="Apache-2.0",
    run=find_faces,
    weights=(weights.BLAZEFACE,),
)
FACE_DETECTION = Slot("face finder", ("CodeFormer", "img2sr", "animegan2", "sd_recolor", "sketch"), (BLAZEFACE,))
