"""A record of the pictures whose pixels this process decodes, for tests of processes that must not."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from PIL import ImageFile


@contextmanager
def record_decoding() -> Iterator[list[str]]:
    """Yield a list that grows by the name of the format whenever Pillow decodes pixels in this thread."""
    decoded: list[str] = []

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        # Every format decodes in this function, or calls it.
        if event == "call" and frame.f_code is ImageFile.ImageFile.load.__code__:
            decoded.append(str(frame.f_locals["self"].format))

    sys.setprofile(watch)
    try:
        yield decoded
    finally:
        sys.setprofile(None)
