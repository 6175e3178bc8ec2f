"""CodeFormer: faces restored apart from the picture, and blended back without a seam.

Each face is turned upright into a square of 512 px in which eyes, nose and mouth lie where the networks for faces
expect them. What comes back takes its coarse colours from the picture, keeps the picture's own detail finer than the
square can hold, and fades out towards the hair and the neck.
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
from vanceweb.engine.processing.image.tiles import Report, Tile, cut_with_border, split_into_tiles
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.ncnn_networks import NcnnNetwork
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.inference.sessions import OnnxSession
from vanceweb.engine.processing.messages import Message, gettext_noop

FloatArray = npt.NDArray[np.float32]
Restorer = Callable[[Pixels, float, NetworkRegistry], Pixels]

X4PLUS = NcnnNetwork(weights.X4PLUS, "data", "output", scale=4, border=16)
SQUARE = 512  # px
# Where the eyes, the tip of the nose and the middle of the mouth lie in the square: FFHQ's places, on which CodeFormer
# and GFPGAN were trained (the mouth: between its corners).
PLACES = np.array([[192.98, 239.95], [318.90, 240.19], [256.63, 314.02], [257.18, 371.28]], dtype=np.float32)
BOX = 1.75  # side of the square in sides of BlazeFace's box, for a face seen from the front
MOST_OFF = 1.3  # by how much the points may say otherwise: eyes come together in a face seen from the side
MIDDLE, RADII = (256, 276), (196, 236)  # px, of the ellipse that is blended in: from the hair to the chin
SOFT = 0.35  # of its radii, over which it fades out
COARSE = 40.0  # px, deviation of the blur above which colours are the picture's
FIDELITY = 0.6  # CodeFormer's w: 0 is the finest face, 1 the one most like the picture's
SHRUNK = 2.0  # before Real-ESRGAN, which restores by enlarging; a quarter of the size distorts faces
SMALLEST, LARGEST = 40, 128  # px, of what Real-ESRGAN gets


@dataclass(frozen=True)
class Restored:
    """The picture, the backends that were at work, how many faces were found and how many of them were changed."""

    colours: Pixels
    made_by: tuple[str, ...]
    found: int
    changed: int


def enhance_faces(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """All faces of the picture restored, the rest left as it is. No parameters. Raises `WeightsMissing`."""
    colours = get_visible_colours(picture)
    restored = restore_faces(colours, colours, 1.0, networks, report)
    picture = picture.add_backends(*restored.made_by)
    if not restored.found:
        return picture.add_note(Message(gettext_noop("No face was found; the picture was left as it is.")))
    if not restored.changed:
        return picture.add_note(Message(gettext_noop("The faces are sharp already: they were left as they are.")))
    return picture.replace_pixels(restored.colours, picture.alpha)


def restore_faces(
    colours: Pixels, source: Pixels, strength: float, networks: NetworkRegistry, report: Report
) -> Restored:
    """Every face in `colours` restored from how it is in `source`, the same picture before what was done to it.

    `strength` 0..1 is how much is taken of it. Raises `WeightsMissing`.
    """
    backend = networks.choose(FACE_RESTORATION)
    faces = find_faces(colours, networks)
    result, changed = colours.copy() if faces else colours, 0
    for done, face in enumerate(faces, start=1):
        share = strength * share_restored(face, source, backend)
        if share:
            square = Square.of(face)
            change = _changed(square, backend.run(square.cut(source), square.side, networks), colours)
            square.add(result, change, share)
            changed += 1
        report(done / len(faces))
    report(1.0)
    return Restored(result, (BLAZEFACE.name, *((backend.name,) if changed else ())), len(faces), changed)


def share_restored(face: Face, source: Pixels, backend: Backend[Restorer]) -> float:
    """How much of the result is taken, 0..1: networks made for faces also do sharp ones good, Real-ESRGAN doesn't."""
    if backend is not X4PLUS_FACES:
        return 1.0
    height, width = source.shape[:2]
    left, top = max(int(face.left), 0), max(int(face.top), 0)
    right, bottom = min(int(face.right) + 1, width), min(int(face.bottom) + 1, height)
    return estimate_blurriness(source[top:bottom, left:right])


