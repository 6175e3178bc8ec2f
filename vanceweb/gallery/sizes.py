"""The sizes of thumbnails, and the largest results that the gallery takes."""

Size = tuple[int, int]

# Longest side of each thumbnail in px: twice the 180 px of a gallery tile, and a wide screen for comparisons.
THUMBNAIL_SIZES = {"tile": 360, "preview": 1600}
# Results may be larger than uploads: a little more than the limit of the bundled engine.
RESULT_MAX_PIXELS = 220_000_000
RESULT_MAX_BYTES = 1024 * 1024 * 1024


def fit_size(width: int, height: int, side: int) -> Size:
    """Return width and height in px, scaled down to fit a square of `side`: never enlarged, never below 1 px."""
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
