"""Sizes of pictures that are fitted into a square."""

Size = tuple[int, int]


def fit_size(width: int, height: int, side: int) -> Size:
    """Return width and height in px, scaled down to fit a square of `side`: never enlarged, never below 1 px."""
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
