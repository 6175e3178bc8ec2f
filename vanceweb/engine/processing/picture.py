"""A picture in memory, with what has to survive the work on it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Literal

from vanceweb.catalogue.output import Output
from vanceweb.engine.processing.arrays import Mask, Pixels

FileFormat = Literal["jpg", "png"]


@dataclass(frozen=True)
class Metadata:
    """EXIF block (with the orientation already reset), ICC profile, resolution in dots per inch."""

    exif: bytes | None = None
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None


@dataclass(frozen=True)
class Picture:
    """Upright 8-bit colours, alpha apart from them. `grey`: it is to be written without colour again.

    `source` is the file that holds this very picture, as long as no step has changed it. `encoder` writes the
    result's file where a step decides how; without one it is written like that of any result.
    """

    colours: Pixels
    alpha: Mask | None = None
    grey: bool = False
    file_format: FileFormat = "png"
    metadata: Metadata = field(default_factory=Metadata)
    source: Path | None = None
    encoder: "Encoder | None" = None

    @property
    def width(self) -> int:
        """In px."""
        return int(self.colours.shape[1])

    @property
    def height(self) -> int:
        """In px."""
        return int(self.colours.shape[0])

    def with_pixels(self, colours: Pixels, alpha: Mask | None) -> "Picture":
        """The same picture with other pixels."""
        return replace(self, colours=colours, alpha=alpha, source=None)


Encoder = Callable[[Picture, FileFormat, Output, BinaryIO], None]
