"""CodeFormer: faces restored one by one and blended back without a seam.

Each face is aligned: turned upright into a square of 512 px, with eyes, nose and mouth where the networks for faces
expect them. The restored face takes its coarse colours from the picture, keeps the picture's detail that is too fine
for the square, and fades out towards the hair and the neck.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.analysis.blur import estimate_blurriness
from vanceweb.engine.processing.faces import weights
from vanceweb.engine.processing.faces.detection import BLAZEFACE, EYES, MOUTH, NOSE, Face, find_faces
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels, to_pixels, to_planes
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import Report, report_each, split_report
from vanceweb.engine.processing.image.tiles import Tile, cut_with_border, split_into_tiles
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.ncnn_networks import NcnnNetwork
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.inference.sessions import OnnxSession
from vanceweb.engine.processing.messages import Message, gettext_noop

FloatArray = npt.NDArray[np.float32]
Restorer = Callable[[Pixels, float, NetworkRegistry, Report], Pixels]

X4PLUS = NcnnNetwork(weights.X4PLUS, "data", "output", scale=4, border=16)
FACE_SIDE = 512  # px
# Eyes, tip of the nose and middle of the mouth (between its corners) in the square, as in FFHQ, on which CodeFormer and
# GFPGAN were trained.
FFHQ_POINTS = np.array([[192.98, 239.95], [318.90, 240.19], [256.63, 314.02], [257.18, 371.28]], dtype=np.float32)
SQUARE_TO_BOX = 1.75  # side of the square in sides of BlazeFace's box, for a frontal face
ZOOM_TOLERANCE = 1.3  # largest deviation from it: in a profile the eyes are close together
ELLIPSE_CENTRE, ELLIPSE_RADII = (256, 276), (196, 236)  # px; the part that is blended in, from hair to chin
ELLIPSE_FADE = 0.35  # share of the radii over which it fades out
COARSE_DEVIATION = 40.0  # px, deviation of the blur; coarser colours stay the picture's
FINDING_SHARE = 0.2  # of the time
FIDELITY = 0.6  # CodeFormer's w: 0 for the best quality, 1 for the best likeness
X4PLUS_SHRINK = 2.0  # before Real-ESRGAN, which restores by enlarging; shrinking to a quarter distorts faces
X4PLUS_SMALLEST, X4PLUS_LARGEST = 40, 128  # px, sides of Real-ESRGAN's input


@dataclass(frozen=True)
class RestoredFaces:
    """The picture, the backends that were used, and the numbers of faces found and changed."""

    colours: Pixels
    made_by: tuple[str, ...]
    face_count: int
    changed_count: int


def enhance_faces(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Restore all faces and leave the rest of the picture unchanged. No parameters. Raises `WeightsMissing`."""
    colours = get_visible_colours(picture)
    restored = restore_faces(colours, colours, 1.0, networks, report)
    picture = picture.add_backends(*restored.made_by)
    if not restored.face_count:
        return picture.add_note(Message(gettext_noop("No face was found; the picture was left as it is.")))
    if not restored.changed_count:
        return picture.add_note(Message(gettext_noop("The faces are sharp already: they were left as they are.")))
    return picture.replace_pixels(restored.colours, picture.alpha)


def restore_faces(
    colours: Pixels, source: Pixels, strength: float, networks: NetworkRegistry, report: Report
) -> RestoredFaces:
    """Restore every face in `colours` from `source`, the same picture before other changes.

    `strength` is the restored faces' share, 0..1. Raises `WeightsMissing`.
    """
    backend = networks.choose(FACE_RESTORATION)
    finding, restoring = split_report(report, (FINDING_SHARE, 1 - FINDING_SHARE))
    faces = find_faces(colours, networks, finding)
    result, changed = colours.copy() if faces else colours, 0
    parts = split_report(restoring, [1.0] * len(faces))
    for face, part in zip(report_each(faces, restoring), parts, strict=True):
        share = strength * choose_restored_share(face, source, backend)
        if share:
            alignment = FaceAlignment.estimate(face)
            restored = backend.run(alignment.cut(source), alignment.side, networks, part)
            alignment.add(result, _compute_change(alignment, restored, colours), share)
            changed += 1
    report(1.0)
    return RestoredFaces(result, (BLAZEFACE.name, *((backend.name,) if changed else ())), len(faces), changed)


