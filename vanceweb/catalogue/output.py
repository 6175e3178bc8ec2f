"""Settings for the result's file (``out_params``): quality, resolution, format and background."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext_lazy as _

from vanceweb.catalogue.parameters import Choice, Kind, Parameter
from vanceweb.catalogue.steps import Step

Format = Literal["jpg", "png"]
Colour = tuple[int, int, int]

QUALITY = Parameter(
    key="quality",
    title=_("Quality"),
    kind=Kind.INT,
    default=95,
    minimum=0,
    maximum=100,
    step=1,
    help=_("Higher gives a better picture and a larger file."),
)
DPI = Parameter(
    key="dpi",
    title=_("Print resolution"),
    kind=Kind.INT,
    default=300,
    minimum=0,
    maximum=2000,
    step=1,
    unit="dpi",
    help=_("Written into the file for printing; 300 suits most printers."),
)
FORMAT = Parameter(
    key="format",
    title=_("Format"),
    kind=Kind.CHOICE,
    default="png",
    choices=(Choice("jpg", "JPG"), Choice("png", "PNG")),
    help=_("JPG is smaller; PNG is lossless and can be transparent."),
)
BACKGROUND_CHANNELS = tuple(
    Parameter(key=key, title=title, kind=Kind.INT, default=255, minimum=0, maximum=255, step=1)
    for key, title in (("r", _("Red")), ("g", _("Green")), ("b", _("Blue")))
)


@dataclass(frozen=True, slots=True)
class Output:
    """Settings for the result's file; the service decides about those that are None.

    ``quality`` is 0-100, ``dpi`` 0-2000 (dots per inch), ``background`` red, green and blue of 0-255 each: the
    colour that replaces a removed background.
    """

    quality: int | None = None
    dpi: int | None = None
    format: Format | None = None
    background: Colour | None = None


def choose_format(steps: Iterable[Step], output: Output, source: Format) -> Format:
    """Return the format of a result whose source has this one, by the engine's rules.

    That is `output.format`, else PNG for a cut-out without background, else the source's.
    """
    if output.format is not None:
        return output.format
    cut_out = any(step.module == "matting" for step in steps)
    return "png" if cut_out and output.background is None else source
