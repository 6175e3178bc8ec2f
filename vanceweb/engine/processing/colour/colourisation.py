"""deoldify2: a grey picture given the colours that a network sees in it. Its lightness stays."""

from dataclasses import replace

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.colour.chroma_upsampling import lay_colours
from vanceweb.engine.processing.colour.decoding import decode, vote
from vanceweb.engine.processing.colour.prediction import COLOURISATION, guess_colours, lightness_at, well_seen
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.resampling import FloatArray, shrink
from vanceweb.engine.processing.image.tiles import Report, narrow_report
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop

PX_PER_FACTOR = 16  # of the working size for each step of render_factor, as in DeOldify
EVEN_FACTOR, STRONGER = 30, 0.3  # render_factor below which chroma grows, and the power it grows with
NETWORK_SHARE = 0.5  # of the time
COLOURED = 5.0  # ab; mean distance from any toning beyond which a picture has colours of its own
HAD_COLOURS = Message(
    gettext_noop("The picture already had colours. They were replaced by new ones, based on its lightness alone.")
)


def colourise(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """`render_factor` 10-70: the size at which colours are found, in steps of 16 px. Raises `WeightsMissing`."""
    seen = well_seen(get_visible_colours(picture))
    side = PX_PER_FACTOR * int(params["render_factor"])
    backend = networks.choose(COLOURISATION)
    guess = guess_colours(seen, side, backend, networks)
    report(NETWORK_SHARE)
    light = lightness_at(seen, guess.ab.shape[0], guess.ab.shape[1])
    if guess.chances is not None and guess.bins is not None:
        ab = decode(vote(guess.chances, light), guess.bins)
    else:
        ab = vote(guess.ab, light)
    strength = max((EVEN_FACTOR / int(params["render_factor"])) ** STRONGER, 1.0)
    return coloured(picture, seen, ab * np.float32(strength), narrow_report(report, NETWORK_SHARE, 1)).add_backends(
        backend.name
    )


def coloured(picture: Picture, seen: Pixels, ab: FloatArray, report: Report) -> Picture:
    """The picture in these colours (any height x width x 2, ab), noting where it had others before."""
    result = picture.replace_pixels(lay_colours(picture.colours, seen, ab, report), picture.alpha)
    result = replace(result, grey=False)
    return result.add_note(HAD_COLOURS) if has_colours(picture.colours) else result


def has_colours(colours: Pixels) -> bool:
    """Whether there are colours beyond a toning such as sepia, in which each lightness has one colour."""
    lab = cv2.cvtColor(shrink(colours, 128).astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB).reshape(-1, 3)
    powers = np.vander(lab[:, 0] / 100, 3)
    toning, *_ = np.linalg.lstsq(powers, lab[:, 1:], rcond=None)
    return float(np.linalg.norm(lab[:, 1:] - powers @ toning, axis=1).mean()) > COLOURED
