"""sd_recolor: a picture coloured as a prompt requests.

The backend "colour words" starts from the prediction of the slot `colour`. It removes the negative prompt's colours
from the probabilities. Where the prompt names a thing that is found in the picture, and where the network is uncertain,
it keeps only the probabilities near the requested colour.
"""

import logging

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.colour.colourisation import apply_colours
from vanceweb.engine.processing.colour.decoding import decode_probabilities, smooth_by_lightness
from vanceweb.engine.processing.colour.prediction import (
    COLOURISATION,
    ColourPrediction,
    compute_softmax,
    predict_colours,
    prepare_for_prediction,
)
from vanceweb.engine.processing.colour.prompts import ColourRequest, parse_colour_requests
from vanceweb.engine.processing.colour.regions import Scene, find_region, sort_requests
from vanceweb.engine.processing.diffusion import painting
from vanceweb.engine.processing.errors import UnusableWeights
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.colour_spaces import prepare_for_colour
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import Report, ignore_progress, narrow_report, report_each, split_report
from vanceweb.engine.processing.image.resampling import FloatArray
from vanceweb.engine.processing.inference.backends import OWN_LICENCE, Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop

logger = logging.getLogger(__name__)

DIFFUSION_SHARE = 0.8  # of the time
PREPARING, PREDICTING, CHOOSING, APPLYING = 0.1, 0.2, 0.3, 0.4  # shares of the time without diffusion
SMOOTHING_WEIGHT = 1.0  # of the smoothing of all probabilities, compared with one request
WORKING_SIDE = 480  # px; deoldify2's default working size
BIN_STEP = 10  # ab between neighbouring bins, for networks without probabilities
ASSUMED_DEVIATION = 12.0  # in ab, of the colours of such networks
REQUEST_DEVIATION = 15.0  # in ab, of what counts as the requested colour
PROBABILITY_EXPONENT = 0.3  # of the network's probabilities beside the request
HUE_CORE, HUE_LIMIT = 35.0, 55.0  # degrees from a hue up to which a colour fully matches, and beyond which not at all
NEUTRAL_CHROMA, CLEAR_CHROMA = 6.0, 12.0  # chroma below which a colour has no hue, and from which it has one
PALE_CHROMA = 35.0  # chroma below which a word stands for pale colours only
NO_COLOUR_IN_PROMPT = Message(
    gettext_noop("No colour was found in the prompt; name colours in English, such as “blue skirt, black hair”.")
)
NO_COLOUR_IN_NEGATIVE_PROMPT = Message(
    gettext_noop(
        "No colour was found in the negative prompt; name colours in English, such as “blue skirt, black hair”."
    )
)
NOT_FOUND = gettext_noop("“%(words)s” was ignored: nothing of that kind was found in the picture.")