@dataclass(frozen=True)
class Square:
    """Where a face's square of 512 px lies in the picture: `matrix` (2 x 3) takes places in the picture to it."""

    matrix: npt.NDArray[np.float64]
    side: float  # in px of the picture

    @classmethod
    def of(cls, face: Face) -> "Square":
        """The square in which the face's points come nearest to `PLACES`: turned, moved and zoomed."""
        points = np.concatenate([face.points[EYES], face.points[[NOSE, MOUTH]]]).astype(np.float64)
        here, there = points @ (1, 1j), PLACES.astype(np.float64) @ (1, 1j)
        turn = np.vdot(here - here.mean(), there - there.mean()) / np.square(np.abs(here - here.mean())).sum()
        usual = SQUARE / (BOX * face.side)
        turn *= np.clip(abs(turn), usual / MOST_OFF, usual * MOST_OFF) / abs(turn)
        shift = there.mean() - turn * here.mean()
        matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
        return cls(matrix, SQUARE / abs(turn))

    def cut(self, source: Pixels) -> Pixels:
        """The square, 512 x 512 x 3, mirrored where the picture ends."""
        tile = self._reach(source, margin=2)
        part = source[tile.top : tile.bottom, tile.left : tile.right]
        shrink = max(int(self.side / SQUARE), 1)
        size = max(part.shape[1] // shrink, 1), max(part.shape[0] // shrink, 1)
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        zoom = part.shape[1] / size[0], part.shape[0] / size[1]
        to_part = np.array([[zoom[0], 0, (zoom[0] - 1) / 2 + tile.left], [0, zoom[1], (zoom[1] - 1) / 2 + tile.top],
                            [0, 0, 1]])  # fmt: skip
        cut = cv2.warpAffine(small, self.matrix @ to_part, (SQUARE, SQUARE), flags=cv2.INTER_CUBIC,
                             borderMode=cv2.BORDER_REFLECT_101)  # fmt: skip
        return np.asarray(cut, dtype=np.uint8)

    def add(self, target: Pixels, change: FloatArray, share: float) -> None:
        """Add `share` of the change, 512 x 512 x 3 in levels, to the picture where the face is; tile by tile."""
        weighted = change * (ELLIPSE[:, :, None] * np.float32(share))
        small = min(max(round(self.side), 1), SQUARE)
        weighted = cv2.resize(weighted, (small, small), interpolation=cv2.INTER_AREA)
        zoom = small / SQUARE
        shrinking = np.array([[zoom, 0, (zoom - 1) / 2], [0, zoom, (zoom - 1) / 2]])
        whole = self._reach(target, margin=0)
        for part in split_into_tiles(whole.bottom - whole.top, whole.right - whole.left, SQUARE):
            top, left = whole.top + part.top, whole.left + part.left
            inside = target[top : whole.top + part.bottom, left : whole.left + part.right]
            moved = self.matrix.copy()
            moved[:, 2] += self.matrix[:, :2] @ (left, top)
            matrix = shrinking @ np.vstack([moved, (0, 0, 1)])
            added = cv2.warpAffine(weighted, matrix, inside.shape[1::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
            inside[:] = np.clip(inside + added + 0.5, 0, 255).astype(np.uint8)

    def _reach(self, pixels: Pixels, margin: int) -> Tile:
        """The part of the picture in which the square lies, with a margin in px; at least one px of it."""
        height, width = pixels.shape[:2]
        corners = np.array([[0, 0], [SQUARE, 0], [0, SQUARE], [SQUARE, SQUARE]], dtype=np.float64)
        back = cv2.invertAffineTransform(self.matrix)
        places = corners @ back[:, :2].T + back[:, 2]
        left, top = (np.floor(places.min(axis=0)) - margin).astype(int)
        right, bottom = (np.ceil(places.max(axis=0)) + margin).astype(int)
        left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
        return Tile(top, min(max(bottom, top + 1), height), left, min(max(right, left + 1), width))


def _changed(square: Square, restored: Pixels, colours: Pixels) -> FloatArray:
    """What restoring changes in the square, in levels, less what it does to the coarse colours."""
    change = restored.astype(np.float32) - square.cut(colours)
    return np.asarray(change - cv2.GaussianBlur(change, (0, 0), COARSE), dtype=np.float32)


def _by_codeformer(square: Pixels, side: float, networks: NetworkRegistry) -> Pixels:
    return _by_network(square, networks.load_onnx(CODEFORMER))


def _by_gfpgan(square: Pixels, side: float, networks: NetworkRegistry) -> Pixels:
    return _by_network(square, networks.load_onnx(GFPGAN))


def _by_network(square: Pixels, session: OnnxSession) -> Pixels:
    batch = np.ascontiguousarray(to_planes(square)[None] * 2 - 1, dtype=np.float32)
    restored = session.run(batch, number=FIDELITY)[0]
    return to_pixels(np.asarray((restored + 1) / 2, dtype=np.float32))


def _by_x4plus(square: Pixels, side: float, networks: NetworkRegistry) -> Pixels:
    """Restored as it is and mirrored, and the mean of both: what only one of them shows is not there."""
    network = networks.load_ncnn(X4PLUS)
    size = round(min(max(side / SHRUNK, SMALLEST), LARGEST))
    small = np.asarray(cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    planes = to_planes(cut_with_border(small, Tile(0, size, 0, size), network.network.border))
    mirrored = network.run(np.ascontiguousarray(planes[:, :, ::-1]))[:, :, ::-1]
    large = np.asarray((network.run(planes) + mirrored) / 2, dtype=np.float32)
    way = cv2.INTER_AREA if large.shape[1] >= SQUARE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(to_pixels(large), (SQUARE, SQUARE), interpolation=way), dtype=np.uint8)


def _ellipse() -> FloatArray:
    """How much of the change is taken at each px of the square, 0..1."""
    y, x = np.mgrid[:SQUARE, :SQUARE].astype(np.float32)
    reach = np.hypot((x - MIDDLE[0]) / RADII[0], (y - MIDDLE[1]) / RADII[1])
    part = np.clip((1 - reach) / SOFT, 0, 1)
    return np.asarray(part * part * (3 - 2 * part), dtype=np.float32)


ELLIPSE = _ellipse()
INTERFACE = Interface(inputs=((1, 3, 512, 512),), outputs=((1, 3, 512, 512),))  # RGB, -1..1; CodeFormer also w, 0..1
CODEFORMER = Backend(
    name="codeformer (onnxruntime)",
    source=Source.BROUGHT,
    licence="S-Lab 1.0: not for commercial use",
    run=_by_codeformer,
    own_files=("faces/codeformer.onnx",),
    interface=INTERFACE,
)
GFPGAN = Backend(
    name="gfpgan (onnxruntime)",
    source=Source.BROUGHT,
    licence="Apache-2.0",
    run=_by_gfpgan,
    own_files=("faces/gfpgan.onnx",),
    interface=INTERFACE,
)
X4PLUS_FACES = Backend(
    name="realesrgan-x4plus on faces (ncnn)",
    source=Source.SET_UP,
    licence="BSD-3-Clause",
    run=_by_x4plus,
    weights=(weights.X4PLUS,),
)
FACE_RESTORATION: Slot[Restorer] = Slot("face", ("CodeFormer", "img2sr"), (CODEFORMER, GFPGAN, X4PLUS_FACES))
