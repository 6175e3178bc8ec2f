"""The ncnn networks that enlarge photos and drawings.

SPAN has 19 3x3 convolutions, of which the outermost hardly matter: with a border of 10 px the error is 0.9 levels, with
16 px 0.006. waifu2x's CUNET weights its channels by their mean over the tile, so no border makes a tile independent of
the rest of the picture: tiles of 256 px are off by 0.1 levels on average, and by 9 at single px of the steepest lines.
"""

from vanceweb.engine.processing.enlarge import weights
from vanceweb.engine.processing.inference.ncnn_networks import NcnnNetwork

# By scale.
SPAN = {
    2: NcnnNetwork(weights.SPAN_X2, "data", "output", scale=2, border=16),
    4: NcnnNetwork(weights.SPAN_X4, "data", "output", scale=4, border=16),
}
# By level of noise removal.
WAIFU2X_PHOTO = {
    level: NcnnNetwork(files, "Input1", "Eltwise4", scale=2, border=7, crops_border=True)
    for level, files in weights.WAIFU2X_PHOTO.items()
}
CUNET_BORDERS = {1: 28, 2: 18}  # px, by scale
# By scale and level of noise removal.
CUNET = {
    (scale, level): NcnnNetwork(files, "Input1", "Eltwise4", scale, CUNET_BORDERS[scale], crops_border=True, multiple=4)
    for (scale, level), files in weights.CUNET.items()
}
ANIMEVIDEO_X2 = NcnnNetwork(weights.ANIMEVIDEO_X2, "data", "output", scale=2, border=16)
