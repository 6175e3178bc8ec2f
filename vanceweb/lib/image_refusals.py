"""Reasons why a picture isn't accepted, and sizes as people read them."""

from django.utils.translation import gettext as _


class ImageRefused(Exception):
    """The file isn't accepted. The message is a sentence for the person who sent it."""


class NotAnImage(ImageRefused):
    """The file isn't an image, is damaged or has an unsupported format."""


class ImageTooLarge(ImageRefused):
    """The file has more bytes, pixels or parts than the limit."""


class ImageTooCostly(ImageTooLarge):
    """Decoding the file takes more time or memory than the limit."""


def format_megabytes(count: int) -> str:
    """Return a size in bytes for people: 10485760 → '10.0 MB' (of 1024 x 1024 bytes, as in the API)."""
    return _("%(size)s MB") % {"size": f"{count / 1024 / 1024:.1f}"}


def format_megapixels(count: int) -> str:
    """Return a number of pixels for people: 34000000 → '34.0 megapixels'."""
    return _("%(count)s megapixels") % {"count": f"{count / 1e6:.1f}"}
