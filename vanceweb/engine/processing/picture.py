"""A picture in memory, with what has to survive the work on it."""

from dataclasses import dataclass, field, replace
from typing import Literal

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
    """Upright 8-bit colours, alpha apart from them. `grey`: it is to be written without colour again."""

    colours: Pixels
    alpha: Mask | None = None
    grey: bool = False
    file_format: FileFormat = "png"
    metadata: Metadata = field(default_factory=Metadata)

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
        return replace(self, colours=colours, alpha=alpha)