def choose_restored_share(face: Face, source: Pixels, backend: Backend[Restorer]) -> float:
    """Return the restored face's share, 0..1: face networks also improve sharp faces, Real-ESRGAN doesn't."""
    if backend is not X4PLUS_FACES:
        return 1.0
    height, width = source.shape[:2]
    left, top = max(int(face.left), 0), max(int(face.top), 0)
    right, bottom = min(int(face.right) + 1, width), min(int(face.bottom) + 1, height)
    return estimate_blurriness(source[top:bottom, left:right])


@dataclass(frozen=True)
class FaceAlignment:
    """The position of a face's square of 512 px: `matrix` (2 x 3) maps points of the picture to the square."""

    matrix: npt.NDArray[np.float64]
    side: float  # in px of the picture

    @classmethod
    def estimate(cls, face: Face) -> "FaceAlignment":
        """Estimate the rotation, shift and zoom that bring the face's points nearest to `FFHQ_POINTS`."""
        points = np.concatenate([face.points[EYES], face.points[[NOSE, MOUTH]]]).astype(np.float64)
        here, there = points @ (1, 1j), FFHQ_POINTS.astype(np.float64) @ (1, 1j)
        turn = np.vdot(here - here.mean(), there - there.mean()) / np.square(np.abs(here - here.mean())).sum()
        usual = FACE_SIDE / (SQUARE_TO_BOX * face.side)
        turn *= np.clip(abs(turn), usual / ZOOM_TOLERANCE, usual * ZOOM_TOLERANCE) / abs(turn)
        shift = there.mean() - turn * here.mean()
        matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
        return cls(matrix, FACE_SIDE / abs(turn))

    def cut(self, source: Pixels) -> Pixels:
        """Return the square, 512 x 512 x 3, mirrored beyond the picture's edge."""
        tile = self._find_bounds(source, margin=2)
        part = source[tile.top : tile.bottom, tile.left : tile.right]
        shrink = max(int(self.side / FACE_SIDE), 1)
        size = max(part.shape[1] // shrink, 1), max(part.shape[0] // shrink, 1)
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        zoom = part.shape[1] / size[0], part.shape[0] / size[1]
        to_part = np.array([[zoom[0], 0, (zoom[0] - 1) / 2 + tile.left], [0, zoom[1], (zoom[1] - 1) / 2 + tile.top],
                            [0, 0, 1]])  # fmt: skip
        cut = cv2.warpAffine(small, self.matrix @ to_part, (FACE_SIDE, FACE_SIDE), flags=cv2.INTER_CUBIC,
                             borderMode=cv2.BORDER_REFLECT_101)  # fmt: skip
        return np.asarray(cut, dtype=np.uint8)

    def add(self, target: Pixels, change: FloatArray, share: float) -> None:
        """Add `share` of the change (512 x 512 x 3, in levels) to the face in the picture, tile by tile."""
        weighted = change * (ELLIPSE_MASK[:, :, None] * np.float32(share))
        small = min(max(round(self.side), 1), FACE_SIDE)
        weighted = cv2.resize(weighted, (small, small), interpolation=cv2.INTER_AREA)
        zoom = small / FACE_SIDE
        shrinking = np.array([[zoom, 0, (zoom - 1) / 2], [0, zoom, (zoom - 1) / 2]])
        whole = self._find_bounds(target, margin=0)
        for part in split_into_tiles(whole.bottom - whole.top, whole.right - whole.left, FACE_SIDE):
            top, left = whole.top + part.top, whole.left + part.left
            inside = target[top : whole.top + part.bottom, left : whole.left + part.right]
            moved = self.matrix.copy()
            moved[:, 2] += self.matrix[:, :2] @ (left, top)
            matrix = shrinking @ np.vstack([moved, (0, 0, 1)])
            added = cv2.warpAffine(weighted, matrix, inside.shape[1::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
            inside[:] = np.clip(inside + added + 0.5, 0, 255).astype(np.uint8)

    def _find_bounds(self, pixels: Pixels, margin: int) -> Tile:
        """Return the part of the picture that contains the square, with a margin in px; at least one px."""
        height, width = pixels.shape[:2]
        corners = np.array([[0, 0], [FACE_SIDE, 0], [0, FACE_SIDE], [FACE_SIDE, FACE_SIDE]], dtype=np.float64)
        back = cv2.invertAffineTransform(self.matrix)
        places = corners @ back[:, :2].T + back[:, 2]
        left, top = (np.floor(places.min(axis=0)) - margin).astype(int)
        right, bottom = (np.ceil(places.max(axis=0)) + margin).astype(int)
        left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
        return Tile(top, min(max(bottom, top + 1), height), left, min(max(right, left + 1), width))


def _compute_change(alignment: FaceAlignment, restored: Pixels, colours: Pixels) -> FloatArray:
    """Return the change in the square, in levels, without the change of coarse colours."""
    change = restored.astype(np.float32) - alignment.cut(colours)
    return np.asarray(change - cv2.GaussianBlur(change, (0, 0), COARSE_DEVIATION), dtype=np.float32)


def _restore_with_codeformer(square: Pixels, side: float, networks: NetworkRegistry, report: Report) -> Pixels:
    return _run_face_network(square, networks.load_onnx(CODEFORMER))


def _restore_with_gfpgan(square: Pixels, side: float, networks: NetworkRegistry, report: Report) -> Pixels:
    return _run_face_network(square, networks.load_onnx(GFPGAN))


def _run_face_network(square: Pixels, session: OnnxSession) -> Pixels:
    batch = np.ascontiguousarray(to_planes(square)[None] * 2 - 1, dtype=np.float32)
    restored = session.run(batch, number=FIDELITY)[0]
    return to_pixels(np.asarray((restored + 1) / 2, dtype=np.float32))


def _restore_with_x4plus(square: Pixels, side: float, networks: NetworkRegistry, report: Report) -> Pixels:
    """Return the mean of a plain and a mirrored run: what only one of them shows isn't real."""
    network = networks.load_ncnn(X4PLUS)
    size = round(min(max(side / X4PLUS_SHRINK, X4PLUS_SMALLEST), X4PLUS_LARGEST))
    small = np.asarray(cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    planes = to_planes(cut_with_border(small, Tile(0, size, 0, size), network.network.border))
    first, second = split_report(report, (1, 1))
    mirrored = network.run(np.ascontiguousarray(planes[:, :, ::-1]), first)[:, :, ::-1]
    large = np.asarray((network.run(planes, second) + mirrored) / 2, dtype=np.float32)
    way = cv2.INTER_AREA if large.shape[1] >= FACE_SIDE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(to_pixels(large), (FACE_SIDE, FACE_SIDE), interpolation=way), dtype=np.uint8)


def _build_ellipse_mask() -> FloatArray:
    """Return the weight of the change at each px of the square, 0..1."""
    y, x = np.mgrid[:FACE_SIDE, :FACE_SIDE].astype(np.float32)
    reach = np.hypot((x - ELLIPSE_CENTRE[0]) / ELLIPSE_RADII[0], (y - ELLIPSE_CENTRE[1]) / ELLIPSE_RADII[1])
    part = np.clip((1 - reach) / ELLIPSE_FADE, 0, 1)
    return np.asarray(part * part * (3 - 2 * part), dtype=np.float32)


ELLIPSE_MASK = _build_ellipse_mask()
INTERFACE = Interface(inputs=((1, 3, 512, 512),), outputs=((1, 3, 512, 512),))  # RGB, -1..1; CodeFormer also w, 0..1
CODEFORMER = Backend(
    name="codeformer (onnxruntime)",
    source=Source.BROUGHT,
    licence="S-Lab 1.0: not for commercial use",
    run=_restore_with_codeformer,
    own_files=("faces/codeformer.onnx",),
    interface=INTERFACE,
)
GFPGAN = Backend(
    name="gfpgan (onnxruntime)",
    source=Source.BROUGHT,
    licence="Apache-2.0",
    run=_restore_with_gfpgan,
    own_files=("faces/gfpgan.onnx",),
    interface=INTERFACE,
)
X4PLUS_FACES = Backend(
    name="realesrgan-x4plus on faces (ncnn)",
    source=Source.SET_UP,
    licence="BSD-3-Clause",
    run=_restore_with_x4plus,
    weights=(weights.X4PLUS,),
)
FACE_RESTORATION: Slot[Restorer] = Slot("face", ("CodeFormer", "img2sr"), (CODEFORMER, GFPGAN, X4PLUS_FACES))