def recolour(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Colour the picture as `prompt` and `negative_prompt` say. Raises `WeightsMissing`."""
    return networks.choose(RECOLOURING).run(prepare_for_colour(picture), params, networks, report)


def _recolour_by_words(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    preparing, predicting, choosing, applying = split_report(report, (PREPARING, PREDICTING, CHOOSING, APPLYING))
    prepared = prepare_for_prediction(get_visible_colours(picture), preparing)
    backend = networks.choose(COLOURISATION)
    prediction = predict_colours(prepared, WORKING_SIDE, backend, networks, predicting)
    scene = _build_scene(prediction, prepared, networks)
    predicting(1.0)
    prompt, negative = str(params.get("prompt") or ""), str(params.get("negative_prompt") or "")
    requests, unwanted = parse_colour_requests(prompt), parse_colour_requests(negative)
    ab, missing = compute_requested_colours(scene, requests, unwanted, choosing)
    choosing(1.0)
    result = apply_colours(picture, prepared, ab, applying)
    result = result.add_backends(backend.name, COLOUR_WORDS.name)
    for text, found, note in (
        (prompt, requests, NO_COLOUR_IN_PROMPT),
        (negative, unwanted, NO_COLOUR_IN_NEGATIVE_PROMPT),
    ):
        if text.strip() and not found:
            result = result.add_note(note)
    for request in missing:
        result = result.add_note(Message(NOT_FOUND, words=request.words))
    return result


def _recolour_by_diffusion(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Take the colours from Stable Diffusion's version of the picture; recolour by words if that fails."""
    prepared = prepare_for_prediction(get_visible_colours(picture))
    prompt, negative = str(params.get("prompt") or ""), str(params.get("negative_prompt") or "")
    try:
        painted = painting.paint_colours(
            prepared, prompt, negative, networks, narrow_report(report, 0, DIFFUSION_SHARE)
        )
    except UnusableWeights as error:
        logger.warning(error)
        return _recolour_by_words(picture.add_note(error.message), params, networks, report)
    lab = cv2.cvtColor(painted.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    ab = cv2.resize(lab, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) if min(lab.shape[:2]) > 1 else lab
    ab = np.asarray(ab, dtype=np.float32)[..., 1:]
    result = apply_colours(picture, prepared, ab, narrow_report(report, DIFFUSION_SHARE, 1))
    return result.add_backends(DIFFUSED_COLOUR.name)


def compute_requested_colours(
    scene: Scene, requests: list[ColourRequest], unwanted: list[ColourRequest], report: Report = ignore_progress
) -> tuple[FloatArray, list[ColourRequest]]:
    """Return ab of each cell, and the requests for things that aren't in the picture."""
    missing: list[ColourRequest] = []
    smoothing, removing, adding = split_report(report, (SMOOTHING_WEIGHT, len(unwanted), len(requests)))
    probabilities = smooth_by_lightness(scene.probabilities, scene.lightness, smoothing)
    removed: list[tuple[FloatArray, ColourRequest]] = []
    for request in report_each(unwanted, removing):
        # A colour without a thing is unwanted everywhere, however certain the network is.
        everywhere = np.ones(scene.size, dtype=np.float32)
        place = find_region(scene, request) if request.thing or request.places else everywhere
        if place is None:
            missing.append(request)
            continue
        probabilities *= 1 - place[:, :, None] * measure_colour_match(scene.bins, request.ab) + np.float32(1e-6)
        probabilities /= probabilities.sum(axis=2, keepdims=True)
        removed.append((place, request))
    ab = decode_probabilities(probabilities, scene.bins)
    for place, request in removed:  # the mean of two colours may be a removed colour that lies between them
        ab *= (1 - place * measure_colour_match(ab, request.ab))[:, :, None]
    for request in report_each(sort_requests(requests), adding):
        place = find_region(scene, request)
        if place is None:
            missing.append(request)
            continue
        ab += place[:, :, None] * (decode_near_colour(probabilities, scene.bins, request.ab) - ab)
    return ab, missing


def decode_near_colour(probabilities: FloatArray, bins: FloatArray, ab: tuple[float, float]) -> FloatArray:
    """Return ab of each cell (height x width x 2), weighting the probabilities by nearness to `ab`."""
    apart = ((bins - np.array(ab, dtype=np.float32)) ** 2).sum(axis=1)
    near = np.exp(-apart / np.float32(2 * REQUEST_DEVIATION**2)) + np.float32(1e-9)
    left = np.maximum(probabilities, 1e-6) ** np.float32(PROBABILITY_EXPONENT) * near
    left /= left.sum(axis=2, keepdims=True)
    return np.asarray(left @ bins, dtype=np.float32)


def measure_colour_match(ab: FloatArray, target: tuple[float, float]) -> FloatArray:
    """Return how well colours (any shape x 2) match what a word with the colour `target` (ab) means, 0..1."""
    chroma = np.hypot(ab[..., 0], ab[..., 1])
    target_chroma = float(np.hypot(*target))
    if target_chroma < NEUTRAL_CHROMA:
        return np.asarray(
            1 - np.clip((chroma - NEUTRAL_CHROMA) / (CLEAR_CHROMA - NEUTRAL_CHROMA), 0, 1), dtype=np.float32
        )
    turn = np.degrees(np.arctan2(ab[..., 1], ab[..., 0]) - np.arctan2(target[1], target[0]))
    away = np.abs((turn + 180) % 360 - 180)
    share = np.clip((HUE_LIMIT - away) / (HUE_LIMIT - HUE_CORE), 0, 1)
    share = share * np.clip((chroma - NEUTRAL_CHROMA) / (CLEAR_CHROMA - NEUTRAL_CHROMA), 0, 1)
    if target_chroma < PALE_CHROMA:
        share = share * np.clip((2.5 * target_chroma - chroma) / target_chroma, 0, 1)
    return np.asarray(share, dtype=np.float32)


def _build_scene(prediction: ColourPrediction, prepared: Pixels, networks: NetworkRegistry) -> Scene:
    """Build a scene with the network's probabilities, or with some derived from its colours."""
    if prediction.probabilities is not None and prediction.bins is not None:
        return Scene(prepared, prediction.probabilities, prediction.bins, networks)
    ab = prediction.ab
    side = max(ab.shape[:2])
    if side > WORKING_SIDE // 4:
        width, height = (max(round(length * WORKING_SIDE / 4 / side), 1) for length in (ab.shape[1], ab.shape[0]))
        ab = np.asarray(cv2.resize(ab, (width, height), interpolation=cv2.INTER_AREA), dtype=np.float32)
    steps = np.arange(-100, 101, BIN_STEP, dtype=np.float32)
    bins = np.stack(np.meshgrid(steps, steps), axis=2).reshape(-1, 2)
    bins = bins[np.hypot(*bins.T) <= 100]
    apart = (ab**2).sum(axis=2)[:, :, None] - 2 * ab @ bins.T + (bins**2).sum(axis=1)
    logits = np.asarray(-apart / (2 * ASSUMED_DEVIATION**2), dtype=np.float32)
    return Scene(prepared, compute_softmax(logits), bins, networks)


DIFFUSED_COLOUR = Backend(
    name="stable diffusion 1.5 for colour (diffusers)",
    source=Source.BROUGHT,
    licence=painting.LICENCE,
    run=_recolour_by_diffusion,
    own_files=("diffusion/sd_recolor",),
    packages=painting.PACKAGES,
    requirements=painting.REQUIREMENTS,
)
COLOUR_WORDS = Backend(name="colour words", source=Source.NONE, licence=OWN_LICENCE, run=_recolour_by_words)
RECOLOURING = Slot("recolour", ("sd_recolor",), (DIFFUSED_COLOUR, COLOUR_WORDS))
