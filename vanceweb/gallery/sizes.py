"""The sizes of thumbnails, and the largest results that the gallery takes."""

from vanceweb.lib.picture_sizes import Size, fit_size

__all__ = ["RESULT_MAX_BYTES", "RESULT_MAX_PIXELS", "RESULT_MAX_SIDE", "THUMBNAIL_SIZES", "Size", "fit_size"]

# Longest side of each thumbnail in px: twice the 180 px of a gallery tile, and a wide screen for comparisons.
THUMBNAIL_SIZES = {"tile": 360, "preview": 1600}
# Results may be larger than uploads: a little more than the limit of the bundled engine.
RESULT_MAX_PIXELS = 220_000_000
RESULT_MAX_BYTES = 1024 * 1024 * 1024
# Eight times the longest side of an upload, px: services enlarge eight times at most.
RESULT_MAX_SIDE = 8 * 65_500
