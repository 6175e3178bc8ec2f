"""Prediction of a picture's colours from its lightness, by one of several networks.

Every network gets the same picture: L of CIE Lab at a working size, with the tonal range of an ordinary photo and
without grain. The predicted colours are ab of Lab, on a coarser grid than the picture.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from vanceweb.engine.processing.analysis.noise import estimate_noise
from vanceweb.engine.processing.errors import ProcessingError
from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.progress import Report, ignore_progress, report_each, split_report
from vanceweb.engine.processing.image.resampling import FloatArray, shrink
from vanceweb.engine.processing.inference.backends import OWN_LICENCE, Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.inference.sessions import OnnxSession
from vanceweb.engine.processing.messages import gettext_noop

Predictor = Callable[[FloatArray, int, OnnxSession, Report], "ColourPrediction"]

LONGEST_SIDE = 1280  # px of the picture that networks are shown: as fine as the largest working size
SIDE_MULTIPLE = 32  # px; the networks halve their input five times
TRAINING_SIDE = 256  # px; the size the colouriser was trained at: it shows the kind of scene
SMALL_PICTURE_SIDE = 352  # px; smaller pictures are enlarged up to it: two sizes give better colours than one
MOST_STRETCH = 4  # sides at most, in working sizes; longer pictures are squeezed
UNFADED_BLACK, UNFADED_WHITE = 6.0, 94.0  # L of the darkest and the lightest hundredth of an unfaded print
FADED_BLACKS = (10.0, 20.0)  # L of the darkest hundredth: faded above the first, fully from the second on
MOST_CONTRAST_GAIN = 2.0  # so that fog stays fog
GRAIN_SEARCH, GRAIN_REACH = 15, 10  # px: the side of the searched window, and the reach of it and of a patch of 7 px
GRAIN_STRIP = 128  # rows
GRAIN_THRESHOLD = 2.0  # levels of noise from which it is removed
# ImageNet's mean and deviation, used in DeOldify's training, and the largest output of its last layer.
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
IMAGENET_DEVIATION = np.array([0.229, 0.224, 0.225], dtype=np.float32)
NORMALISED_LIMIT = 3.0


@dataclass(frozen=True)
class ColourPrediction:
    """A network's predicted colours, `ab` (height x width x 2), and their probabilities if it classifies into bins.

    `probabilities` (height x width x bins) add up to 1; `bins` (bins x 2) are the bins' ab.
    """

    ab: FloatArray
    probabilities: FloatArray | None = None
    bins: FloatArray | None = None


def to_lightness(colours: Pixels) -> FloatArray:
    """Return L of CIE Lab (D65), 0..100, height x width."""
    lab = cv2.cvtColor(colours.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    return np.ascontiguousarray(lab[:, :, 0], dtype=np.float32)


def to_resized_lightness(colours: Pixels, height: int, width: int) -> FloatArray:
    """Return L of the picture resized to `height` x `width`."""
    size = (width, height)
    way = cv2.INTER_AREA if height <= colours.shape[0] and width <= colours.shape[1] else cv2.INTER_LINEAR
    return to_lightness(np.asarray(cv2.resize(colours, size, interpolation=way), dtype=np.uint8))


def predict_colours(
    colours: Pixels, side: int, backend: Backend[Predictor], networks: NetworkRegistry, report: Report
) -> ColourPrediction:
    """Predict a picture's colours with a backend of the slot `colour`, at a working size of `side` px.

    Raises `ProcessingError` if the network's output isn't colours.
    """
    return backend.run(restore_tonal_range(to_lightness(colours)), side, networks.load_onnx(backend), report)


def prepare_for_prediction(colours: Pixels, report: Report = ignore_progress) -> Pixels:
    """Shrink the picture to `LONGEST_SIDE` at most, and remove its grain and colours if it is noisy."""
    colours = shrink(colours, LONGEST_SIDE)
    noise = estimate_noise(colours)
    if noise < GRAIN_THRESHOLD:
        return colours
    grey = remove_grain(np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), dtype=np.uint8), 1.1 * noise, report)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), dtype=np.uint8)


def remove_grain(grey: Mask, strength: float, report: Report) -> Mask:
    """Remove grain by non-local means, with OpenCV's filter strength, strip by strip: the same as in one piece."""
    height = grey.shape[0]
    clean = np.empty_like(grey)
    for top in report_each(range(0, height, GRAIN_STRIP), report):
        first, last = max(top - GRAIN_REACH, 0), min(top + GRAIN_STRIP + GRAIN_REACH, height)
        strip = cv2.fastNlMeansDenoising(
            np.ascontiguousarray(grey[first:last]), h=strength, searchWindowSize=GRAIN_SEARCH
        )
        clean[top : top + GRAIN_STRIP] = strip[top - first : top - first + GRAIN_STRIP]
    return clean


