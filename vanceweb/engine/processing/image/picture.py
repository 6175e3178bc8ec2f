"""A picture in memory, with what has to survive the work on it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Literal

from vanceweb.catalogue.output import Output
from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.messages import Message

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
    result's file where a step decides how; without one it is written like that of any result. `made_by` names the
    backends that worked on it so far, `notes` are sentences for the person who asked for it. `guides` are other
    pictures that the next step is to be led by.
    """

    colours: Pixels
    alpha: Mask | None = None
    grey: bool = False
    file_format: FileFormat = "png"
    metadata: Metadata = field(default_factory=Metadata)
    source: Path | None = None
    encoder: "Encoder | None" = None
    made_by: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()
    guides: "tuple[Guide, ...]" = ()

    @property
    def width(self) -> int:
        """In px."""
        return int(self.colours.shape[1])

    @property
    def height(self) -> int:
        """In px."""
        return int(self.colours.shape[0])

    def replace_pixels(self, colours: Pixels, alpha: Mask | None) -> "Picture":
        """The same picture with other pixels."""
        return replace(self, colours=colours, alpha=alpha, source=None)

    def add_backends(self, *backends: str) -> "Picture":
        """The same picture, made by these backends too."""
        return replace(self, made_by=tuple(dict.fromkeys((*self.made_by, *backends))))

    def add_note(self, note: Message) -> "Picture":
        """The same picture with one more sentence for the person who asked for it."""
        return replace(self, notes=tuple(dict.fromkeys((*self.notes, note))))


@dataclass(frozen=True)
class Guide:
    """A picture to be led by, and how it is to be read (the API's `cn_name`). None: the picture itself."""

    cn_name: str
    picture: Picture | None


Encoder = Callable[[Picture, FileFormat, Output, BinaryIO], None]
