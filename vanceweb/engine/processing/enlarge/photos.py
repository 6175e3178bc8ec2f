"""enlarge3: 2, 4, 6 and 8 times as large, with noise and blur taken away on the way.

Two networks are averaged. SPAN is sharp on input that was shrunk by bicubic filtering, what it was trained on, but no
better than a plain filter on input that was shrunk by averaging or that is noisy; waifu2x's photo network is steady on
both. Their mean is better than either over both kinds. Strong noise is first taken away by SRMD, what is left by
waifu2x's levels 1 and 3 and by SPAN's share giving way.
"""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.analysis.noise import estimate_noise
from vanceweb.engine.processing.denoise.denoising import remove_noise
from vanceweb.engine.processing.enlarge import weights
from vanceweb.engine.processing.enlarge.networks import SPAN, WAIFU2X_PHOTO
from vanceweb.engine.processing.image.alpha import get_visible_colours, resize_alpha
from vanceweb.engine.processing.image.arrays import Planes, crop_centre
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.tiles import Report, narrow_report, run_tiled
from vanceweb.engine.processing.image.unsharp_mask import sharpen
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry

SPAN_SHARE = 0.5
CLEAN_UP_TO = 3.0  # levels of noise at which SPAN's share begins to give way for good
MENDING_FROM = 0.3  # suppress_noise / 100 from which waifu2x's level 0 has no share
DOUBTFUL = 5.0  # levels of measured noise up to which it may be fine detail; beyond twice of it, it is noise
CLEANED_FROM = 40.0  # suppress_noise from which all of the sure noise is removed first
WAIFU2X = {f"waifu2x-photo-{level}": network for level, network in WAIFU2X_PHOTO.items()}
NEGLIGIBLE = 0.02  # share below which a network is not run
# Borders cover the networks (SPAN 16 px; waifu2x 7, and 3.5 for its second pass) and the sharpening's blur.
BORDER, SECOND_BORDER = 20, 12
CLEANING_BORDER = 12  # px more that SRMD looks at
# Sides of tiles in px: with them the networks stay below 700 MB; larger ones are hardly faster.
TILE_SIDES = {2: 256, 4: 128}  # by scale
SECOND_TILE_SIDE = 256
FIRST_PASS_SHARE = 0.35  # of the time, when there are two passes (6x and 8x)
SHARPEN_MOST, SHARPEN_SIGMA = 1.0, 0.6  # at remove_blur=100, growing with its square; the blur is in px of the input


def enlarge_photo(
    picture: Picture,
    params: Params,
    networks: NetworkRegistry,
    report: Report,
    *,
    tile_sides: Mapping[int, int] = TILE_SIDES,
) -> Picture:
    """`scale` 2, 4, 6 or 8; `suppress_noise` and `remove_blur` 0-100, 0 being none. Raises `WeightsMissing`."""
    scale, noise, blur = int(params["scale"]), float(params["suppress_noise"]), float(params["remove_blur"])
    colours = get_visible_colours(picture)
    measured = estimate_noise(colours)
    before = share_cleaned_before(noise, measured)
    mix = network_shares(noise, measured * (1 - before))
    first = min(scale, 4)
    passes_left = scale > first

    def once(planes: Planes) -> Planes:
        large = _mixed(remove_noise(planes, measured, before, networks), first, mix, networks)
        return sharpen(large, SHARPEN_MOST * (blur / 100) ** 2, SHARPEN_SIGMA * first)

    share = FIRST_PASS_SHARE if passes_left else 1.0
    result = run_tiled(
        colours,
        once,
        scale=first,
        border=BORDER + (CLEANING_BORDER if before else 0),
        side=tile_sides[first],
        report=narrow_report(report, 0, share),
    )
    if passes_left:
        again = _second_pass(scale, networks)
        result = run_tiled(result, again, scale=Fraction(scale, first), border=SECOND_BORDER, side=SECOND_TILE_SIDE,
                       report=narrow_report(report, share, 1))  # fmt: skip
    alpha = picture.alpha
    if alpha is not None:
        alpha = resize_alpha(alpha, result.shape[1], result.shape[0])
    return picture.replace_pixels(result, alpha).add_backends(SPAN_WAIFU2X.name)


