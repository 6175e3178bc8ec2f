"""Training photos and held-out photos: the split between them, reading and cropping."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

HELD_OUT_LIST = Path(__file__).with_name("held_out.txt")
HELD_OUT_COUNT = 200

RGB = NDArray[np.uint8]


@dataclass(frozen=True)
class PhotoSplit:
    """Photos to learn from and held-out photos, each in the order of their names (uint8 RGB, HxWx3).

    `kinds` has the first word of each training photo's name: `scenes`, `things` or `clothes`.
    """

    training: tuple[RGB, ...]
    held_out: tuple[RGB, ...]
    kinds: tuple[str, ...] = ()


def choose_held_out(names: Iterable[str], count: int = HELD_OUT_COUNT) -> tuple[str, ...]:
    """Return the `count` names with the smallest SHA-256, sorted: a choice anybody can repeat and nobody can bias."""
    ranked = sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return tuple(sorted(ranked[:count]))


def read_held_out_names() -> tuple[str, ...]:
    """Return the fixed list of photos that every network is measured on."""
    return tuple(HELD_OUT_LIST.read_text(encoding="utf-8").split())


def read_photo(path: Path) -> RGB:
    """Return the photo as uint8 RGB, HxWx3. Raises ValueError if the file is no photo."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError(f"{path.name} is not a photo that can be read.")
    return np.ascontiguousarray(pixels[..., ::-1])


def read_split(directory: Path) -> PhotoSplit:
    """Read all photos of a directory (2,000 of 256 px: 600 MB). Raises ValueError if held-out ones are missing."""
    held_out = frozenset(read_held_out_names())
    paths = sorted(directory.glob("*.jpg"))
    missing = held_out - {path.name for path in paths}
    if missing:
        raise ValueError(f"{len(missing)} of the {len(held_out)} held-out photos are not in the directory.")
    chosen = [path for path in paths if path.name not in held_out]
    return PhotoSplit(
        training=tuple(read_photo(path) for path in chosen),
        held_out=tuple(read_photo(path) for path in paths if path.name in held_out),
        kinds=tuple(path.name.split("_")[0] for path in chosen),
    )


def to_float(photo: RGB) -> NDArray[np.float32]:
    return photo.astype(np.float32) / np.float32(255)


def to_grey(photo: RGB) -> NDArray[np.float32]:
    """Return the photo's luma (BT.601), float32 0..1, HxW."""
    return np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)


def crop_randomly(photo: RGB, rng: np.random.Generator, side: int, shortest: float, longest: float) -> RGB:
    """Cut a random square of shortest..longest px, resize it to `side` px and mirror it by chance."""
    limit = min(photo.shape[:2])
    cut = int(min(limit, rng.uniform(shortest, longest)))
    top = int(rng.integers(photo.shape[0] - cut + 1))
    left = int(rng.integers(photo.shape[1] - cut + 1))
    piece = photo[top : top + cut, left : left + cut]
    if cut != side:
        way = cv2.INTER_AREA if cut > side else cv2.INTER_CUBIC
        piece = np.asarray(cv2.resize(piece, (side, side), interpolation=way), np.uint8)
    return np.ascontiguousarray(piece[:, ::-1] if rng.random() < 0.5 else piece)


def crop_middle(photo: RGB, side: int) -> RGB:
    """Cut the largest middle square and resize it to `side` px."""
    cut = min(photo.shape[:2])
    top, left = (photo.shape[0] - cut) // 2, (photo.shape[1] - cut) // 2
    piece = photo[top : top + cut, left : left + cut]
    way = cv2.INTER_AREA if cut > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(piece, (side, side), interpolation=way), np.uint8)
