"""Conversion of pictures in other formats to JPG or PNG, by the decoder: this process reads their first bytes only."""

import io
from dataclasses import asdict, dataclass
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vanceweb.lib.decoder.conversion_limits import (
    CONVERTED,
    TOO_LONG_SIDE,
    TOO_MANY_BYTES,
    TOO_MANY_PIXELS,
    ConversionLimits,
)
from vanceweb.lib.decoding import request_decoding
from vanceweb.lib.foreign_formats import START_BYTES, ForeignFormat, detect_foreign_format
from vanceweb.lib.image_refusals import ImageTooLarge, format_megabytes, format_megapixels
from vanceweb.lib.jpeg_parts import MAX_SIDE

# The decoder's names of formats, and their endings in the names of files.
EXTENSIONS = {"JPEG": "jpg", "PNG": "png"}

# The decoder's facts that people are told.
NOTED = ("frames", "left_out", "is_hdr")


@dataclass(frozen=True)
class ConvertedPicture:
    """The file of a converted picture, its ending (`jpg` or `png`), and sentences about what it lacks."""

    file: BinaryIO
    extension: str
    notes: tuple[str, ...]


def find_foreign_format(file: BinaryIO) -> ForeignFormat | None:
    """Return the format of the file if it is one that can be converted. Leave `file` at its start."""
    file.seek(0)
    format = detect_foreign_format(file.read(START_BYTES))
    file.seek(0)
    return format


def convert_file(file: BinaryIO, format: ForeignFormat) -> ConvertedPicture:
    """Convert the main picture of the file, so that it keeps to the limits of uploads. Leave `file` at its start.

    Raise NotAnImage if it is damaged, ImageTooLarge, ImageTooCostly or DecoderUnavailable.
    """
    filesize = file.seek(0, io.SEEK_END)
    if filesize > settings.CONVERT_MAX_BYTES:
        sizes = {"size": format_megabytes(filesize), "limit": format_megabytes(settings.CONVERT_MAX_BYTES)}
        raise ImageTooLarge(_("The file has %(size)s; the limit is %(limit)s.") % sizes)
    limits = ConversionLimits(settings.UPLOAD_MAX_BYTES, settings.UPLOAD_MAX_PIXELS, MAX_SIDE)
    answer = request_decoding(file, "convert", {"format": format.name, "limits": asdict(limits)})
    facts = answer.facts
    if "problem" in facts:
        raise ImageTooLarge(_describe_problem(facts["problem"], facts["width"], facts["height"], limits))
    extension = EXTENSIONS[facts["format"]]
    return ConvertedPicture(
        io.BytesIO(answer.files[CONVERTED]), extension, tuple(_list_notes(**{key: facts[key] for key in NOTED}))
    )


def _describe_problem(problem: str, width: int, height: int, limits: ConversionLimits) -> str:
    values = {
        "width": width,
        "height": height,
        "size": format_megapixels(width * height),
        "limit": format_megapixels(limits.max_pixels),
        "side": limits.max_side,
        "bytes": format_megabytes(limits.max_bytes),
    }
    sentences = {
        TOO_MANY_PIXELS: _("The picture has %(width)s x %(height)s px, %(size)s; the limit is %(limit)s."),
        TOO_LONG_SIDE: _("The picture has %(width)s x %(height)s px; the limit of each side is %(side)s px."),
        TOO_MANY_BYTES: _("Converted, the picture has more than the limit of %(bytes)s. Make it smaller first."),
    }
    return sentences[problem] % values


def _list_notes(*, frames: int, left_out: list[str], is_hdr: bool) -> list[str]:
    notes = []
    if frames > 1:
        notes.append(
            ngettext(
                "The file has %(count)s picture: only the main one was taken.",
                "The file has %(count)s pictures: only the main one was taken.",
                frames,
            )
            % {"count": frames}
        )
    if left_out:
        notes.append(
            _("A JPG has no room for so much of this data, so it was left out: %(names)s.")
            % {"names": ", ".join(left_out)}
        )
    if is_hdr:
        notes.append(_("It is an HDR picture: its colours may look paler than on an HDR screen."))
    return notes
