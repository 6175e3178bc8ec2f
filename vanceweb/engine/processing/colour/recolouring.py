"""sd_recolor: a picture coloured as words want it.

The backend "colour words" takes what the network of the slot `colour` sees. Colours of the negative prompt are taken
out of its chances, and where the prompt names a thing that is found in the picture, or what the network is unsure of,
the chances near the wished colour are what is left of them.
"""

import logging

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.colour.colourisation import NETWORK_SHARE, coloured
from vanceweb.engine.processing.colour.decoding import decode, vote
from vanceweb.engine.processing.colour.prediction import COLOURISATION, Guess, guess_colours, softened, well_seen
from vanceweb.engine.processing.colour.prompts import Wish, read_wishes
from vanceweb.engine.processing.colour.regions import Scene, in_order, region_of
from vanceweb.engine.processing.diffusion import painting
from vanceweb.engine.processing.errors import UnusableWeights
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.resampling import FloatArray
from vanceweb.engine.processing.image.tiles import Report, narrow_report
from vanceweb.engine.processing.inference.backends import OWN_LICENCE, Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop

logger = logging.getLogger(__name__)

DIFFUSION_SHARE = 0.8  # of the time
SIDE = 480  # px of the working size: deoldify2's by default
GRID = 10  # ab between neighbouring bins, for networks that give colours only
UNSURE = 12.0  # deviation in ab that such colours are taken to have
NEARNESS = 15.0  # deviation in ab of what counts as the wished colour
TRUST = 0.3  # power of the network's chances beside it
HUE_WIDTH, HUE_EDGE = 35.0, 55.0  # degrees from a hue within which a colour is of it, and beyond which it is not
COLOURLESS, COLOURFUL = 6.0, 12.0  # chroma below which nothing has a hue, and from which it surely has
PALE = 35.0  # chroma below which a word means pale colours of its hue only
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
    """`prompt` and `negative_prompt` name colours. Raises `WeightsMissing`."""
    return networks.choose(RECOLOURING).run(picture, params, networks, report)


