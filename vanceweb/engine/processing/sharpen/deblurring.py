"""sharpen3: what wore the picture taken away, then its blur, both as measured in the picture itself.

JPEG's blocks and halos go by waifu2x's CUNET, which is better at this than any other network that was tried, on photos
too; noise by SRMD; blur by a network, or by deconvolution where there is none or too much noise for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.analysis.blur_shape import Blur, estimate_blur_shape
from vanceweb.engine.processing.analysis.jpeg_blocks import estimate_jpeg_blocks
from vanceweb.engine.processing.analysis.noise import estimate_noise
from vanceweb.engine.processing.denoise.denoising import CLEAN, SRMD, Strength, choose_strength, remove_noise
from vanceweb.engine.processing.enlarge.networks import CUNET
from vanceweb.engine.processing.enlarge.weights import CUNET as CUNET_WEIGHTS
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels, Planes, crop_centre
from vanceweb.engine.processing.image.passes import Pass, run_passes
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.tiles import Report, narrow_report
from vanceweb.engine.processing.image.unsharp_mask import sharpen
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop
from vanceweb.engine.processing.sharpen.deblurrers import Deblurrer, deconvolution, network

BLOCKS_FROM = 0.45  # levels of JPEG's blocks that no photo without them shows
STRONG_FROM = 1.0  # levels of them from which CUNET's level 3 is better than its level 1
SOFT_FROM, SOFT_SURELY = 0.75, 0.95  # px of softness from which, and from which all of it, a picture is deblurred
DEBLUR_FULL = 0.5  # remove_blur at which the deblurred picture is taken whole; beyond it, edges become steeper still
STEEPER_MOST, STEEPER_SIGMA = 1.2, 1.0  # share of the lost detail added at remove_blur=1; px of the blur it is lost by
MENDING_BORDER, NOISE_BORDER, STEEPER_BORDER = 28, 16, 8  # px
TILE_SIDE, STEEPER_TILE_SIDE = 256, 1024  # px of tiles: of the networks', and of the last step's
NETWORK_NOISE = 3.0  # levels of noise up to which the network is used: it smooths more than it was asked to
CLEANING_SHARE, STEEPER_SHARE = 0.5, 0.05  # of the time


@dataclass(frozen=True)
class Cleaning:
    """What is taken away first: the share of CUNET's answer, its level, and noise. `worn`: whether there was any."""

    worn: bool
    mended: float
    level: int
    noise: Strength


@dataclass(frozen=True)
class Deblurring:
    """What is done against blur: by a network for motion or not, by deconvolution along a direction or not, and by both
    where somebody says that it is `soft`; the share 0..1 of the answer, and how much steeper edges become."""

    motion: bool
    long: bool
    soft: bool
    share: float
    steeper: float


def deblur(
    picture: Picture,
    params: Params,
    networks: NetworkRegistry,
    report: Report,
    *,
    tile_side: int = TILE_SIDE,
) -> Picture:
    """`autoparams` chooses all from the picture, `automodel` the kind of blur; else `blur_type` and strengths of 0..1.

    Raises `WeightsMissing`.
    """
    clean, makers = remove_degradation_and_blur(
        get_visible_colours(picture), params, networks, report, tile_side=tile_side
    )
    if not makers:
        return picture.add_note(Message(gettext_noop("The picture is sharp and clean already: nothing was changed.")))
    return picture.replace_pixels(clean, picture.alpha).add_backends(*makers)


def remove_degradation_and_blur(
    colours: Pixels,
    params: Params,
    networks: NetworkRegistry,
    report: Report,
    *,
    tile_side: int = TILE_SIDE,
) -> tuple[Pixels, list[str]]:
    """Without its wear and its blur, and by which backends: none where nothing was to be done."""
    cleaning = choose_cleaning(params, estimate_noise(colours), estimate_jpeg_blocks(colours))
    passes = _cleaning(cleaning, networks, tile_side)
    share = CLEANING_SHARE if passes else 0.0
    clean = run_passes(colours, passes, narrow_report(report, 0, share))
    blur = estimate_blur_shape(clean)
    plan = choose_deblurring(params, blur)
    makers = [ARTEFACT_CUNET.name] * bool(cleaning.mended) + [SRMD.name] * bool(cleaning.noise.share)
    if plan.share:
        before = [clean, colours] if passes and cleaning.worn else [clean]
        restored, deblurrers = _restored(before, blur, plan, networks, narrow_report(report, share, 1 - STEEPER_SHARE))
        clean = _finished(clean, restored, plan, narrow_report(report, 1 - STEEPER_SHARE, 1))
        makers += deblurrers
    report(1.0)
    return clean, makers


