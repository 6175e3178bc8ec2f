"""Samples and transparent keys of a PNG exactly as the file has them, where Pillow reduces them to 8 bits first."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image, ImageChops

from vanceweb.lib.png_outline import PngOutline

SIXTEEN_BIT_LEVELS = 0x10000


def adjust_key(image: Image.Image, outline: PngOutline) -> None:
    """Let Pillow compare the key of an opened PNG of up to 8 bits with the samples that it makes of the file's."""
    if outline.key is None or outline.bit_depth > 8:
        return
    key = tuple(sample * 255 // ((1 << outline.bit_depth) - 1) for sample in outline.key)
    image.info["transparency"] = key if len(key) > 1 else key[0]


@contextmanager
def open_lower_bytes(file: BinaryIO) -> Iterator[Image.Image]:
    """Open a PNG with colours of 16 bits as an image of its samples' lower bytes. Pillow itself reads the others."""
    file.seek(0)
    with Image.open(file, formats=["PNG"]) as image:
        # As numbers whose lower byte comes first, they are reduced to their second byte.
        image.tile = [tile._replace(args=str(tile.args).replace("16B", "16L")) for tile in image.tile]
        yield image


def apply_wide_key(image: Image.Image, outline: PngOutline, file: BinaryIO) -> Image.Image:
    """Return a loaded PNG with the key of 16-bit samples as alpha, or the image itself if it has none.

    The result has 8 bits.
    """
    if outline.key is None or outline.bit_depth <= 8:
        return image
    if len(outline.key) == 1:
        return _apply_grey_key(image, outline.key[0])
    with open_lower_bytes(file) as lower:
        differences = [
            part.getchannel(channel).point([255 * (level != wanted) for level in range(256)])
            for channel, sample in enumerate(outline.key)
            for part, wanted in ((image, sample >> 8), (lower, sample & 0xFF))
        ]
    alpha = differences[0]
    for difference in differences[1:]:
        alpha = ImageChops.lighter(alpha, difference)
    image.info.pop("transparency", None)
    image.putalpha(alpha)
    return image


def _apply_grey_key(image: Image.Image, key: int) -> Image.Image:
    samples = image.convert("I")
    grey = samples.point([(sample + 128) // 257 for sample in range(SIXTEEN_BIT_LEVELS)], "L")
    alpha = samples.point([255 * (sample != key) for sample in range(SIXTEEN_BIT_LEVELS)], "L")
    result = Image.merge("LA", (grey, alpha))
    result.info = {name: value for name, value in image.info.items() if name != "transparency"}
    return result
