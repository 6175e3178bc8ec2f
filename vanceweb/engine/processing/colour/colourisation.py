"""deoldify2: a grey picture coloured as a network predicts. Its lightness stays unchanged."""

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.colour.chroma_upsampling import replace_chroma
from vanceweb.engine.processing.colour.decoding import decode_probabilities, smooth_by_lightness
from vanceweb.engine.processing.colour.prediction import (
    COLOURISATION,
    predict_colours,
    prepare_for_prediction,
    to_resized_lightness,
)
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.colour_spaces import prepare_for_colour
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import Report, split_report
from vanceweb.engine.processing.image.resampling import FloatArray, shrink
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop

PX_PER_FACTOR = 16  # of the working size per step of render_factor, as in DeOldify
NEUTRAL_FACTOR, STRENGTH_EXPONENT = 30, 0.3  # render_factor below which chroma grows, and the exponent of its growth
PREPARING, PREDICTING, SMOOTHING, APPLYING = 0.1, 0.3, 0.1, 0.5  # shares of the time
COLOUR_THRESHOLD = 5.0  # ab; mean distance from a toning beyond which a picture has colours of its own
HAD_COLOURS = Message(
    gettext_noop("The picture already had colours. They were replaced by new ones, based on its lightness alone.")
)


def colourise(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Colour the picture at a working size of `render_factor` (10-70) steps of 16 px. Raises `WeightsMissing`."""
    preparing, predicting, smoothing, applying = split_report(report, (PREPARING, PREDICTING, SMOOTHING, APPLYING))
    picture = prepare_for_colour(picture)
    prepared = prepare_for_prediction(get_visible_colours(picture), preparing)
    side = PX_PER_FACTOR * int(params["render_factor"])
    backend = networks.choose(COLOURISATION)
    prediction = predict_colours(prepared, side, backend, networks, predicting)
    predicting(1.0)
    lightness = to_resized_lightness(prepared, prediction.ab.shape[0], prediction.ab.shape[1])
    if prediction.probabilities is not None and prediction.bins is not None:
        smooth = smooth_by_lightness(prediction.probabilities, lightness, smoothing)
        ab = decode_probabilities(smooth, prediction.bins)
    else:
        ab = smooth_by_lightness(prediction.ab, lightness, smoothing)
    strength = max((NEUTRAL_FACTOR / int(params["render_factor"])) ** STRENGTH_EXPONENT, 1.0)
    result = apply_colours(picture, prepared, ab * np.float32(strength), applying)
    return result.add_backends(backend.name)


def apply_colours(picture: Picture, prepared: Pixels, ab: FloatArray, report: Report) -> Picture:
    """Give the picture, which is in sRGB, these colours (any height x width x 2, ab); note if it already had some."""
    result = picture.replace_pixels(replace_chroma(picture.colours, prepared, ab, report), picture.alpha)
    return result.add_note(HAD_COLOURS) if has_colours(picture.colours) else result


def has_colours(colours: Pixels) -> bool:
    """Return whether there are colours beyond a toning such as sepia, in which each lightness has one colour."""
    lab = cv2.cvtColor(shrink(colours, 128).astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB).reshape(-1, 3)
    powers = np.vander(lab[:, 0] / 100, 3)
    toning, *_ = np.linalg.lstsq(powers, lab[:, 1:], rcond=None)
    return float(np.linalg.norm(lab[:, 1:] - powers @ toning, axis=1).mean()) > COLOUR_THRESHOLD
