"""Picture files of every kind, and the pixels of results."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms

RED, BLUE = (220, 30, 20), (20, 40, 210)
EXIF_MAKE, EXIF_MODEL = 0x010F, 0x0110


def make_halves(
    width: int = 48, height: int = 32, left: Any = RED, right: Any = BLUE, mode: str = "RGB"
) -> Image.Image:
    """Make a picture whose left half has one colour and whose right half another."""
    image = Image.new(mode, (width, height), left)
    image.paste(right, (width // 2, 0, width, height))
    return image


def save_picture(image: Image.Image, path: Path, **options: Any) -> Path:
    """Save the picture and return its path."""
    image.save(path, **options)
    return path


def read_pixels(path: Path, mode: str = "RGB") -> np.ndarray[Any, np.dtype[np.int_]]:
    """Return the values of the picture in `path` as integers, height x width x channels."""
    with Image.open(path) as image:
        return np.asarray(image.convert(mode)).astype(int)


def build_camera_exif(orientation: int | None = None) -> Image.Exif:
    """Build a camera's EXIF block for a picture of 48 x 32 px."""
    exif = Image.Exif()
    exif[EXIF_MAKE], exif[EXIF_MODEL] = "Maker", "Camera 1"
    if orientation is not None:
        exif[0x0112] = orientation
    details = exif.get_ifd(0x8769)
    details[0x9003] = "2024:05:06 07:08:09"
    details[0xA002], details[0xA003] = 48, 32
    return exif


@functools.cache
def get_srgb_profile() -> bytes:
    """Return an sRGB profile, cached because its bytes contain the creation time."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def make_animated_png(path: Path) -> Path:
    """Save a PNG of three frames; the first is red and blue."""
    make_halves().save(path, save_all=True, append_images=[Image.new("RGB", (48, 32), (0, 255, 0))] * 2, duration=100)
    return path


def make_16_bit_png(path: Path) -> Path:
    """Save a 16-bit grey PNG, dark on the left and bright on the right."""
    values = np.full((32, 48), 51 * 257, dtype=np.uint16)
    values[:, 24:] = 204 * 257
    Image.fromarray(values).save(path)
    return path
