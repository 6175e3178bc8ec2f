"""Removal of degradation and then of blur, both as measured in the picture itself (sharpen3).

waifu2x's CUNET removes JPEG blocks and halos, better than any other network that was tried, in photos too. SRMD removes
noise. Blur is removed by a network, or by deconvolution if there is no network or too much noise for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.analysis.blur_shape import Blur, estimate_blur_shape
from vanceweb.engine.processing.analysis.jpeg_blocks import estimate_jpeg_blocks
from vanceweb.engine.processing.analysis.noise import estimate_noise
from vanceweb.engine.processing.denoise.denoising import MIN_NOISE, SRMD, Strength, choose_strength, remove_noise
from vanceweb.engine.processing.enlarge.networks import CUNET
from vanceweb.engine.processing.enlarge.weights import CUNET as CUNET_WEIGHTS
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels, Planes, crop_centre
from vanceweb.engine.processing.image.passes import Pass, run_passes
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import Report, narrow_report, split_report
from vanceweb.engine.processing.image.unsharp_mask import sharpen
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop
from vanceweb.engine.processing.sharpen.deblurrers import Deblurrer, build_deconvolution, load_deblurring_network

MIN_BLOCKS = 0.45  # levels of JPEG blocks; no photo without them measures as much
STRONG_BLOCKS = 1.0  # levels of JPEG blocks from which CUNET's level 3 is better than its level 1
# Softness in px from which a picture begins to be deblurred, and from which it is deblurred fully.
MIN_SOFTNESS, FULL_SOFTNESS = 0.75, 0.95
FULL_DEBLURRING = 0.5  # remove_blur at which only the deblurred picture is used; above it, edges get steeper still
# Share of the lost detail added at remove_blur=1, and sigma in px of the blur that loses it.
MAX_SHARPENING, SHARPENING_SIGMA = 1.2, 1.0
ARTEFACT_BORDER, NOISE_BORDER, SHARPENING_BORDER = 28, 16, 8  # px
TILE_SIDE, SHARPENING_TILE_SIDE = 256, 1024  # px of tiles: for the networks, and for the last step
MAX_NETWORK_NOISE = 3.0  # levels of noise up to which the network is used: in noisier pictures it smooths too much
CLEANING_SHARE, SHARPENING_SHARE = 0.5, 0.05  # of the time


@dataclass(frozen=True)
class Cleaning:
    """The cleaning before deblurring: the share 0..1 of CUNET's output and CUNET's level, and the noise removal.

    `degraded`: the picture has measurable noise or JPEG blocks.
    """

    degraded: bool
    artefact_share: float
    level: int
    noise_strength: Strength


@dataclass(frozen=True)
class Deblurring:
    """The treatment of blur.

    `motion`: the blur is motion blur. `directional`: deconvolution follows the blur's direction. `soft`: the user says
    that the blur is soft, so the network and deconvolution are both used. `share` is that of the deblurred picture,
    0..1, and `sharpening` the share of lost detail added to its edges.
    """

    motion: bool
    directional: bool
    soft: bool
    share: float
    sharpening: float


def deblur(
    picture: Picture,
    params: Params,
    networks: NetworkRegistry,
    report: Report,
    *,
    tile_side: int = TILE_SIDE,
) -> Picture:
    """Remove degradation and blur from a picture, or note that there is none.

    `autoparams` chooses everything from the picture, `automodel` the kind of blur; otherwise `blur_type` and strengths
    of 0..1 apply. `tile_side` is in px. Raise `WeightsMissing`.
    """
    clean, backends = remove_degradation_and_blur(
        get_visible_colours(picture), params, networks, report, tile_side=tile_side
    )
    if not backends:
        return picture.add_note(Message(gettext_noop("The picture is sharp and clean already: nothing was changed.")))
    return picture.replace_pixels(clean, picture.alpha).add_backends(*backends)


def remove_degradation_and_blur(
    colours: Pixels,
    params: Params,
    networks: NetworkRegistry,
    report: Report,
    *,
    tile_side: int = TILE_SIDE,
) -> tuple[Pixels, list[str]]:
    """Return the colours without degradation and blur, and the backends' names: none if there was nothing to do."""
    cleaning = choose_cleaning(params, estimate_noise(colours), estimate_jpeg_blocks(colours))
    passes = _build_cleaning_passes(cleaning, networks, tile_side)
    share = CLEANING_SHARE if passes else 0.0
    clean = run_passes(colours, passes, narrow_report(report, 0, share))
    blur = estimate_blur_shape(clean)
    plan = choose_deblurring(params, blur)
    backends = [ARTEFACT_CUNET.name] * bool(cleaning.artefact_share) + [SRMD.name] * bool(cleaning.noise_strength.share)
    if plan.share:
        sources = [clean, colours] if passes and cleaning.degraded else [clean]
        part = narrow_report(report, share, 1 - SHARPENING_SHARE)
        deblurred, deblurrers = _remove_blur(sources, blur, plan, networks, part)
        clean = _blend_and_sharpen(clean, deblurred, plan, narrow_report(report, 1 - SHARPENING_SHARE, 1))
        backends += deblurrers
    report(1.0)
    return clean, backends