def restore_tonal_range(lightness: FloatArray) -> FloatArray:
    """Stretch L of a faded print to the range of an unfaded one; return L unchanged if its blacks are still black."""
    low, high = (float(level) for level in np.percentile(lightness, (1, 99)))
    faded = min(max((low - FADED_BLACKS[0]) / (FADED_BLACKS[1] - FADED_BLACKS[0]), 0), 1)
    if not faded or high - low < 1:  # a flat picture tells nothing about its range
        return lightness
    black, white = min(low, UNFADED_BLACK), max(high, UNFADED_WHITE)
    gain = 1 + faded * (min((white - black) / (high - low), MOST_CONTRAST_GAIN) - 1)
    middle, target = (low + high) / 2, (1 - faded) * (low + high) / 2 + faded * (black + white) / 2
    return np.asarray(np.clip((lightness - middle) * gain + target, 0, 100), dtype=np.float32)


def _predict_with_colouriser(
    lightness: FloatArray, side: int, session: OnnxSession, report: Report
) -> ColourPrediction:
    """Run vanceweb's colouriser at the working size and, for the kind of scene, at the size it was trained at.

    Each run is averaged with a mirrored one: what only one of them shows is chance.
    """
    try:
        bins = np.array(json.loads(session.metadata["bins"]), dtype=np.float32)
    except (KeyError, ValueError) as error:
        raise ProcessingError(
            gettext_noop("The network colouriser.onnx doesn't say which colours its bins stand for.")
        ) from error
    # Hardly larger than the picture: enlarging shows nothing more.
    side = min(side, max(SMALL_PICTURE_SIDE, SIDE_MULTIPLE * round(max(lightness.shape) / SIDE_MULTIPLE)))
    sizes = list(dict.fromkeys((side, TRAINING_SIDE)))
    parts = split_report(report, [size**2 for size in sizes])
    answers = [_predict_logits(lightness, size, session, part) for size, part in zip(sizes, parts, strict=True)]
    height, width = answers[0].shape[:2]
    total = np.zeros((height, width, len(bins)), dtype=np.float32)
    for answer in answers:
        for first in range(0, len(bins), 4):  # OpenCV resizes up to four channels fast
            part = np.ascontiguousarray(answer[:, :, first : first + 4])
            total[:, :, first : first + 4] += _resize_planes(part, height, width)
    total /= len(answers)
    probabilities = compute_softmax(total)
    return ColourPrediction(probabilities @ bins, probabilities, bins)


def _predict_logits(lightness: FloatArray, side: int, session: OnnxSession, report: Report) -> FloatArray:
    """Return logits (height x width x bins, a quarter of the working size), the mean of a plain and a mirrored run."""
    resized = _resize_lightness(lightness, *choose_working_size(lightness.shape[0], lightness.shape[1], side))
    plain, mirrored = (
        session.run_all(np.ascontiguousarray(each[None, None]))[1][0]
        for each in report_each((resized, resized[:, ::-1]), report)
    )
    return np.ascontiguousarray(((plain + mirrored[:, :, ::-1]) / 2).transpose(1, 2, 0))


def compute_softmax(logits: FloatArray) -> FloatArray:
    """Return the softmax over the last axis."""
    probabilities = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    return np.asarray(probabilities, dtype=np.float32)


def _predict_with_ddcolor(lightness: FloatArray, side: int, session: OnnxSession, report: Report) -> ColourPrediction:
    """Run DDColor: grey as RGB 0..1 in, ab out; the picture is squeezed into a square."""
    return ColourPrediction(_run_colour_network(session, _render_grey(lightness, session, side), 2, DDCOLOR.name))


