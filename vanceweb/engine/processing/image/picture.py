"""A picture in memory, with the data that must survive processing."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Literal

from vanceweb.catalogue.output import Output
from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.descriptions import NO_DESCRIPTIONS, Descriptions
from vanceweb.engine.processing.image.progress import Report
from vanceweb.engine.processing.messages import Message

FileFormat = Literal["jpg", "png"]


@dataclass(frozen=True)
class Metadata:
    """EXIF block and descriptions (orientation already reset), ICC profile and resolution in dots per inch.

    `attachments` are notes for people on what a file encoded from the pixels lacks: gain maps, films and the like.
    """

    exif: bytes | None = None
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    descriptions: Descriptions = NO_DESCRIPTIONS
    attachments: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Picture:
    """Upright 8-bit colours with separate alpha. `grey` pictures are saved without colour.

    `source` is the file of this exact picture, until a step changes it. `encoder` writes the result's file if a step
    needs a special encoding; without one the default is used. `made_by` names the backends that have worked on the
    picture so far; `notes` are sentences for the person who asked for it. `guides` are other pictures that guide the
    next step.
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
        """The width in px."""
        return int(self.colours.shape[1])

    @property
    def height(self) -> int:
        """The height in px."""
        return int(self.colours.shape[0])

    def replace_pixels(self, colours: Pixels, alpha: Mask | None) -> "Picture":
        """Return the picture with other pixels."""
        return replace(self, colours=colours, alpha=alpha, source=None)

    def add_backends(self, *backends: str) -> "Picture":
        """Return the picture with these backends added to `made_by`."""
        return replace(self, made_by=tuple(dict.fromkeys((*self.made_by, *backends))))

    def add_note(self, note: Message) -> "Picture":
        """Return the picture with one more sentence for the person who asked for it."""
        return replace(self, notes=tuple(dict.fromkeys((*self.notes, note))))


@dataclass(frozen=True)
class Guide:
    """A guiding picture (None: the processed picture itself) and the way to read it (the API's `cn_name`)."""

    cn_name: str
    picture: Picture | None


# Writes the picture into a file, and returns notes for people on what the file could not keep.
Encoder = Callable[[Picture, FileFormat, Output, BinaryIO, Report], tuple[Message, ...]]