def choose_cleaning(params: Params, noise: float, blocks: float) -> Cleaning:
    """From the parameters and the noise and blocks measured in the picture, in levels."""
    auto = bool(params["autoparams"])
    mended = float(blocks >= BLOCKS_FROM) if auto else float(params["remove_artifacts"])
    wanted = {"auto_params": auto, "remove_noise": 100 * float(params["suppress_noise"]), "sharpen": 0}
    strength = choose_strength(wanted, noise)
    # What is blurred has little fine detail left; of what is not surely noise there, nothing is taken away.
    strength = replace(strength, share=strength.share * min(noise / CLEAN, 1))
    worn = noise >= CLEAN or blocks >= BLOCKS_FROM
    return Cleaning(worn, mended, 3 if blocks >= STRONG_FROM else 1, strength)


def choose_deblurring(params: Params, blur: Blur) -> Deblurring:
    """From the parameters and the blur measured in the picture without its noise."""
    auto = bool(params["autoparams"])
    measured, motion = auto or bool(params["automodel"]), params["blur_type"] == 1
    kind = (blur.is_motion, not blur.is_round, False) if measured else (motion, motion, not motion)
    if auto:
        sure = (blur.softness - SOFT_FROM) / (SOFT_SURELY - SOFT_FROM)
        return Deblurring(*kind, min(max(sure, 0.0), 1.0), 0.0)
    wanted = float(params["remove_blur"])
    beyond = max(wanted - DEBLUR_FULL, 0) / (1 - DEBLUR_FULL)
    return Deblurring(*kind, min(wanted / DEBLUR_FULL, 1), STEEPER_MOST * beyond)


def _cleaning(cleaning: Cleaning, networks: NetworkRegistry, tile_side: int) -> list[Pass]:
    def mend(planes: Planes) -> Planes:
        clean = networks.load_ncnn(CUNET[1, cleaning.level]).run(planes)
        return _blended(planes, clean, cleaning.mended)

    def denoise(planes: Planes) -> Planes:
        return remove_noise(planes, cleaning.noise.sigma, cleaning.noise.share, networks)

    mending, denoising = Pass(mend, MENDING_BORDER, tile_side), Pass(denoise, NOISE_BORDER, tile_side)
    return [mending] * bool(cleaning.mended) + [denoising] * bool(cleaning.noise.share)


def _restored(
    before: Sequence[Pixels], blur: Blur, plan: Deblurring, networks: NetworkRegistry, report: Report
) -> tuple[Pixels, list[str]]:
    """Without its blur, and by which backends, of the cleaned picture and, where it was worn, of the worn one.

    What reads the blur from the picture may misread it where cleaning has smoothed it, and where noise hides it: if it
    knows wear, the mean of both answers is nearer to the truth than either. What is noisy even after cleaning it would
    smooth: then deconvolution, which does less. That has a say, too, where the picture is worn but not moved, and where
    somebody knows the blur to be soft: it takes it for no motion.
    """
    noise = estimate_noise(before[0])
    round_or_long = deconvolution(blur, plan.long, noise)
    chosen = network(networks) if noise <= NETWORK_NOISE else None
    if chosen is None:
        return run_passes(before[0], [_pass_of(round_or_long)], report), [round_or_long.name]
    seen = [(pixels, chosen) for pixels in (before if chosen.knows_wear else before[:1])]
    seen += [(before[0], round_or_long)] * (plan.soft or (len(before) > 1 and not plan.motion))
    mean, makers = before[0], []
    for number, (pixels, maker) in enumerate(seen):
        part = narrow_report(report, number / len(seen), (number + 1) / len(seen))
        answer, share = run_passes(pixels, [_pass_of(maker)], part), 1 / (number + 1)
        mean = np.asarray(cv2.addWeighted(answer, share, mean, 1 - share, 0), dtype=np.uint8)
        makers.append(maker.name)
    return mean, makers


def _pass_of(chosen: Deblurrer) -> Pass:
    return Pass(chosen.apply, chosen.border, chosen.side)


def _finished(colours: Pixels, restored: Pixels, plan: Deblurring, report: Report) -> Pixels:
    """The share of the restored picture that was asked for, its edges made steeper."""
    mixed = np.asarray(cv2.addWeighted(restored, plan.share, colours, 1 - plan.share, 0), dtype=np.uint8)
    if not plan.steeper:
        return mixed
    steepening = Pass(lambda planes: sharpen(planes, plan.steeper, STEEPER_SIGMA), STEEPER_BORDER, STEEPER_TILE_SIDE)
    return run_passes(mixed, [steepening], report)


def _blended(planes: Planes, answer: Planes, share: float) -> Planes:
    """Of the answer only the share 0..1; as large as the answer, which may lack some border."""
    kept = crop_centre(planes, answer.shape[1], answer.shape[2])
    return np.asarray(kept + np.float32(share) * (np.clip(answer, 0, 1) - kept), dtype=np.float32)


ARTEFACT_CUNET = Backend(
    name="waifu2x-cunet (ncnn)",
    source=Source.SET_UP,
    licence="MIT",
    run=_cleaning,
    weights=(CUNET_WEIGHTS[1, 1], CUNET_WEIGHTS[1, 3]),
)
ARTEFACTS = Slot("artefacts", ("sharpen3",), (ARTEFACT_CUNET,))
