"""The photos of a training: which are learnt from, which are kept out to measure on, and how they are read."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

KEPT_OUT_LIST = Path(__file__).with_name("kept_out.txt")
KEPT_OUT = 200

RGB = NDArray[np.uint8]


@dataclass(frozen=True)
class Split:
    """Photos to learn from and photos kept out, each in the order of their names (uint8 RGB, HxWx3).

    `kinds` tells of each photo to learn from what its name begins with: `scenes`, `things`, `clothes`.
    """

    learnt: tuple[RGB, ...]
    kept_out: tuple[RGB, ...]
    kinds: tuple[str, ...] = ()


def choose_kept_out(names: Iterable[str], count: int = KEPT_OUT) -> tuple[str, ...]:
    """The `count` names with the smallest SHA-256, sorted: a choice anybody can repeat and nobody can bend."""
    ranked = sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return tuple(sorted(ranked[:count]))


def kept_out_names() -> tuple[str, ...]:
    """The fixed list every network is measured on."""
    return tuple(KEPT_OUT_LIST.read_text(encoding="utf-8").split())


def read_photo(path: Path) -> RGB:
    """The photo as uint8 RGB, HxWx3. Raises ValueError where it is none."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError(f"{path.name} is not a photo that can be read.")
    return np.ascontiguousarray(pixels[..., ::-1])


def read_split(directory: Path) -> Split:
    """All photos of a directory, in memory (2,000 of 256 px: 600 MB). Raises ValueError where kept-out ones lack."""
    kept = frozenset(kept_out_names())
    paths = sorted(directory.glob("*.jpg"))
    missing = kept - {path.name for path in paths}
    if missing:
        raise ValueError(f"{len(missing)} of the {len(kept)} kept-out photos are not in the directory.")
    chosen = [path for path in paths if path.name not in kept]
    return Split(
        learnt=tuple(read_photo(path) for path in chosen),
        kept_out=tuple(read_photo(path) for path in paths if path.name in kept),
        kinds=tuple(path.name.split("_")[0] for path in chosen),
    )


def to_float(photo: RGB) -> NDArray[np.float32]:
    return photo.astype(np.float32) / np.float32(255)


def to_grey(photo: RGB) -> NDArray[np.float32]:
    """The photo's luma (BT.601), float32 0..1, HxW."""
    return np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)


def random_crop(photo: RGB, rng: np.random.Generator, side: int, shortest: float, longest: float) -> RGB:
    """A square of `side` px cut from a random square of shortest..longest px, mirrored by chance."""
    limit = min(photo.shape[:2])
    cut = int(min(limit, rng.uniform(shortest, longest)))
    top = int(rng.integers(photo.shape[0] - cut + 1))
    left = int(rng.integers(photo.shape[1] - cut + 1))
    piece = photo[top : top + cut, left : left + cut]
    if cut != side:
        way = cv2.INTER_AREA if cut > side else cv2.INTER_CUBIC
        piece = np.asarray(cv2.resize(piece, (side, side), interpolation=way), np.uint8)
    return np.ascontiguousarray(piece[:, ::-1] if rng.random() < 0.5 else piece)


def middle_crop(photo: RGB, side: int) -> RGB:
    """The largest middle square, `side` px wide."""
    cut = min(photo.shape[:2])
    top, left = (photo.shape[0] - cut) // 2, (photo.shape[1] - cut) // 2
    piece = photo[top : top + cut, left : left + cut]
    way = cv2.INTER_AREA if cut > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(piece, (side, side), interpolation=way), np.uint8)
