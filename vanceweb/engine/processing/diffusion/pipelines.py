"""Stable Diffusion 1.5 with ControlNets and a LoRA, by diffusers, from folders on disk.

Needs the packages of requirements/diffusion.in, which the site does without: only `diffusion.py` imports this module,
and only where they are installed.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import diffusers
import numpy as np
import torch
from PIL import Image

from vanceweb.engine.processing.errors import UnusableWeights
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.tiles import Report

MULTIPLE = 64  # px that the sides of a picture are multiples of: 8 for the latents, and 8 for the UNet's halvings
LONGEST = 768  # px; what the 1.5 family was trained with is 512
SEED = 20  # the same job gives the same picture
# diffusers and transformers ask the hub for what a folder lacks unless they are told not to.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
diffusers.utils.logging.disable_progress_bar()


@dataclass(frozen=True)
class Wanted:
    """What to paint: the words, the strength 0..1 (share of the steps that are really gone), steps and guidance."""

    prompt: str
    negative_prompt: str
    strength: float
    steps: int = 25
    guidance: float = 7.0


class DiffusionSession:
    """A pipeline that is loaded and ready: picture in, picture out."""

    def __init__(self, base: Path, controls: Mapping[str, Path], lora: Path | None, threads: int) -> None:
        """`controls` are the folders of ControlNets by kind. Raises `UnusableWeights`."""
        torch.set_num_threads(threads)
        self._kinds = tuple(controls)
        options = {"local_files_only": True, "safety_checker": None, "requires_safety_checker": False}
        try:
            if controls:
                networks = [
                    diffusers.ControlNetModel.from_pretrained(path, local_files_only=True) for path in controls.values()
                ]
                pipeline = diffusers.StableDiffusionControlNetImg2ImgPipeline
                self._pipeline = pipeline.from_pretrained(base, controlnet=networks, **options)
            else:
                self._pipeline = diffusers.StableDiffusionImg2ImgPipeline.from_pretrained(base, **options)
            if lora is not None:
                self._pipeline.load_lora_weights(lora.parent, weight_name=lora.name)
        except Exception as error:  # whatever is wrong with the files comes as an error of one of four packages
            raise UnusableWeights(f"it is damaged or no folder of diffusers ({error})") from error
        self._pipeline.set_progress_bar_config(disable=True)

    def run(self, colours: Pixels, wanted: Wanted, controls: Mapping[str, Pixels], report: Report) -> Pixels:
        """`colours` painted over, the same size. `controls` has a picture for each kind that was loaded.

        `report` is told the fraction done after each step; what it raises comes out.
        """
        if int(wanted.steps * wanted.strength) < 1:
            return colours
        height, width = colours.shape[:2]
        size = _size(width, height)
        steps = int(wanted.steps * wanted.strength)

        def told(pipeline: object, step: int, time: object, state: dict[str, object]) -> dict[str, object]:
            report(min((step + 1) / steps, 1.0))
            return state

        given = {"control_image": [_fitted(controls[kind], size) for kind in self._kinds]} if self._kinds else {}
        answer = self._pipeline(
            prompt=wanted.prompt,
            negative_prompt=wanted.negative_prompt,
            image=_fitted(colours, size),
            strength=wanted.strength,
            num_inference_steps=wanted.steps,
            guidance_scale=wanted.guidance,
            generator=torch.Generator().manual_seed(SEED),
            callback_on_step_end=told,
            output_type="pil",
            **given,
        )
        return np.asarray(answer.images[0].convert("RGB").resize((width, height), Image.Resampling.LANCZOS))


def load(paths: Sequence[Path], kinds: Sequence[str], lora: bool, threads: int) -> DiffusionSession:
    """`paths`: the base model's folder, those of ControlNets of these `kinds` and, where there is one, the LoRA."""
    controls = dict(zip(kinds, paths[1:], strict=False))
    return DiffusionSession(paths[0], controls, paths[-1] if lora else None, threads)


def _size(width: int, height: int) -> tuple[int, int]:
    factor = min(LONGEST / max(width, height), 1.0)
    across, down = (max(round(side * factor / MULTIPLE), 1) * MULTIPLE for side in (width, height))
    return across, down


def _fitted(colours: Pixels, size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(colours).resize(size, Image.Resampling.LANCZOS)
