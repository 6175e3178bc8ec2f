"""Alpha, which is scaled apart from the colours and never passed to a network."""

import cv2
import numpy as np

from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.picture import Picture

STRIP_HEIGHT = 1024  # rows filled at once
SEARCH_DISTANCE = 64  # px beyond a strip to search for the nearest visible colour: more than any network's reach


def get_visible_colours(picture: Picture) -> Pixels:
    """Return the colours for networks: with `fill_hidden` applied if the picture has alpha."""
    return picture.colours if picture.alpha is None else fill_hidden(picture.colours, picture.alpha)


def resize_alpha(alpha: Mask, width: int, height: int) -> Mask:
    """Resize bicubically to a size in px."""
    return np.asarray(cv2.resize(alpha, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def fill_hidden(colours: Pixels, alpha: Mask) -> Pixels:
    """Replace the colours of fully transparent px by the nearest visible ones.

    Hidden colours are often black or leftovers, and a network would spread them into the visible edge.
    """
    if alpha.min() > 0:
        return colours
    filled = colours.copy()
    height = colours.shape[0]
    for top in range(0, height, STRIP_HEIGHT):
        first, last = max(top - SEARCH_DISTANCE, 0), min(top + STRIP_HEIGHT + SEARCH_DISTANCE, height)
        strip = _fill_strip(colours[first:last], alpha[first:last])
        filled[top : top + STRIP_HEIGHT] = strip[top - first : top - first + STRIP_HEIGHT]
    return filled


def _fill_strip(colours: Pixels, alpha: Mask) -> Pixels:
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return colours
    _, nearest = cv2.distanceTransformWithLabels(
        hidden.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    palette = np.zeros((int(nearest.max()) + 1, 3), dtype=np.uint8)
    palette[nearest[~hidden]] = colours[~hidden]
    filled = colours.copy()
    filled[hidden] = palette[nearest[hidden]]
    return filled
