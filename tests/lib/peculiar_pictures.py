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