def choose_cleaning(params: Params, noise: float, blocks: float) -> Cleaning:
    """Return the cleaning for these parameters and the noise and JPEG blocks measured in the picture, in levels."""
    auto = bool(params["autoparams"])
    artefact_share = float(blocks >= MIN_BLOCKS) if auto else float(params["remove_artifacts"])
    wanted = {"auto_params": auto, "remove_noise": 100 * float(params["suppress_noise"]), "sharpen": 0}
    strength = choose_strength(wanted, noise)
    # A blurred picture has little fine detail left to lose, so only noise that is certainly there is removed.
    strength = replace(strength, share=strength.share * min(noise / MIN_NOISE, 1))
    degraded = noise >= MIN_NOISE or blocks >= MIN_BLOCKS
    return Cleaning(degraded, artefact_share, 3 if blocks >= STRONG_BLOCKS else 1, strength)


def choose_deblurring(params: Params, blur: Blur) -> Deblurring:
    """Return the deblurring for these parameters and the blur measured in the cleaned picture."""
    auto = bool(params["autoparams"])
    measured, motion = auto or bool(params["automodel"]), params["blur_type"] == 1
    kind = (blur.is_motion, not blur.is_round, False) if measured else (motion, motion, not motion)
    if auto:
        share = (blur.softness - MIN_SOFTNESS) / (FULL_SOFTNESS - MIN_SOFTNESS)
        return Deblurring(*kind, min(max(share, 0.0), 1.0), 0.0)
    wanted = float(params["remove_blur"])
    beyond = max(wanted - FULL_DEBLURRING, 0) / (1 - FULL_DEBLURRING)
    return Deblurring(*kind, min(wanted / FULL_DEBLURRING, 1), MAX_SHARPENING * beyond)


def _build_cleaning_passes(cleaning: Cleaning, networks: NetworkRegistry, tile_side: int) -> list[Pass]:
    def remove_artefacts(planes: Planes, report: Report) -> Planes:
        clean = networks.load_ncnn(CUNET[1, cleaning.level]).run(planes, report)
        return _blend(planes, clean, cleaning.artefact_share)

    def denoise(planes: Planes, report: Report) -> Planes:
        return remove_noise(planes, cleaning.noise_strength.sigma, cleaning.noise_strength.share, networks, report)

    artefact_pass = Pass(remove_artefacts, ARTEFACT_BORDER, tile_side)
    noise_pass = Pass(denoise, NOISE_BORDER, tile_side)
    return [artefact_pass] * bool(cleaning.artefact_share) + [noise_pass] * bool(cleaning.noise_strength.share)


def _remove_blur(
    sources: Sequence[Pixels], blur: Blur, plan: Deblurring, networks: NetworkRegistry, report: Report
) -> tuple[Pixels, list[str]]:
    """Return the picture without its blur, and the backends' names.

    `sources` are the cleaned picture and, if it was degraded, the picture before cleaning. A network may misread the
    blur where cleaning has smoothed the picture, and where noise hides it. If the network handles degradation, the mean
    of both results is closer to the truth than either. A picture that is noisy even after cleaning gets deconvolution
    instead, because the network would smooth it. Deconvolution also contributes to the mean if the picture is degraded
    but not in motion, and if the user says that the blur is soft, because it doesn't take the blur for motion.
    """
    noise = estimate_noise(sources[0])
    deconvolution = build_deconvolution(blur, plan.directional, noise)
    network = load_deblurring_network(networks) if noise <= MAX_NETWORK_NOISE else None
    if network is None:
        return run_passes(sources[0], [_build_pass(deconvolution)], report), [deconvolution.name]
    runs = [(pixels, network) for pixels in (sources if network.handles_degradation else sources[:1])]
    runs += [(sources[0], deconvolution)] * (plan.soft or (len(sources) > 1 and not plan.motion))
    mean, backends = sources[0], []
    for number, ((pixels, deblurrer), part) in enumerate(
        zip(runs, split_report(report, [1.0] * len(runs)), strict=True)
    ):
        result, share = run_passes(pixels, [_build_pass(deblurrer)], part), 1 / (number + 1)
        mean = np.asarray(cv2.addWeighted(result, share, mean, 1 - share, 0), dtype=np.uint8)
        backends.append(deblurrer.name)
    return mean, backends


def _build_pass(deblurrer: Deblurrer) -> Pass:
    return Pass(deblurrer.apply, deblurrer.border, deblurrer.side)


def _blend_and_sharpen(colours: Pixels, deblurred: Pixels, plan: Deblurring, report: Report) -> Pixels:
    """Blend the planned share of the deblurred picture into the colours, then sharpen the edges as planned."""
    blend = np.asarray(cv2.addWeighted(deblurred, plan.share, colours, 1 - plan.share, 0), dtype=np.uint8)
    if not plan.sharpening:
        return blend
    sharpening = Pass(
        lambda planes, report: sharpen(planes, plan.sharpening, SHARPENING_SIGMA),
        SHARPENING_BORDER,
        SHARPENING_TILE_SIDE,
    )
    return run_passes(blend, [sharpening], report)


def _blend(planes: Planes, output: Planes, share: float) -> Planes:
    """Blend the share 0..1 of a network's output into the planes, which are cropped if the output lacks some border."""
    source = crop_centre(planes, output.shape[1], output.shape[2])
    return np.asarray(source + np.float32(share) * (np.clip(output, 0, 1) - source), dtype=np.float32)


ARTEFACT_CUNET = Backend(
    name="waifu2x-cunet (ncnn)",
    source=Source.SET_UP,
    licence="MIT",
    run=_build_cleaning_passes,
    weights=(CUNET_WEIGHTS[1, 1], CUNET_WEIGHTS[1, 3]),
)
ARTEFACTS = Slot("artefacts", ("sharpen3", "img2sr"), (ARTEFACT_CUNET,))
