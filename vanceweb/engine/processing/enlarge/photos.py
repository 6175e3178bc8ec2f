"""Enlargement of photos by 2, 4, 6 or 8 with noise and blur removed (enlarge3).

Two networks are averaged. SPAN is sharp on input shrunk by bicubic filtering, as in its training, but no better than a
plain filter on input shrunk by averaging or on noisy input; waifu2x's photo network is steady on both. On either kind
of input, their mean is better than each of them alone. SRMD removes strong noise first; waifu2x's levels 1 and 3, and
a smaller share of SPAN, remove the rest.
"""

import math
from collections.abc import Mapping
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
from vanceweb.engine.processing.image.progress import Report, narrow_report, split_report
from vanceweb.engine.processing.image.tiles import TileWork, run_tiled
from vanceweb.engine.processing.image.unsharp_mask import sharpen
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry

SPAN_SHARE = 0.5
SPAN_NOISE = 3.0  # levels of noise at which SPAN's share begins to fall steeply
LEVEL_0_UP_TO = 0.3  # suppress_noise / 100 from which waifu2x's level 0 has no share
DETAIL_NOISE = 5.0  # levels of measured noise up to which it may be fine detail; from twice this, it is all noise
FULL_REMOVAL_FROM = 40.0  # suppress_noise from which all of the certain noise is removed first
WAIFU2X = {f"waifu2x-photo-{level}": network for level, network in WAIFU2X_PHOTO.items()}
NEGLIGIBLE_SHARE = 0.02  # below which a network is not run
# Borders cover the networks (SPAN 16 px; waifu2x 7, and 3.5 for its second pass) and the sharpening's blur.
BORDER, SECOND_BORDER = 20, 12
NOISE_REMOVAL_BORDER = 12  # px, in addition, for SRMD
# Sides of tiles in px. They keep the networks below 700 MB; larger ones are hardly faster.
TILE_SIDES = {2: 256, 4: 128}  # by scale
SECOND_TILE_SIDE = 256
FIRST_PASS_SHARE = 0.35  # of the time, when there are two passes (6x and 8x)
# At remove_blur=100; the amount grows with the square of remove_blur. Sigma is in px of the input.
MAX_SHARPENING, SHARPENING_SIGMA = 1.0, 0.6


def enlarge_photo(
    picture: Picture,
    params: Params,
    networks: NetworkRegistry,
    report: Report,
    *,
    tile_sides: Mapping[int, int] = TILE_SIDES,
) -> Picture:
    """Enlarge a photo by `scale`, 2, 4, 6 or 8; `suppress_noise` and `remove_blur` are 0-100, where 0 means none.

    `tile_sides` are the sides of tiles in px, by the scale of the first pass. Raise `WeightsMissing`.
    """
    scale, noise, blur = int(params["scale"]), float(params["suppress_noise"]), float(params["remove_blur"])
    colours = get_visible_colours(picture)
    measured = estimate_noise(colours)
    removal_share = compute_removal_share(noise, measured)
    network_shares = compute_network_shares(noise, measured * (1 - removal_share))
    first = min(scale, 4)
    passes_left = scale > first

    def enlarge_tile(planes: Planes, report: Report) -> Planes:
        cleaning, enlarging = split_report(report, (bool(removal_share), len(network_shares)))
        clean = remove_noise(planes, measured, removal_share, networks, cleaning)
        large = _average_networks(clean, first, network_shares, networks, enlarging)
        return sharpen(large, MAX_SHARPENING * (blur / 100) ** 2, SHARPENING_SIGMA * first)

    share = FIRST_PASS_SHARE if passes_left else 1.0
    result = run_tiled(
        colours,
        enlarge_tile,
        scale=first,
        border=BORDER + (NOISE_REMOVAL_BORDER if removal_share else 0),
        side=tile_sides[first],
        report=narrow_report(report, 0, share),
    )
    if passes_left:
        apply = _build_second_pass(scale, networks)
        result = run_tiled(result, apply, scale=Fraction(scale, first), border=SECOND_BORDER, side=SECOND_TILE_SIDE,
                       report=narrow_report(report, share, 1))  # fmt: skip
    alpha = picture.alpha
    if alpha is not None:
        alpha = resize_alpha(alpha, result.shape[1], result.shape[0])
    return picture.replace_pixels(result, alpha).add_backends(SPAN_WAIFU2X.name)


