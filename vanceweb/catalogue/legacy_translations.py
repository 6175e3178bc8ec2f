"""The translation of older modules into current steps: functions of a step's name and its complete parameters."""

from collections.abc import Callable, Mapping

from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.catalogue.parameters import ParameterValue, read_scale
from vanceweb.catalogue.steps import Step

Params = Mapping[str, ParameterValue]
Translation = Callable[[str, Params], tuple[Step, ...]]

# The least that today's colouriser takes; older ones began at 0.
LEAST_RENDER_FACTOR = 10


def translate_to(module: str, **params: ParameterValue) -> Translation:
    """Return a translation into one step that is always the same."""
    return lambda name, given: (_build_step(module, **params),)


def translate_enlarge(name: str, params: Params) -> tuple[Step, ...]:
    """Enlarge; at 1x, which enlarges nothing, only clean and sharpen."""
    scale, auto = read_scale(params), params["auto_params"]
    noise, blur = params["suppress_noise"], params["remove_blur"]
    if scale == 1:
        return (_build_step("denoise", auto_params=auto, remove_noise=noise, sharpen=blur),)
    if auto:
        return (_build_step("enlarge3", scale=scale),)
    return (_build_step("enlarge3", scale=scale, suppress_noise=noise, remove_blur=blur),)


def build_sharpen_translation(blur_type: int) -> Translation:
    """Return the translation of a sharpener for one kind of blur."""

    def translate(name: str, params: Params) -> tuple[Step, ...]:
        step = _build_step(
            "sharpen3",
            autoparams=params["auto_params"],
            automodel=False,
            blur_type=blur_type,
            remove_blur=float(params["sharpness"]) / 100,
            suppress_noise=float(params["suppress_noise"]) / 100,
        )
        return (step,)

    return translate


def translate_hinet_jpeg(name: str, params: Params) -> tuple[Step, ...]:
    """Remove the artefacts of JPEG, and blur if that is asked for by the switch or by the step's name."""
    if params["deblur"] or name == "deblur":
        return (_build_step("sharpen3", autoparams=True),)
    return (_build_step("sharpen3", autoparams=False, remove_blur=0.0, suppress_noise=0.0, remove_artifacts=1.0),)


def translate_waifu(name: str, params: Params) -> tuple[Step, ...]:
    """Enlarge a drawing, cleaned unless the noise level is 0; 16 times in two steps."""
    module = "chainner" if params["noise_level"] == 0 else "real_esrgan"
    if params["scale"] == "16x":
        return _build_step(module, scale="4x"), _build_step("chainner", scale="4x")
    return (_build_step(module, scale=params["scale"]),)


def translate_repair(name: str, params: Params) -> tuple[Step, ...]:
    """Repair scratches, or restore what has none."""
    return (_build_step("crease_repair" if params["with_scratch"] or params["inpainting"] else "img2sr"),)


def translate_colorize(name: str, params: Params) -> tuple[Step, ...]:
    """Colourise, with a render factor raised to the least that today's colouriser takes."""
    return (_build_step("deoldify2", render_factor=max(int(params["render_factor"]), LEAST_RENDER_FACTOR)),)


def translate_se_dehazing(name: str, params: Params) -> tuple[Step, ...]:
    """Remove haze, then artefacts and blur: the two steps that the service's documentation gives."""
    return _build_step("dehazing", **params), _build_step("sharpen3", autoparams=True)


def _build_step(module: str, **params: ParameterValue) -> Step:
    return Step(module, get_feature_by_module(module).complete_params(params))
