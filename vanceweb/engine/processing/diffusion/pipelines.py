"""Stable Diffusion 1.5 with ControlNets and a LoRA, run by diffusers from folders on disk.

This needs the packages of requirements/diffusion.in, which the site does not need: only `painting.py` imports this
module, and only where they are installed.
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
from vanceweb.engine.processing.image.progress import Report

SIDE_MULTIPLE = 64  # px of a picture's sides: 8 for the latents times 8 for the UNet's halvings
MAX_SIDE = 768  # px; the 1.5 family was trained with 512
SEED = 20  # the same job gives the same picture
# Otherwise diffusers and transformers ask the hub for files that a folder lacks.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
diffusers.utils.logging.disable_progress_bar()


@dataclass(frozen=True)
class PaintingRequest:
    """The words to paint, the strength 0..1 (the share of the steps that is run), the steps and the guidance scale."""

    prompt: str
    negative_prompt: str
    strength: float
    steps: int = 25
    guidance: float = 7.0


class DiffusionSession:
    """A loaded pipeline that makes a picture from a picture."""

    def __init__(self, base: Path, controls: Mapping[str, Path], lora: Path | None, threads: int) -> None:
        """Load the base model, the ControlNets (`controls`: folders by kind) and the LoRA. Raises `UnusableWeights`."""
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
        except Exception as error:  # a fault in the files raises an error of any of four packages
            raise UnusableWeights(f"it is damaged or not a diffusers folder ({error})") from error
        self._pipeline.set_progress_bar_config(disable=True)

    def run(self, colours: Pixels, request: PaintingRequest, controls: Mapping[str, Pixels], report: Report) -> Pixels:
        """Paint over `colours` and return the same size. `controls` has a picture for each kind that was loaded.

        `report` gets the fraction done after each step; its exceptions are passed on.
        """
        if int(request.steps * request.strength) < 1:
            return colours
        height, width = colours.shape[:2]
        size = _get_working_size(width, height)
        steps = int(request.steps * request.strength)

        def report_step(pipeline: object, step: int, time: object, state: dict[str, object]) -> dict[str, object]:
            report(min((step + 1) / steps, 1.0))
            return state

        given = {"control_image": [_fit(controls[kind], size) for kind in self._kinds]} if self._kinds else {}
        answer = self._pipeline(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            image=_fit(colours, size),
            strength=request.strength,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance,
            generator=torch.Generator().manual_seed(SEED),
            callback_on_step_end=report_step,
            output_type="pil",
            **given,
        )
        return np.asarray(answer.images[0].convert("RGB").resize((width, height), Image.Resampling.LANCZOS))


def load_session(paths: Sequence[Path], kinds: Sequence[str], lora: bool, threads: int) -> DiffusionSession:
    """Load from `paths`: the base model's folder, those of the ControlNets of these `kinds` and the LoRA, if any."""
    controls = dict(zip(kinds, paths[1:], strict=False))
    return DiffusionSession(paths[0], controls, paths[-1] if lora else None, threads)


def _get_working_size(width: int, height: int) -> tuple[int, int]:
    factor = min(MAX_SIDE / max(width, height), 1.0)
    across, down = (max(round(side * factor / SIDE_MULTIPLE), 1) * SIDE_MULTIPLE for side in (width, height))
    return across, down


def _fit(colours: Pixels, size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(colours).resize(size, Image.Resampling.LANCZOS)
