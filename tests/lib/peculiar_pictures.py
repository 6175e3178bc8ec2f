"""Pictures that cameras and programs really write, and that a strict reader stumbles over."""

import io

from PIL import Image

SIZE = (40, 30)
COLOURS = ((200, 30, 30), (30, 30, 200), (30, 200, 30))


def build_mpo(count: int = 2, size: tuple[int, int] = SIZE) -> bytes:
    """Return an MPO as stereo cameras and phones write it: a red JPG, then further ones of other colours behind it."""
    first, *others = (Image.new("RGB", size, COLOURS[number % len(COLOURS)]) for number in range(count))
    file = io.BytesIO()
    first.save(file, "MPO", save_all=True, append_images=others)
    return file.getvalue()


def build_apng(count: int = 3, size: tuple[int, int] = SIZE, *, first_apart: bool = False) -> bytes:
    """Return an animated PNG of `count` pictures, the first red; `first_apart`: it isn't part of the animation."""
    first, *others = (Image.new("RGB", size, COLOURS[number % len(COLOURS)]) for number in range(count))
    file = io.BytesIO()
    first.save(file, "PNG", save_all=True, append_images=others, default_image=first_apart)
    return file.getvalue()
