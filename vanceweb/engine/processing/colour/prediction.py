"""What colours a picture may have: networks that are shown its lightness, each in its own way.

All are shown the same: L of CIE Lab at a working size, its tonal range brought to that of an ordinary photo and its
grain taken away. The colours that come of it are ab of Lab, on a coarser grid than the picture.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from vanceweb.engine.processing.analysis.noise import estimate_noise
from vanceweb.engine.processing.errors import ProcessingError
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.resampling import FloatArray, shrink
from vanceweb.engine.processing.inference.backends import OWN_LICENCE, Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.inference.sessions import OnnxSession
from vanceweb.engine.processing.messages import gettext_noop

Predictor = Callable[[FloatArray, int, OnnxSession], "Guess"]

SEEN = 1280  # px of the longer side at which a picture is looked at: as fine as the largest working size
UNIT = 32  # px; the networks halve their input five times
OVERALL = 256  # px; a picture of this size is what the colouriser learnt from: it tells the kind of scene
CLOSER = 352  # px up to which even smaller pictures are looked at: two sizes agree better than one
LONGEST = 4  # times the working size; longer pictures are squeezed
BLACK, WHITE = 6.0, 94.0  # L of the darkest and the lightest hundredth of a print that has not faded
FADED = (10.0, 20.0)  # L of the darkest hundredth from which, and by which, a picture counts as faded
MOST_GAIN = 2.0  # of contrast, so that fog stays fog
GRAINY = 2.0  # levels of noise from which it is taken away
# ImageNet's mean and deviation, which DeOldify was trained with, and the range its last layer gives.
MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], dtype=np.float32)
NORMALISED_MOST = 3.0


@dataclass(frozen=True)
class Guess:
    """The colours a network sees, height x width x 2 (ab); from one that thinks in bins also the chances.

    `chances` are height x width x bins and add up to 1, `bins` their colours, bins x 2 (ab).
    """

    ab: FloatArray
    chances: FloatArray | None = None
    bins: FloatArray | None = None


def lightness(colours: Pixels) -> FloatArray:
    """L of CIE Lab (D65), 0..100, height x width."""
    lab = cv2.cvtColor(colours.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    return np.ascontiguousarray(lab[:, :, 0], dtype=np.float32)


def lightness_at(colours: Pixels, height: int, width: int) -> FloatArray:
    """L of the picture at another size, height x width."""
    size = (width, height)
    way = cv2.INTER_AREA if height <= colours.shape[0] and width <= colours.shape[1] else cv2.INTER_LINEAR
    return lightness(np.asarray(cv2.resize(colours, size, interpolation=way), dtype=np.uint8))


def guess_colours(colours: Pixels, side: int, backend: Backend[Predictor], networks: NetworkRegistry) -> Guess:
    """What a backend of the slot `colour` sees in a picture at a working size of `side` px.

    Raises `ProcessingError` where the network answers with something else.
    """
    return backend.run(exposed(lightness(colours)), side, networks.load_onnx(backend))


def well_seen(colours: Pixels) -> Pixels:
    """The picture as it is best looked at: no larger than `SEEN`, and smoothed as much as it is noisy."""
    colours = shrink(colours, SEEN)
    noise = estimate_noise(colours)
    if noise < GRAINY:
        return colours
    grey = cv2.fastNlMeansDenoising(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), h=1.1 * noise, searchWindowSize=15)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), dtype=np.uint8)


def exposed(light: FloatArray) -> FloatArray:
    """L with the range of a print that has not faded; left alone where its blacks are still black."""
    low, high = (float(level) for level in np.percentile(light, (1, 99)))
    faded = min(max((low - FADED[0]) / (FADED[1] - FADED[0]), 0), 1)
    if not faded or high - low < 1:  # all alike: nothing is known about its range
        return light
    black, white = min(low, BLACK), max(high, WHITE)
    gain = 1 + faded * (min((white - black) / (high - low), MOST_GAIN) - 1)
    middle, target = (low + high) / 2, (1 - faded) * (low + high) / 2 + faded * (black + white) / 2
    return np.asarray(np.clip((light - middle) * gain + target, 0, 100), dtype=np.float32)


def _by_colouriser(light: FloatArray, side: int, session: OnnxSession) -> Guess:
    """The colouriser of this repository at the working size and, for the kind of scene, at the size it learnt at.

    Both are seen mirrored too: what only shows one way round is chance.
    """
    try:
        bins = np.array(json.loads(session.facts["bins"]), dtype=np.float32)
    except (KeyError, ValueError) as error:
        raise ProcessingError(
            gettext_noop("The network colouriser.onnx doesn't tell which colours its bins mean.")
        ) from error
    # Hardly larger than the picture: there is nothing more to see in it.
    side = min(side, max(CLOSER, UNIT * round(max(light.shape) / UNIT)))
    answers = [_logits(light, size, session) for size in dict.fromkeys((side, OVERALL))]
    height, width = answers[0].shape[:2]
    total = np.zeros((height, width, len(bins)), dtype=np.float32)
    for answer in answers:
        for first in range(0, len(bins), 4):  # OpenCV resizes up to four channels fast
            part = np.ascontiguousarray(answer[:, :, first : first + 4])
            total[:, :, first : first + 4] += _sized(part, height, width)
    total /= len(answers)
    chances = softened(total)
    return Guess(chances @ bins, chances, bins)


def _logits(light: FloatArray, side: int, session: OnnxSession) -> FloatArray:
    """Height x width x bins at a quarter of the working size, the mean of both ways round."""
    seen = _resized(light, *working_size(light.shape[0], light.shape[1], side))
    straight, mirrored = (
        session.run_all(np.ascontiguousarray(each[None, None]))[1][0] for each in (seen, seen[:, ::-1])
    )
    return np.ascontiguousarray(((straight + mirrored[:, :, ::-1]) / 2).transpose(1, 2, 0))


def softened(logits: FloatArray) -> FloatArray:
    """Chances of logits, over the last axis."""
    chances = np.exp(logits - logits.max(axis=-1, keepdims=True))
    chances /= chances.sum(axis=-1, keepdims=True)
    return np.asarray(chances, dtype=np.float32)


def _by_ddcolor(light: FloatArray, side: int, session: OnnxSession) -> Guess:
    """DDColor: grey as RGB 0..1 in, ab out; the picture squeezed into a square."""
    return Guess(_answer(session, _grey(light, session, side), 2, DDCOLOR.name))


def _by_deoldify(light: FloatArray, side: int, session: OnnxSession) -> Guess:
    """DeOldify: grey as RGB in, RGB out, of which only ab is taken; the picture squeezed into a square.

    Exports with the scaling inside want levels of 0..255 and give such. Those of the bare network want what ImageNet's
    networks want; given levels they cannot answer with more than 3, and are asked again in their own way.
    """
    grey = _grey(light, session, side)
    answer = _answer(session, grey * np.float32(255), 3, DEOLDIFY.name)
    if np.abs(answer).max() <= NORMALISED_MOST < 255 * grey.mean():
        answer = _answer(session, (grey - MEAN) / DEVIATION, 3, DEOLDIFY.name)
        answer = (answer * DEVIATION + MEAN) * np.float32(255)
    rgb = np.ascontiguousarray(np.clip(answer / 255, 0, 1), dtype=np.float32)
    return Guess(np.ascontiguousarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[:, :, 1:], dtype=np.float32))


def working_size(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width, multiples of `UNIT`, of about side x side px and, within bounds, the picture's proportions."""
    ratio = (width / height) ** 0.5
    sides = (min(max(side * each, UNIT), LONGEST * side) for each in (1 / ratio, ratio))
    down, across = (max(round(length / UNIT), 1) * UNIT for length in sides)
    return down, across


