"""Alpha beside the colours: scaled apart from them, and never seen by a network."""

import cv2
import numpy as np

from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.picture import Picture

STRIP = 1024  # rows looked at at once
REACH = 64  # px beyond a strip in which the nearest visible colour is looked for: more than any network looks at


def get_visible_colours(picture: Picture) -> Pixels:
    """The colours as networks should see them: `fill_hidden` where the picture has alpha."""
    return picture.colours if picture.alpha is None else fill_hidden(picture.colours, picture.alpha)


def resize_alpha(alpha: Mask, width: int, height: int) -> Mask:
    """Bicubic, to a size in px."""
    return np.asarray(cv2.resize(alpha, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def fill_hidden(colours: Pixels, alpha: Mask) -> Pixels:
    """The colours with those of fully transparent px replaced by the nearest visible ones.

    What lies under transparency is often black or left over; a network would draw it into the visible edge.
    """
    if alpha.min() > 0:
        return colours
    filled = colours.copy()
    height = colours.shape[0]
    for top in range(0, height, STRIP):
        first, last = max(top - REACH, 0), min(top + STRIP + REACH, height)
        strip = _fill(colours[first:last], alpha[first:last])
        filled[top : top + STRIP] = strip[top - first : top - first + STRIP]
    return filled


def _fill(colours: Pixels, alpha: Mask) -> Pixels:
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