def compute_network_shares(suppress_noise: float, measured_noise: float) -> dict[str, float]:
    """Return each network's share of the mean, for `suppress_noise` 0-100 and the measured noise in levels.

    SPAN draws noise as if it were detail, so its share falls with `suppress_noise`, and faster in noisier pictures.
    waifu2x moves from its level 0 through level 1, which repairs JPEG artefacts, to level 3, which smooths.
    """
    suppression = min(max(suppress_noise / 100, 0.0), 1.0)
    noisiness = 1 - math.exp(-((measured_noise / SPAN_NOISE) ** 2))
    span = SPAN_SHARE * max(0.0, 1 - suppression - 2 * noisiness * suppression)
    level_1 = min(suppression / LEVEL_0_UP_TO, 1.0)
    shares = {
        "span": span,
        "waifu2x-photo-0": (1 - span) * (1 - suppression) * (1 - level_1),
        "waifu2x-photo-1": (1 - span) * (1 - suppression) * level_1,
        "waifu2x-photo-3": (1 - span) * suppression,
    }
    kept = {name: share for name, share in shares.items() if share >= NEGLIGIBLE_SHARE}
    return {name: share / sum(kept.values()) for name, share in kept.items()}


def compute_removal_share(suppress_noise: float, measured_noise: float) -> float:
    """Return the share 0..1 of the measured noise to remove before enlarging; possible fine detail is kept."""
    certainty = min(max((measured_noise - DETAIL_NOISE) / DETAIL_NOISE, 0.0), 1.0)
    return certainty * min(suppress_noise / FULL_REMOVAL_FROM, 1.0)


def _average_networks(
    planes: Planes, scale: int, shares: Mapping[str, float], networks: NetworkRegistry, report: Report
) -> Planes:
    """Return the weighted mean of the networks' outputs: `scale` times as large as the tile, less some border."""
    outputs = [
        (
            share,
            networks.load_ncnn(SPAN[scale]).run(planes, part)
            if name == "span"
            else _run_waifu2x(planes, scale, name, networks, part),
        )
        for (name, share), part in zip(shares.items(), split_report(report, [1.0] * len(shares)), strict=True)
    ]
    height = min(output.shape[1] for _, output in outputs)
    width = min(output.shape[2] for _, output in outputs)
    total = np.zeros((3, height, width), dtype=np.float32)
    for share, output in outputs:
        total += np.float32(share) * np.clip(crop_centre(output, height, width), 0, 1)
    return total


def _run_waifu2x(planes: Planes, scale: int, name: str, networks: NetworkRegistry, report: Report) -> Planes:
    doublings = split_report(report, (1, 0) if scale == 2 else (1, 4))
    twice = np.clip(networks.load_ncnn(WAIFU2X[name]).run(planes, doublings[0]), 0, 1)
    return twice if scale == 2 else networks.load_ncnn(WAIFU2X_PHOTO[0]).run(twice, doublings[1])


def _build_second_pass(scale: int, networks: NetworkRegistry) -> TileWork:
    """Return a function that enlarges from 4x to 8x by waifu2x and, for 6x, shrinks the result by averaging."""

    def enlarge_again(planes: Planes, report: Report) -> Planes:
        large = np.clip(networks.load_ncnn(WAIFU2X_PHOTO[0]).run(planes, report), 0, 1)
        if scale == 8:
            return large
        small = [
            cv2.resize(plane, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
            for plane in crop_centre(large, large.shape[1] // 8 * 8, large.shape[2] // 8 * 8)
        ]
        return np.stack(small)

    return enlarge_again


SPAN_WAIFU2X = Backend(
    name="span+waifu2x-photo (ncnn)",
    source=Source.SET_UP,
    licence="Apache-2.0, MIT",
    run=enlarge_photo,
    weights=(weights.SPAN_X2, weights.SPAN_X4, *weights.WAIFU2X_PHOTO.values()),
)
ENLARGEMENT = Slot("enlargement", ("enlarge3",), (SPAN_WAIFU2X,))
