"""Older modules that clients still send, and their translation into current steps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.catalogue.legacy_translations import (
    Translation,
    build_sharpen_translation,
    translate_colorize,
    translate_enlarge,
    translate_hinet_jpeg,
    translate_repair,
    translate_se_dehazing,
    translate_to,
    translate_waifu,
)
from vanceweb.catalogue.parameter_builders import build_choice, build_percentage, build_scale_choices, build_switch
from vanceweb.catalogue.parameters import InvalidParameter, Kind, Parameter, complete_parameters
from vanceweb.catalogue.spellings import MODEL_KEY, convert_spellings
from vanceweb.catalogue.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyModule:
    """An older module. ``translate(name, complete params)`` returns the current steps; ``models`` empty: any name."""

    module: str
    models: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    translate: Translation
    note: str

    def build_steps(self, name: str, given: Mapping[str, object]) -> tuple[Step, ...]:
        """Return the current steps for the module; raise InvalidParameter."""
        given = convert_spellings(given, self.parameters, self.models)
        if self.models and MODEL_KEY in given and given[MODEL_KEY] not in self.models:
            raise InvalidParameter(MODEL_KEY, given[MODEL_KEY], f"one of {', '.join(self.models)}")
        return self.translate(name, complete_parameters(self.parameters, given))


_AUTO = build_switch("auto_params", "Automatic", "")
_OVERRIDDEN = ("auto_params",)
_SHARPEN_PARAMETERS = (
    _AUTO,
    build_percentage("sharpness", "Sharpness", 50, "", overridden_by=_OVERRIDDEN),
    build_percentage("suppress_noise", "Suppress noise", 50, "", overridden_by=_OVERRIDDEN),
)
_RENDER_FACTOR = replace(get_feature_by_module("deoldify2").get_parameter("render_factor"), minimum=0)

_MODULES_IN_ORDER = (
    LegacyModule(
        module="enlarge",
        models=("EnlargeStable",),
        parameters=(
            build_choice("scale", "Enlarge by", "2x", build_scale_choices(1, 2, 4, 6, 8), ""),
            _AUTO,
            build_percentage("suppress_noise", "Suppress noise", 40, "", overridden_by=_OVERRIDDEN),
            build_percentage("remove_blur", "Remove blur", 60, "", overridden_by=_OVERRIDDEN),
        ),
        translate=translate_enlarge,
        note="Becomes enlarge3 with the scale as a number; automatic strengths become the current defaults. "
        "With `1x` it becomes denoise with the same strengths and may come before any other step.",
    ),
    LegacyModule(
        module="sharpen",
        models=("SharpenStable",),
        parameters=_SHARPEN_PARAMETERS,
        translate=build_sharpen_translation(blur_type=0),
        note="Becomes sharpen3 for soft blur; sharpness 0-100 becomes blur removal 0-1.",
    ),
    LegacyModule(
        module="debouncing",
        models=("DebouncingStable",),
        parameters=_SHARPEN_PARAMETERS,
        translate=build_sharpen_translation(blur_type=1),
        note="Becomes sharpen3 for motion blur; sharpness 0-100 becomes blur removal 0-1.",
    ),
    LegacyModule(
        module="portrait_matting",
        models=("PortraitMattingStable",),
        translate=translate_to("matting"),
        note="Becomes matting: people are cut out like any subject; no_face_blur is ignored, faces are not blurred.",
    ),
    LegacyModule(
        module="waifu",
        models=("models-cunet", "models-upconv_7_anime_style_art_rgb"),
        parameters=(
            build_choice("scale", "Enlarge by", "2x", build_scale_choices(2, 4, 8, 16), ""),
            Parameter(key="noise_level", title="Noise level", kind=Kind.INT, default=1, minimum=0, maximum=3, step=1),
        ),
        translate=translate_waifu,
        note="Noise level 0 becomes chainner, which only enlarges; 1 to 3 become real_esrgan, which also cleans. "
        "`16x` is done, and costs, as two steps of `4x`.",
    ),
    LegacyModule(
        module="hinet_jpeg",
        models=("HinetStable", "HinetJPEGStable"),
        parameters=(build_switch("deblur", "Remove blur", "", default=False),),
        translate=translate_hinet_jpeg,
        note="Becomes sharpen3: full artefact removal only; with deblur, or named deblur, automatic.",
    ),
    LegacyModule(
        module="repair",
        models=("RepairStable",),
        parameters=(
            build_switch("with_scratch", "With scratches", ""),
            build_switch("inpainting", "Inpainting", "", default=False),
        ),
        translate=translate_repair,
        note="Becomes crease_repair with scratches or inpainting, otherwise img2sr.",
    ),
    LegacyModule(
        module="deoldify",
        models=("ColorizeStable_pth",),
        parameters=(_RENDER_FACTOR,),
        translate=translate_colorize,
        note="Becomes deoldify2: the same model under an older name; a render_factor below 10 becomes 10.",
    ),
    LegacyModule(
        module="colorize",
        models=("ColorizeStable",),
        parameters=(replace(_RENDER_FACTOR, default=10),),
        translate=translate_colorize,
        note="Becomes deoldify2: the same model under an older name; a render_factor below 10 becomes 10.",
    ),
    LegacyModule(
        module="se-dehazing",
        parameters=get_feature_by_module("dehazing").parameters,
        translate=translate_se_dehazing,
        note="Becomes dehazing and sharpen3 with automatic strengths, and costs as much.",
    ),
    LegacyModule(
        module="portrait",
        models=("PortraitStable",),
        translate=translate_to("sketch", single_face=True),
        note="Becomes sketch of the largest face.",
    ),
    LegacyModule(
        module="sharpen_auto",
        models=("DpedSharpenStable",),
        translate=translate_to("sharpen3", autoparams=True),
        note="Becomes sharpen3 with automatic strengths.",
    ),
)

LEGACY_MODULES: Mapping[str, LegacyModule] = {legacy.module: legacy for legacy in _MODULES_IN_ORDER}
