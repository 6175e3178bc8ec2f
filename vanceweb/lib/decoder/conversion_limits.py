"""The limits of a converted picture and the names of its problems, for the decoder and its client."""

from dataclasses import dataclass

# Problems of a picture that is whole.
TOO_MANY_PIXELS, TOO_LONG_SIDE, TOO_MANY_BYTES = "pixels", "side", "bytes"
# The name of the file in the answer to a conversion.
CONVERTED = "picture"


@dataclass(frozen=True)
class ConversionLimits:
    """Limits of the converted picture: bytes of the file, px in all and px of a side."""

    max_bytes: int
    max_pixels: int
    max_side: int

    def find_problem(self, width: int, height: int) -> str | None:
        """Return the problem of a picture of this size in px, or None."""
        if max(width, height) > self.max_side:
            return TOO_LONG_SIDE
        return TOO_MANY_PIXELS if width * height > self.max_pixels else None
