"""Conversion to sRGB: networks are trained on it, colours of requests are given in it, and browsers assume it.

A picture keeps its ICC profile as long as its own colours are kept. Where colours of sRGB join them, it is converted.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from vanceweb.catalogue.output import Colour
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.samples import Samples
from vanceweb.lib.colour_encodings import SRGB, ColourEncoding, compute_matrix, decode_srgb
from vanceweb.lib.colour_profiles import RGB, build_grey_table, convert_to_srgb, get_profile_space
from vanceweb.lib.matrices import invert, multiply

STRIP_HEIGHT = 256  # rows converted at once
DARKEST, TONE_STEPS = 1e-9, 1025  # light that counts as black; steps of the table of tones
LIGHT_STEPS = 65_535  # of the table from light to sRGB: near black, a twentieth of a level
COMMON_COLOURS: tuple[Colour, ...] = ((0, 0, 0), (255, 255, 255))  # the same in every profile
SAME_LEVELS = 1  # difference of levels up to which a profile is sRGB, whose conversion would only round


def prepare_for_colour(picture: Picture) -> Picture:
    """Return the picture in sRGB and no longer grey, for a step that gives it colours."""
    return replace(convert_profile(picture), grey=False)


def prepare_for_background(picture: Picture, background: Colour | None) -> Picture:
    """Return the picture in sRGB if its transparent parts get a background of another colour than black or white."""
    is_needed = picture.alpha is not None and background is not None and background not in COMMON_COLOURS
    return convert_profile(picture) if is_needed else picture


def convert_profile(picture: Picture) -> Picture:
    """Return the picture in sRGB, without its profile unless that is sRGB. An unusable profile stays without effect."""
    icc = picture.metadata.icc
    if icc is None:
        return picture
    colours = convert_grey(picture.colours, icc) if picture.grey else _convert_rgb(picture.colours, icc)
    if colours is None:
        return picture
    metadata = replace(picture.metadata, icc=None)
    return replace(picture.replace_pixels(colours, picture.alpha), metadata=metadata)


def convert_grey(colours: Pixels, icc: bytes) -> Pixels | None:
    """Convert grey colours through a profile to sRGB; None if that has no effect."""
    table = build_grey_table(icc)
    if table is None or max(abs(level - at) for at, level in enumerate(table)) <= SAME_LEVELS:
        return None
    return np.array(table, dtype=np.uint8)[colours]


def _convert_rgb(colours: Pixels, icc: bytes) -> Pixels | None:
    """Convert colours through an RGB profile to sRGB; None if that has no effect."""
    if get_profile_space(icc) != RGB or _is_srgb(icc):
        return None
    converted = convert_to_srgb(Image.fromarray(colours), icc)
    return None if converted is None else np.array(converted)


def _is_srgb(icc: bytes) -> bool:
    steps = np.linspace(0, 255, 6).astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    converted = convert_to_srgb(Image.fromarray(cube), icc)
    return converted is None or int(np.abs(np.asarray(converted).astype(int) - cube).max()) <= SAME_LEVELS


def decode_colours(samples: Samples, encoding: ColourEncoding) -> Pixels:
    """Convert samples of this encoding to sRGB."""
    height, width = samples.shape[:2]
    channels = np.broadcast_to(samples[..., None] if samples.ndim < 3 else samples, (height, width, 3))
    levels = np.iinfo(samples.dtype).max
    transfer = np.array([encoding.transfer(level / levels) for level in range(levels + 1)], dtype=np.float32)
    to_xyz = compute_matrix(encoding.primaries)
    mixing = np.array(multiply(invert(compute_matrix(SRGB)), to_xyz), dtype=np.float32)
    luminance = np.array(to_xyz[1], dtype=np.float32)
    code = _build_srgb_table()
    result = np.empty(channels.shape, dtype=np.uint8)
    for top in range(0, height, STRIP_HEIGHT):
        rows = slice(top, top + STRIP_HEIGHT)
        light = transfer[channels[rows]]
        if encoding.peak > 1:
            light = _compress_tones(light, encoding, luminance)
        mixed = np.clip(light @ mixing.T, 0, 1)
        result[rows] = code[(mixed * LIGHT_STEPS + np.float32(0.5)).astype(np.uint16)]
    return result


def _build_srgb_table() -> npt.NDArray[np.uint8]:
    """Return the sample of sRGB for each step of light."""
    thresholds = [decode_srgb((level + 0.5) / 255) * LIGHT_STEPS for level in range(255)]
    return np.searchsorted(thresholds, np.arange(LIGHT_STEPS + 1)).astype(np.uint8)


def _compress_tones(light: npt.NDArray[Any], encoding: ColourEncoding, luminance: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Bring HDR's light into 0..1 by a factor for each px, so that hues stay."""
    if encoding.system_gamma != 1:
        light = light * encoding.peak * ((light @ luminance) ** (encoding.system_gamma - 1))[..., None]
    brightest = np.maximum(light.max(axis=-1, keepdims=True), DARKEST)
    knots = encoding.peak * np.linspace(0, 1, TONE_STEPS) ** 2  # closer where it is dark
    shown = np.interp(brightest, knots, [encoding.compress_tone(knot) for knot in knots])
    return np.asarray(light * (shown / brightest), dtype=np.float32)
