"""Older modules that clients still send, and their translation into current steps.

Modules without a current counterpart are listed too, so that their refusal can explain why.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.catalogue.parameter_builders import build_choice, build_percentage, build_scale_choices, build_switch
from vanceweb.catalogue.parameters import (
    InvalidParameter,
    Kind,
    Parameter,
    ParameterValue,
    complete_parameters,
    read_scale,
)
from vanceweb.catalogue.steps import Step

Params = Mapping[str, ParameterValue]


class NoCounterpart(LookupError):
    """No current feature does the older module's work; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyModule:
    """An older module. ``translate(name, complete params)`` is None if no current feature does its work."""

    module: str
    models: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    translate: Callable[[str, Params], Step] | None
    note: str

    def build_step(self, name: str, given: Mapping[str, object]) -> Step:
        """Return the current step for the module; raise InvalidParameter, or NoCounterpart if there is none."""
        if self.translate is None:
            raise NoCounterpart(self.note)
        model = given.get("model_name", self.models[0])
        if model not in self.models:
            raise InvalidParameter("model_name", model, f"one of {', '.join(self.models)}")
        return self.translate(name, complete_parameters(self.parameters, given))


def _build_step(module: str, **params: ParameterValue) -> Step:
    return Step(module, get_feature_by_module(module).complete_params(params))


def _translate_enlarge(name: str, params: Params) -> Step:
    scale = read_scale(params)
    if params["auto_params"]:
        return _build_step("enlarge3", scale=scale)
    return _build_step(
        "enlarge3", scale=scale, suppress_noise=params["suppress_noise"], remove_blur=params["remove_blur"]
    )


def _build_sharpen_translation(blur_type: int) -> Callable[[str, Params], Step]:
    def translate(name: str, params: Params) -> Step:
        return _build_step(
            "sharpen3",
            autoparams=params["auto_params"],
            automodel=False,
            blur_type=blur_type,
            remove_blur=float(params["sharpness"]) / 100,
            suppress_noise=float(params["suppress_noise"]) / 100,
        )

    return translate


def _translate_hinet_jpeg(name: str, params: Params) -> Step:
    if name == "deblur":
        return _build_step("sharpen3", autoparams=True)
    return _build_step("sharpen3", autoparams=False, remove_blur=0.0, suppress_noise=0.0, remove_artifacts=1.0)


def _translate_waifu(name: str, params: Params) -> Step:
    return _build_step("chainner" if params["noise_level"] == 0 else "real_esrgan", scale=params["scale"])


def _translate_repair(name: str, params: Params) -> Step:
    return _build_step("crease_repair" if params["with_scratch"] or params["inpainting"] else "img2sr")


def _translate_colorize(name: str, params: Params) -> Step:
    return _build_step("deoldify2", render_factor=params["render_factor"])


_AUTO = build_switch("auto_params", "Automatic", "")
_OVERRIDDEN = ("auto_params",)
_SHARPEN_PARAMETERS = (
    _AUTO,
    build_percentage("sharpness", "Sharpness", 50, "", overridden_by=_OVERRIDDEN),
    build_percentage("suppress_noise", "Suppress noise", 50, "", overridden_by=_OVERRIDDEN),
)
_RENDER_FACTOR = (get_feature_by_module("deoldify2").get_parameter("render_factor"),)

_MODULES_IN_ORDER = (
    LegacyModule(
        module="enlarge",
        models=("EnlargeStable",),
        parameters=(
            build_choice("scale", "Enlarge by", "2x", build_scale_choices(2, 4, 6, 8), ""),
            _AUTO,
            build_percentage("suppress_noise", "Suppress noise", 40, "", overridden_by=_OVERRIDDEN),
            build_percentage("remove_blur", "Remove blur", 60, "", overridden_by=_OVERRIDDEN),
        ),
        translate=_translate_enlarge,
        note="Becomes enlarge3 with the scale as a number; automatic strengths become the current defaults.",
    ),
    LegacyModule(
        module="sharpen",
        models=("SharpenStable",),
        parameters=_SHARPEN_PARAMETERS,
        translate=_build_sharpen_translation(blur_type=0),
        note="Becomes sharpen3 for soft blur; sharpness 0-100 becomes blur removal 0-1.",
    ),
    LegacyModule(
        module="debouncing",
        models=("DebouncingStable",),
        parameters=_SHARPEN_PARAMETERS,
        translate=_build_sharpen_translation(blur_type=1),
        note="Becomes sharpen3 for motion blur; sharpness 0-100 becomes blur removal 0-1.",
    ),
    LegacyModule(
        module="portrait_matting",
        models=("PortraitMattingStable",),
        translate=lambda name, params: _build_step("matting"),
        note="Becomes matting: people are cut out like any subject; no_face_blur is ignored, faces are not blurred.",
    ),
    LegacyModule(
        module="waifu",
        models=("models-cunet", "models-upconv_7_anime_style_art_rgb"),
        parameters=(
            build_choice("scale", "Enlarge by", "2x", build_scale_choices(2, 4, 8), ""),
            Parameter(key="noise_level", title="Noise level", kind=Kind.INT, default=1, minimum=0, maximum=3, step=1),
        ),
        translate=_translate_waifu,
        note="Noise level 0 becomes chainner, which only enlarges; 1 to 3 become real_esrgan, which also cleans. "
        "No current feature enlarges 16 times.",
    ),
    LegacyModule(
        module="hinet_jpeg",
        models=("HinetStable",),
        translate=_translate_hinet_jpeg,
        note="Becomes sharpen3: named jpeg_artifact, only full artefact removal; named deblur, automatic.",
    ),
    LegacyModule(
        module="repair",
        models=("RepairStable",),
        parameters=(
            build_switch("with_scratch", "With scratches", ""),
            build_switch("inpainting", "Inpainting", "", default=False),
        ),
        translate=_translate_repair,
        note="Becomes crease_repair with scratches or inpainting, otherwise img2sr.",
    ),
    LegacyModule(
        module="deoldify",
        models=("ColorizeStable_pth",),
        parameters=_RENDER_FACTOR,
        translate=_translate_colorize,
        note="Becomes deoldify2: the same model under an older name.",
    ),
    LegacyModule(
        module="colorize",
        models=("ColorizeStable",),
        parameters=_RENDER_FACTOR,
        translate=_translate_colorize,
        note="Becomes deoldify2: the same model under an older name.",
    ),
    LegacyModule(
        module="dehazing",
        models=("DehazingStable",),
        translate=None,
        note="No current feature removes haze.",
    ),
    LegacyModule(
        module="sketch",
        models=("SketchStable",),
        translate=None,
        note="No current feature draws a pencil sketch.",
    ),
)

LEGACY_MODULES: Mapping[str, LegacyModule] = {legacy.module: legacy for legacy in _MODULES_IN_ORDER}
