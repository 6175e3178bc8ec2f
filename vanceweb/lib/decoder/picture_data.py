"""The data beside the pixels that a converted picture keeps: EXIF, XMP, the colour profile, the print resolution."""

import math
import re
import struct
from dataclasses import dataclass
from typing import Any

from PIL import Image, PngImagePlugin

EXIF_PREFIX = b"Exif\0\0"
ORIENTATION_TAG = 0x0112
UPRIGHT = 1
# Data of a JPG's segment, which states its own length in two bytes, without what names its kind.
MAX_EXIF_BYTES = 65_533 - len(EXIF_PREFIX)
MAX_XMP_BYTES = 65_533 - len(b"http://ns.adobe.com/xap/1.0/\0")
XMP_KEYWORD = "XML:com.adobe.xmp"
XMP_ORIENTATION = re.compile(rb'(tiff:Orientation(?:="|>))[0-9]')
# A TIFF keeps its EXIF data among the tags of its pixels. These tell of the picture; the others of the file.
EXIF_TAGS = (
    0x010E,  # description
    0x010F,  # make
    0x0110,  # model
    0x0131,  # software
    0x0132,  # date and time
    0x013B,  # artist
    0x8298,  # copyright
    0x8769,  # EXIF
    0x8825,  # GPS
)
# The colour models of profiles, at this place in their header (ICC.1), by the modes that they suit.
PROFILE_MODEL = slice(16, 20)
PROFILE_MODELS: dict[bytes, frozenset[str]] = {
    b"RGB ": frozenset({"RGB", "RGBA", "P"}),
    b"GRAY": frozenset({"1", "L", "LA", "I;16"}),
    b"CMYK": frozenset({"CMYK"}),
}


@dataclass(frozen=True)
class PictureData:
    """The data of a file besides the pixels of its picture; empty where it has none."""

    exif: bytes
    xmp: bytes
    profile: bytes
    dpi: tuple[float, float] | None

    def build_png_options(self, mode: str) -> dict[str, Any]:
        """Return the options with which Pillow saves a PNG of the mode."""
        info = PngImagePlugin.PngInfo()
        if self.xmp:
            info.add_itxt(XMP_KEYWORD, self.xmp.decode("utf-8", "replace"))
        return self._build_options(mode) | {"exif": self.exif, "pnginfo": info}

    def build_jpeg_options(self, mode: str) -> tuple[dict[str, Any], list[str]]:
        """Return the options with which Pillow saves a JPG of the mode, and the names of what is too long for one."""
        options, left_out = self._build_options(mode), []
        for name, content, most in (("exif", self.exif, MAX_EXIF_BYTES), ("xmp", self.xmp, MAX_XMP_BYTES)):
            if len(content) > most:
                left_out.append(name.upper())
            elif content:
                options[name] = EXIF_PREFIX + content if name == "exif" else content
        return options, left_out

    def _build_options(self, mode: str) -> dict[str, Any]:
        # Without this, Pillow would save a profile for another colour model too.
        options: dict[str, Any] = {"icc_profile": self.profile if self._has_profile_for(mode) else None}
        return options | ({"dpi": self.dpi} if self.dpi else {})

    def _has_profile_for(self, mode: str) -> bool:
        return mode in PROFILE_MODELS.get(self.profile[PROFILE_MODEL], frozenset())


def read_data(image: Image.Image, *, profile: bytes) -> PictureData:
    """Return the data of a picture that has been loaded and turned upright. `profile` is for one without its own."""
    exif = _collect_tiff_tags(image) if image.format == "TIFF" else image.info.get("exif") or b""
    xmp = image.info.get("xmp") or b""
    return PictureData(
        exif=_set_upright(exif.removeprefix(EXIF_PREFIX)),
        xmp=XMP_ORIENTATION.sub(rb"\g<1>1", xmp.encode() if isinstance(xmp, str) else xmp),
        profile=image.info.get("icc_profile") or profile,
        dpi=_read_dpi(image),
    )


def _collect_tiff_tags(image: Image.Image) -> bytes:
    tags, kept = image.getexif(), Image.Exif()
    for tag in EXIF_TAGS:
        if tag in tags:
            kept[tag] = tags.get_ifd(tag) if tag in (0x8769, 0x8825) else tags[tag]
    return kept.tobytes() if len(kept) else b""


def _set_upright(exif: bytes) -> bytes:
    """Return the EXIF data with the orientation 1, and every other byte unchanged."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return b""
    changed = bytearray(exif)
    try:
        (start,) = struct.unpack_from(f"{order}L", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            if struct.unpack_from(f"{order}H", exif, entry) == (ORIENTATION_TAG,):
                struct.pack_into(f"{order}H", changed, entry + 8, UPRIGHT)
    except struct.error:
        # The data is cut off: readers would fail as well.
        return b""
    return bytes(changed)


def _read_dpi(image: Image.Image) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in image.info.get("dpi", ()))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if all(math.isfinite(value) and value > 0 for value in (across, down)) else None
