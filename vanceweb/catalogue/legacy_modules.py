"""Older modules that clients in the field still send, and the step of today that does their job.

A module whose job no feature of today does is listed too, so that its refusal can say so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.catalogue.parameter_builders import build_choice, build_percentage, build_scale_choices, build_switch
from vanceweb.catalogue.parameters import InvalidParameter, Kind, Parameter, ParameterValue, complete_parameters
from vanceweb.catalogue.steps import Step

Params = Mapping[str, ParameterValue]


class NoCounterpart(LookupError):
    """Nothing of today does the older module's job; says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyModule:
    """One older module. ``translate(name, complete params)`` is None where nothing of today does its job."""

    module: str
    models: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    translate: Callable[[str, Params], Step] | None
    note: str

    def build_step(self, name: str, given: Mapping[str, object]) -> Step:
        """Today's step for it; raises InvalidParameter, and NoCounterpart where there is none."""
        if self.translate is None:
            raise NoCounterpart(self.note)
        model = given.get("model_name", self.models[0])
        if model not in self.models:
            raise InvalidParameter("model_name", model, f"one of {', '.join(self.models)}")
        return self.translate(name, complete_parameters(self.parameters, given))


def _today(module: str, **params: ParameterValue) -> Step:
    return Step(module, get_feature_by_module(module).complete_params(params))


def _enlarge(name: str, params: Params) -> Step:
    scale = int(str(params["scale"]).removesuffix("x"))
    if params["auto_params"]:
        return _today("enlarge3", scale=scale)
    return _today("enlarge3", scale=scale, suppress_noise=params["suppress_noise"], remove_blur=params["remove_blur"])


def _sharpen(blur_type: int) -> Callable[[str, Params], Step]:
    def translate(name: str, params: Params) -> Step:
        return _today(
            "sharpen3",
            autoparams=params["auto_params"],
            automodel=False,
            blur_type=blur_type,
            remove_blur=float(params["sharpness"]) / 100,
            suppress_noise=float(params["suppress_noise"]) / 100,
        )

    return translate


def _clean_jpeg(name: str, params: Params) -> Step:
    if name == "deblur":
        return _today("sharpen3", autoparams=True)
    return _today("sharpen3", autoparams=False, remove_blur=0.0, suppress_noise=0.0, remove_artifacts=1.0)


def _waifu(name: str, params: Params) -> Step:
    return _today("chainner" if params["noise_level"] == 0 else "real_esrgan", scale=params["scale"])


def _repair(name: str, params: Params) -> Step:
    return _today("crease_repair" if params["with_scratch"] or params["inpainting"] else "img2sr")


def _colorize(name: str, params: Params) -> Step:
    return _today("deoldify2", render_factor=params["render_factor"])


_AUTO = build_switch("auto_params", "Automatic", "")
_OVERRIDDEN = ("auto_params",)
_SHARPEN_PARAMETERS = (
    _AUTO,
    build_percentage("sharpness", "Sharpness", 50, "", overridden_by=_OVERRIDDEN),
    build_percentage("suppress_noise", "Suppress noise", 50, "", overridden_by=_OVERRIDDEN),
)
_RENDER_FACTOR = (get_feature_by_module("deoldify2").get_parameter("render_factor"),)

_TABLE = (
    LegacyModule(
        module="enlarge",
        models=("EnlargeStable",),
        parameters=(
            build_choice("scale", "Enlarge by", "2x", build_scale_choices(2, 4, 6, 8), ""),
            _AUTO,
            build_percentage("suppress_noise", "Suppress noise", 40, "", overridden_by=_OVERRIDDEN),
            build_percentage("remove_blur", "Remove blur", 60, "", overridden_by=_OVERRIDDEN),
        ),
        translate=_enlarge,
        note="The same job with the scale as a number; automatic strengths become today's defaults.",
    ),
    LegacyModule(
        module="sharpen",
        models=("SharpenStable",),
        parameters=_SHARPEN_PARAMETERS,
        translate=_sharpen(blur_type=0),
        note="Soft blur; the sharpness of 0-100 becomes a blur removal of 0-1.",
    ),
    LegacyModule(
        module="debouncing",
        models=("DebouncingStable",),
        parameters=_SHARPEN_PARAMETERS,
        translate=_sharpen(blur_type=1),
        note="Motion blur; the sharpness of 0-100 becomes a blur removal of 0-1.",
    ),
    LegacyModule(
        module="portrait_matting",
        models=("PortraitMattingStable",),
        translate=lambda name, params: _today("matting"),
        note="People are cut out like any subject; faces are not blurred, whatever no_face_blur says.",
    ),
    LegacyModule(
        module="waifu",
        models=("models-cunet", "models-upconv_7_anime_style_art_rgb"),
        parameters=(
            build_choice("scale", "Enlarge by", "2x", build_scale_choices(2, 4, 8), ""),
            Parameter(key="noise_level", title="Noise level", kind=Kind.INT, default=1, minimum=0, maximum=3, step=1),
        ),
        translate=_waifu,
        note="Noise level 0 becomes chainner, which only enlarges, 1 to 3 real_esrgan, which cleans too. "
        "No feature of today enlarges 16 times.",
    ),
    LegacyModule(
        module="hinet_jpeg",
        models=("HinetStable",),
        translate=_clean_jpeg,
        note="Named jpeg_artifact: artefact removal alone, at its full strength; named deblur: automatic.",
    ),
    LegacyModule(
        module="repair",
        models=("RepairStable",),
        parameters=(
            build_switch("with_scratch", "With scratches", ""),
            build_switch("inpainting", "Inpainting", "", default=False),
        ),
        translate=_repair,
        note="With scratches or inpainting: crease_repair; without either: img2sr.",
    ),
    LegacyModule(
        module="deoldify",
        models=("ColorizeStable_pth",),
        parameters=_RENDER_FACTOR,
        translate=_colorize,
        note="The same model under an older name.",
    ),
    LegacyModule(
        module="colorize",
        models=("ColorizeStable",),
        parameters=_RENDER_FACTOR,
        translate=_colorize,
        note="The same model under an older name.",
    ),
    LegacyModule(
        module="dehazing",
        models=("DehazingStable",),
        translate=None,
        note="No feature of today takes haze away.",
    ),
    LegacyModule(
        module="sketch",
        models=("SketchStable",),
        translate=None,
        note="No feature of today draws a pencil sketch.",
    ),
)

LEGACY_MODULES: Mapping[str, LegacyModule] = {legacy.module: legacy for legacy in _TABLE}