def _grey(light: FloatArray, session: OnnxSession, side: int) -> FloatArray:
    """RGB 0..1 of this lightness without colour, of the size the network was exported for or else side x side."""
    height, width = (fixed or max(round(side / UNIT), 1) * UNIT for fixed in session.size)
    lab = np.zeros((height, width, 3), dtype=np.float32)
    lab[:, :, 0] = _resized(light, height, width)
    return np.asarray(np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1), dtype=np.float32)


def _resized(plane: FloatArray, height: int, width: int) -> FloatArray:
    larger = height > plane.shape[0] or width > plane.shape[1]
    way = cv2.INTER_CUBIC if larger else cv2.INTER_AREA
    return np.asarray(np.clip(cv2.resize(plane, (width, height), interpolation=way), 0, 100), dtype=np.float32)


def _sized(planes: FloatArray, height: int, width: int) -> FloatArray:
    if planes.shape[:2] == (height, width):
        return planes
    sized = cv2.resize(planes, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(sized, dtype=np.float32).reshape(height, width, -1)


def _answer(session: OnnxSession, pixels: FloatArray, channels: int, name: str) -> FloatArray:
    """What the network makes of `pixels` (height x width x 3): as large, with so many channels, and all numbers."""
    answer = session.run(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=np.float32))
    if answer.shape != (1, channels, *pixels.shape[:2]) or not np.isfinite(answer).all():
        raise ProcessingError(
            gettext_noop("%(name)s gave no colours; the file of its weights must be another network's."), name=name
        )
    return np.ascontiguousarray(answer[0].transpose(1, 2, 0), dtype=np.float32)


DDCOLOR = Backend(
    name="ddcolor (onnxruntime)",
    source=Source.BROUGHT,
    licence="Apache-2.0",
    run=_by_ddcolor,
    own_files=("colour/ddcolor.onnx",),
    interface=Interface(
        inputs=((1, 3, None, None),), outputs=((1, 2, None, None),), probe=((1, 3, 64, 64),), gives=(1, 2, 64, 64)
    ),
)
DEOLDIFY = Backend(
    name="deoldify (onnxruntime)",
    source=Source.BROUGHT,
    licence="MIT",
    run=_by_deoldify,
    own_files=("colour/deoldify.onnx",),
    interface=Interface(
        inputs=((1, 3, None, None),), outputs=((1, 3, None, None),), probe=((1, 3, 64, 64),), gives=(1, 3, 64, 64)
    ),
)
COLOURISER = Backend(
    name="vanceweb colouriser (onnxruntime)",
    source=Source.SHIPPED,
    licence=f"{OWN_LICENCE}, its encoder Apache-2.0",
    run=_by_colouriser,
    own_files=("colouriser.onnx",),
    interface=Interface(inputs=((1, 1, None, None),), outputs=((1, 2, None, None), (1, None, None, None))),
)
COLOURISATION: Slot[Predictor] = Slot("colour", ("deoldify2", "sd_recolor"), (DDCOLOR, DEOLDIFY, COLOURISER))
