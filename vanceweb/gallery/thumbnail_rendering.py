"""Thumbnails of a picture: upright, 8 bit, sRGB, transparency kept. Works on files only, without the database."""

import io
import logging
import warnings
from collections.abc import Collection, Mapping
from typing import BinaryIO

from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps

from vanceweb.gallery.sizes import fit_size
from vanceweb.lib.images import NotAnImage

logger = logging.getLogger(__name__)

# Scales 16-bit samples to 8 bits: 65535 becomes 255.
SIXTEEN_TO_EIGHT = 1 / 257
SIXTEEN_BIT_MODES = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
ALPHA_MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})


def render_thumbnails(
    file: BinaryIO, *, sides: Mapping[str, int], formats: Collection[str], quality: int
) -> dict[str, bytes]:
    """Return WebP files by name: the picture fitted into a square of each side in px, never enlarged.

    Decode every pixel, and raise NotAnImage if the file is damaged or incomplete. A JPG is decoded at the smallest
    sufficient scale (34 megapixels take a sixth of a second).
    """
    ordered = sorted(sides.items(), key=lambda item: -item[1])
    picture = _open_upright(file, ordered[0][1], formats)
    rendered = {}
    for name, side in ordered:
        size = fit_size(*picture.size, side)
        # Each is made from the previous one, which is larger and already sRGB.
        picture = picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
        target = io.BytesIO()
        picture.save(target, "WEBP", quality=quality, method=4)
        rendered[name] = target.getvalue()
    return rendered


def _open_upright(file: BinaryIO, side: int, formats: Collection[str]) -> Image.Image:
    file.seek(0)
    try:
        with warnings.catch_warnings():
            # The pixel limit was enforced when the file was uploaded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=list(formats)) as image:
                # Decode at 1.5 times the size, so that the resampling filter sets the final quality, not the decoder.
                image.draft(None, (side * 3 // 2, side * 3 // 2))
                image.load()
                return _to_rgb(ImageOps.exif_transpose(image))
    except Exception as error:
        # Decoders pass on the errors of their libraries (OSError, SyntaxError, struct.error, zlib.error, …).
        logger.info("A picture could not be decoded: %s", type(error).__name__)
        raise NotAnImage(_("The image is damaged or incomplete.")) from error


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert the picture to RGB or RGBA in sRGB."""
    profile = image.info.get("icc_profile")
    if image.mode in SIXTEEN_BIT_MODES:
        image = image.convert("F").point(lambda sample: sample * SIXTEEN_TO_EIGHT + 0.5).convert("L")
    has_alpha = image.mode in ALPHA_MODES or "transparency" in image.info
    if has_alpha:
        image = image.convert("RGBA")
    elif image.mode != "CMYK":
        image = image.convert("RGB")
    if profile:
        image = _to_srgb(image, profile)
    return image if image.mode in ("RGB", "RGBA") else image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        # The profile is broken, or for another colour model (grey): keep the file's colours.
        return image
    return converted or image