def _predict_with_deoldify(lightness: FloatArray, side: int, session: OnnxSession, report: Report) -> ColourPrediction:
    """Run DeOldify: grey as RGB in, RGB out, of which only ab is used; the picture is squeezed into a square.

    Exports that include the scaling take and return levels of 0..255. Exports of the bare network need ImageNet's
    normalisation; for levels their output doesn't exceed 3, so they are run again with normalised input.
    """
    grey = _render_grey(lightness, session, side)
    answer = _run_colour_network(session, grey * np.float32(255), 3, DEOLDIFY.name)
    if np.abs(answer).max() <= NORMALISED_LIMIT < 255 * grey.mean():
        answer = _run_colour_network(session, (grey - IMAGENET_MEAN) / IMAGENET_DEVIATION, 3, DEOLDIFY.name)
        answer = (answer * IMAGENET_DEVIATION + IMAGENET_MEAN) * np.float32(255)
    rgb = np.ascontiguousarray(np.clip(answer / 255, 0, 1), dtype=np.float32)
    return ColourPrediction(np.ascontiguousarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[:, :, 1:], dtype=np.float32))


def choose_working_size(height: int, width: int, side: int) -> tuple[int, int]:
    """Choose a height and width of about side x side px, multiples of `SIDE_MULTIPLE`.

    Keeps the picture's proportions up to `MOST_STRETCH`.
    """
    ratio = (width / height) ** 0.5
    sides = (min(max(side * each, SIDE_MULTIPLE), MOST_STRETCH * side) for each in (1 / ratio, ratio))
    down, across = (max(round(length / SIDE_MULTIPLE), 1) * SIDE_MULTIPLE for length in sides)
    return down, across


def _render_grey(lightness: FloatArray, session: OnnxSession, side: int) -> FloatArray:
    """Return grey RGB 0..1 of this lightness, at the size the network was exported for, or else at side x side px."""
    height, width = (fixed or max(round(side / SIDE_MULTIPLE), 1) * SIDE_MULTIPLE for fixed in session.size)
    lab = np.zeros((height, width, 3), dtype=np.float32)
    lab[:, :, 0] = _resize_lightness(lightness, height, width)
    return np.asarray(np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1), dtype=np.float32)


def _resize_lightness(plane: FloatArray, height: int, width: int) -> FloatArray:
    larger = height > plane.shape[0] or width > plane.shape[1]
    way = cv2.INTER_CUBIC if larger else cv2.INTER_AREA
    return np.asarray(np.clip(cv2.resize(plane, (width, height), interpolation=way), 0, 100), dtype=np.float32)


def _resize_planes(planes: FloatArray, height: int, width: int) -> FloatArray:
    if planes.shape[:2] == (height, width):
        return planes
    sized = cv2.resize(planes, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(sized, dtype=np.float32).reshape(height, width, -1)


def _run_colour_network(session: OnnxSession, pixels: FloatArray, channels: int, name: str) -> FloatArray:
    """Run the network on `pixels` (height x width x 3) and return height x width x `channels`.

    Raises `ProcessingError` if the output has another shape or isn't finite.
    """
    answer = session.run(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=np.float32))
    if answer.shape != (1, channels, *pixels.shape[:2]) or not np.isfinite(answer).all():
        raise ProcessingError(
            gettext_noop("%(name)s returned no colours; its weights file must belong to another network."), name=name
        )
    return np.ascontiguousarray(answer[0].transpose(1, 2, 0), dtype=np.float32)


DDCOLOR = Backend(
    name="ddcolor (onnxruntime)",
    source=Source.BROUGHT,
    licence="Apache-2.0",
    run=_predict_with_ddcolor,
    own_files=("colour/ddcolor.onnx",),
    interface=Interface(
        inputs=((1, 3, None, None),), outputs=((1, 2, None, None),), probe=((1, 3, 64, 64),), result=(1, 2, 64, 64)
    ),
)
DEOLDIFY = Backend(
    name="deoldify (onnxruntime)",
    source=Source.BROUGHT,
    licence="MIT",
    run=_predict_with_deoldify,
    own_files=("colour/deoldify.onnx",),
    interface=Interface(
        inputs=((1, 3, None, None),), outputs=((1, 3, None, None),), probe=((1, 3, 64, 64),), result=(1, 3, 64, 64)
    ),
)
COLOURISER = Backend(
    name="vanceweb colouriser (onnxruntime)",
    source=Source.SHIPPED,
    licence=f"{OWN_LICENCE}, its encoder Apache-2.0",
    run=_predict_with_colouriser,
    own_files=("colouriser.onnx",),
    interface=Interface(inputs=((1, 1, None, None),), outputs=((1, 2, None, None), (1, None, None, None))),
)
COLOURISATION: Slot[Predictor] = Slot("colour", ("deoldify2", "sd_recolor"), (DDCOLOR, DEOLDIFY, COLOURISER))
