"""Sample windows for measurements of pictures of any size."""

from vanceweb.engine.processing.image.arrays import Pixels


def sample_windows(pixels: Pixels, side: int, most: int) -> list[Pixels]:
    """Return about `most` evenly spread windows of `side` px; their corners lie on multiples of `side`.

    Windows at the right and lower edges may be smaller. A picture of at most `most` windows is covered completely.
    """
    height, width = pixels.shape[:2]
    rows, columns = -(-height // side), -(-width // side)
    stride = max(1, round((rows * columns / most) ** 0.5))
    return [
        pixels[row * side : (row + 1) * side, column * side : (column + 1) * side]
        for row in range(0, rows, stride)
        for column in range(0, columns, stride)
    ]
