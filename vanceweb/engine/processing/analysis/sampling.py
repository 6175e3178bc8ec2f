"""Some windows of a picture: enough to measure it by, however large it is."""

from vanceweb.engine.processing.image.arrays import Pixels


def sample_windows(pixels: Pixels, side: int, most: int) -> list[Pixels]:
    """About `most` windows at most of `side` px, spread evenly; their corners lie on multiples of `side`.

    Those at the right and lower end may be smaller; all of the picture where it has no more than `most` windows.
    """
    height, width = pixels.shape[:2]
    rows, columns = -(-height // side), -(-width // side)
    stride = max(1, round((rows * columns / most) ** 0.5))
    return [
        pixels[row * side : (row + 1) * side, column * side : (column + 1) * side]
        for row in range(0, rows, stride)
        for column in range(0, columns, stride)
    ]