def network_shares(suppress_noise: float, measured_noise: float) -> dict[str, float]:
    """How much each network adds to the mean, for `suppress_noise` 0-100 and noise measured in levels.

    SPAN, which draws noise as if it were detail, gives way, sooner the noisier the picture is. waifu2x moves from its
    level 0 by way of level 1, which mends what JPEG did, to level 3, which smooths.
    """
    suppression = min(max(suppress_noise / 100, 0.0), 1.0)
    noisiness = 1 - math.exp(-((measured_noise / CLEAN_UP_TO) ** 2))
    span = SPAN_SHARE * max(0.0, 1 - suppression - 2 * noisiness * suppression)
    mending = min(suppression / MENDING_FROM, 1.0)
    shares = {
        "span": span,
        "waifu2x-photo-0": (1 - span) * (1 - suppression) * (1 - mending),
        "waifu2x-photo-1": (1 - span) * (1 - suppression) * mending,
        "waifu2x-photo-3": (1 - span) * suppression,
    }
    kept = {name: share for name, share in shares.items() if share >= NEGLIGIBLE}
    return {name: share / sum(kept.values()) for name, share in kept.items()}


def share_cleaned_before(suppress_noise: float, measured_noise: float) -> float:
    """How much of the measured noise is taken away before anything else: none of what may be fine detail."""
    sure = min(max((measured_noise - DOUBTFUL) / DOUBTFUL, 0.0), 1.0)
    return sure * min(suppress_noise / CLEANED_FROM, 1.0)


def _mixed(planes: Planes, scale: int, shares: Mapping[str, float], networks: NetworkRegistry) -> Planes:
    """The weighted mean of the networks' answers, `scale` times as large as the tile, less some border."""
    answers = [
        (
            share,
            networks.load_ncnn(SPAN[scale]).run(planes) if name == "span" else _waifu2x(planes, scale, name, networks),
        )
        for name, share in shares.items()
    ]
    height = min(answer.shape[1] for _, answer in answers)
    width = min(answer.shape[2] for _, answer in answers)
    total = np.zeros((3, height, width), dtype=np.float32)
    for share, answer in answers:
        total += np.float32(share) * np.clip(crop_centre(answer, height, width), 0, 1)
    return total


def _waifu2x(planes: Planes, scale: int, name: str, networks: NetworkRegistry) -> Planes:
    twice = np.clip(networks.load_ncnn(WAIFU2X[name]).run(planes), 0, 1)
    return twice if scale == 2 else networks.load_ncnn(WAIFU2X_PHOTO[0]).run(twice)


def _second_pass(scale: int, networks: NetworkRegistry) -> Callable[[Planes], Planes]:
    """From 4x to 8x by waifu2x, and for 6x down again by averaging."""

    def again(planes: Planes) -> Planes:
        large = np.clip(networks.load_ncnn(WAIFU2X_PHOTO[0]).run(planes), 0, 1)
        if scale == 8:
            return large
        small = [
            cv2.resize(plane, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
            for plane in crop_centre(large, large.shape[1] // 8 * 8, large.shape[2] // 8 * 8)
        ]
        return np.stack(small)

    return again


SPAN_WAIFU2X = Backend(
    name="span+waifu2x-photo (ncnn)",
    source=Source.SET_UP,
    licence="Apache-2.0, MIT",
    run=enlarge_photo,
    weights=(weights.SPAN_X2, weights.SPAN_X4, *weights.WAIFU2X_PHOTO.values()),
)
ENLARGEMENT = Slot("enlargement", ("enlarge3",), (SPAN_WAIFU2X,))
