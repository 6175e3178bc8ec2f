"""Samples of a picture's file, upright: as deep as the file has them, where the depth matters."""

from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from vanceweb.engine.processing.image.arrays import Mask
from vanceweb.lib.png_outline import PngOutline
from vanceweb.lib.png_samples import adjust_key, open_lower_bytes

Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]  # height x width (x 3 unless grey), to 255 or 65535

GREY_MODES = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"})
SIXTEEN_BIT_MODES = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})


def read_samples(
    image: Image.Image, outline: PngOutline, file: BinaryIO, *, exact: bool
) -> tuple[Samples, Mask | None]:
    """Load an opened image that isn't CMYK; return its samples and, if present, its 8-bit alpha.

    Samples of 16 bits are read `exact` on request, and where a key must be compared with them.
    """
    is_deep = outline.has_deep_colours and (exact or outline.key is not None)
    adjust_key(image, outline)
    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode in SIXTEEN_BIT_MODES:
        grey = np.clip(np.asarray(upright), 0, 65535).astype(np.uint16)
        return grey, _compare_with_key(grey[..., None], outline)
    if not is_deep:
        return _extract_samples(upright)
    with open_lower_bytes(file) as lower:
        lower.load()
        lower_bytes = np.asarray(ImageOps.exif_transpose(lower))[..., :3]
    samples = np.asarray(upright)
    alpha = np.ascontiguousarray(samples[..., 3]) if samples.shape[2] > 3 else None
    deep = (samples[..., :3].astype(np.uint16) << 8) | lower_bytes
    return deep, _compare_with_key(deep, outline) if alpha is None else alpha


def _extract_samples(image: Image.Image) -> tuple[Samples, Mask | None]:
    if image.has_transparency_data:
        samples = np.asarray(image.convert("RGBA"))
        return np.ascontiguousarray(samples[:, :, :3]), np.ascontiguousarray(samples[:, :, 3])
    return np.array(image.convert("L" if image.mode in GREY_MODES else "RGB")), None


def _compare_with_key(samples: Samples, outline: PngOutline) -> Mask | None:
    """Return alpha that hides the px whose samples (height x width x channels) are the key; None without a key."""
    if outline.key is None:
        return None
    hidden = (samples == np.array(outline.key, dtype=np.uint16)).all(axis=-1)
    return np.where(hidden, 0, 255).astype(np.uint8)
