"""Small pictures for the browser tests, cut from real photos so that they are done quickly."""

from pathlib import Path

import numpy as np
from PIL import Image

PHOTOS = Path(__file__).parent.parent / "photos"


def small_photo(folder: Path, name: str = "cat.png", *, side: int = 96, noise: float = 0.0) -> Path:
    """`side` px square from the middle of the astronaut, with Gaussian noise of the given sigma."""
    with Image.open(PHOTOS / "astronaut.png") as photo:
        square = np.asarray(photo.convert("RGB").crop((170, 60, 330, 220)).resize((side, side), Image.Resampling.BOX))
    noisy = square + np.random.default_rng(7).normal(0, noise, square.shape)
    path = folder / name
    Image.fromarray(noisy.clip(0, 255).astype("uint8")).save(path)
    return path


def roughness(picture: Image.Image) -> float:
    """Mean difference of neighbouring pixels: falls when noise goes."""
    values = np.asarray(picture.convert("RGB"), float)
    return float(np.abs(np.diff(values, axis=0)).mean() + np.abs(np.diff(values, axis=1)).mean())