def _by_words(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    seen = well_seen(get_visible_colours(picture))
    backend = networks.choose(COLOURISATION)
    scene = _scene(guess_colours(seen, SIDE, backend, networks), seen, networks)
    report(NETWORK_SHARE / 2)
    prompt, negative = str(params.get("prompt") or ""), str(params.get("negative_prompt") or "")
    wishes, unwanted = read_wishes(prompt), read_wishes(negative)
    ab, missing = wished_colours(scene, wishes, unwanted)
    report(NETWORK_SHARE)
    result = coloured(picture, seen, ab, narrow_report(report, NETWORK_SHARE, 1)).add_backends(
        backend.name, COLOUR_WORDS.name
    )
    for text, found, note in (
        (prompt, wishes, NO_COLOUR_IN_PROMPT),
        (negative, unwanted, NO_COLOUR_IN_NEGATIVE_PROMPT),
    ):
        if text.strip() and not found:
            result = result.add_note(note)
    for wish in missing:
        result = result.add_note(Message(NOT_FOUND, words=wish.words))
    return result


def _by_diffusion(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """The colours of what Stable Diffusion paints of it, on the picture's own lightness; by words where it can't."""
    seen = well_seen(get_visible_colours(picture))
    prompt, negative = str(params.get("prompt") or ""), str(params.get("negative_prompt") or "")
    try:
        painted = painting.paint_colours(seen, prompt, negative, networks, narrow_report(report, 0, DIFFUSION_SHARE))
    except UnusableWeights as error:
        logger.warning(error)
        return _by_words(picture.add_note(error.message), params, networks, report)
    lab = cv2.cvtColor(painted.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    ab = cv2.resize(lab, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) if min(lab.shape[:2]) > 1 else lab
    ab = np.asarray(ab, dtype=np.float32)[..., 1:]
    return coloured(picture, seen, ab, narrow_report(report, DIFFUSION_SHARE, 1)).add_backends(DIFFUSED_COLOUR.name)


def wished_colours(scene: Scene, wishes: list[Wish], unwanted: list[Wish]) -> tuple[FloatArray, list[Wish]]:
    """ab of each cell, and the wishes for things that aren't in the picture."""
    missing: list[Wish] = []
    chances = vote(scene.chances, scene.light)
    without: list[tuple[FloatArray, Wish]] = []
    for wish in unwanted:
        # A colour that nothing is named for is wanted nowhere, however sure the network is.
        place = region_of(scene, wish) if wish.thing or wish.places else np.ones(scene.size, dtype=np.float32)
        if place is None:
            missing.append(wish)
            continue
        chances *= 1 - place[:, :, None] * likeness(scene.bins, wish.ab) + np.float32(1e-6)
        chances /= chances.sum(axis=2, keepdims=True)
        without.append((place, wish))
    ab = decode(chances, scene.bins)
    for place, wish in without:  # a mean of two colours may be the one that was taken out from between them
        ab *= (1 - place * likeness(ab, wish.ab))[:, :, None]
    for wish in in_order(wishes):
        place = region_of(scene, wish)
        if place is None:
            missing.append(wish)
            continue
        ab += place[:, :, None] * (drawn_to(chances, scene.bins, wish.ab) - ab)
    return ab, missing


def drawn_to(chances: FloatArray, bins: FloatArray, ab: tuple[float, float]) -> FloatArray:
    """ab of each cell (height x width x 2) when only colours near the wished one are likely."""
    apart = ((bins - np.array(ab, dtype=np.float32)) ** 2).sum(axis=1)
    near = np.exp(-apart / np.float32(2 * NEARNESS**2)) + np.float32(1e-9)
    left = np.maximum(chances, 1e-6) ** np.float32(TRUST) * near
    left /= left.sum(axis=2, keepdims=True)
    return np.asarray(left @ bins, dtype=np.float32)


def likeness(ab: FloatArray, word: tuple[float, float]) -> FloatArray:
    """How much colours (any shape x 2) are what the word for that colour means, 0..1."""
    chroma = np.hypot(ab[..., 0], ab[..., 1])
    meant = float(np.hypot(*word))
    if meant < COLOURLESS:
        return np.asarray(1 - np.clip((chroma - COLOURLESS) / (COLOURFUL - COLOURLESS), 0, 1), dtype=np.float32)
    turn = np.degrees(np.arctan2(ab[..., 1], ab[..., 0]) - np.arctan2(word[1], word[0]))
    away = np.abs((turn + 180) % 360 - 180)
    share = np.clip((HUE_EDGE - away) / (HUE_EDGE - HUE_WIDTH), 0, 1)
    share = share * np.clip((chroma - COLOURLESS) / (COLOURFUL - COLOURLESS), 0, 1)
    if meant < PALE:
        share = share * np.clip((2.5 * meant - chroma) / meant, 0, 1)
    return np.asarray(share, dtype=np.float32)


def _scene(guess: Guess, seen: Pixels, networks: NetworkRegistry) -> Scene:
    """With the network's own chances, or such as its colours let suppose."""
    if guess.chances is not None and guess.bins is not None:
        return Scene(seen, guess.chances, guess.bins, networks)
    ab = guess.ab
    side = max(ab.shape[:2])
    if side > SIDE // 4:
        size = (max(round(ab.shape[1] * SIDE / 4 / side), 1), max(round(ab.shape[0] * SIDE / 4 / side), 1))
        ab = np.asarray(cv2.resize(ab, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    steps = np.arange(-100, 101, GRID, dtype=np.float32)
    bins = np.stack(np.meshgrid(steps, steps), axis=2).reshape(-1, 2)
    bins = bins[np.hypot(*bins.T) <= 100]
    apart = (ab**2).sum(axis=2)[:, :, None] - 2 * ab @ bins.T + (bins**2).sum(axis=1)
    return Scene(seen, softened(np.asarray(-apart / (2 * UNSURE**2), dtype=np.float32)), bins, networks)


DIFFUSED_COLOUR = Backend(
    name="stable diffusion 1.5 for colour (diffusers)",
    source=Source.BROUGHT,
    licence=painting.LICENCE,
    run=_by_diffusion,
    own_files=("diffusion/sd_recolor",),
    packages=painting.PACKAGES,
    requirements=painting.REQUIREMENTS,
)
COLOUR_WORDS = Backend(name="colour words", source=Source.NONE, licence=OWN_LICENCE, run=_by_words)
RECOLOURING = Slot("recolour", ("sd_recolor",), (DIFFUSED_COLOUR, COLOUR_WORDS))
