"""The rules for steps and output settings, and the error for a broken rule."""

import re
from collections.abc import Sequence

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import ALL_FEATURES, UnknownFeature, get_feature_by_module
from vanceweb.catalogue.output import BACKGROUND_CHANNELS, DPI, FORMAT, QUALITY, Output
from vanceweb.catalogue.parameters import InvalidParameter, describe_value
from vanceweb.catalogue.steps import ControlImage, Step
from vanceweb.catalogue.styles import CN_NAMES

ILLEGAL_PARAMETER = 10001
NOT_A_JCONFIG = 10013

MAX_STEPS = 10  # the longest workflow that the engine runs for one charge
MAX_CONTROL_IMAGES = 10  # more than there are kinds of guide; further ones help no style

KNOWN_MODULES = f"Known modules: {', '.join(feature.module for feature in ALL_FEATURES)}."

UID = re.compile(r"[0-9a-f]{32}\Z")


class JConfigError(ValueError):
    """A jconfig, or its steps, breaks the API's rules.

    ``code`` is the API's: 10013 if the text is not JSON or not a jconfig, 10001 if a value in it is not allowed.
    ``message`` names the value and the permitted ones in English.
    """

    def __init__(self, message: str, code: int = ILLEGAL_PARAMETER) -> None:
        self.message = message
        self.code = code
        super().__init__(message)


def require_feature(module: str) -> Feature:
    """Return the feature for a module; raise JConfigError, which lists the known modules, if there is none."""
    try:
        return get_feature_by_module(module)
    except UnknownFeature:
        raise JConfigError(f"Unknown module {describe_value(module)}. {KNOWN_MODULES}") from None


def check_steps(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps with complete parameters; raise JConfigError if a value or their order is not allowed."""
    check_number_of_steps(len(steps))
    checked = tuple(_check_step(step) for step in steps)
    for position, step in enumerate(checked[:-1], start=1):
        feature = get_feature_by_module(step.module)
        if feature.only_last:
            raise JConfigError(f"{step.module} is step {position} of {len(checked)}; it can only be the last step.")
    return checked


def check_number_of_steps(number: int) -> None:
    """Raise JConfigError unless a workflow may have this number of steps."""
    if not number:
        raise JConfigError("A workflow needs at least one step.", NOT_A_JCONFIG)
    if number > MAX_STEPS:
        raise JConfigError(f"The workflow has {number} steps; allowed: at most {MAX_STEPS}.")


def check_number_of_guides(number: int) -> None:
    """Raise JConfigError unless a step may have this number of guides."""
    if number > MAX_CONTROL_IMAGES:
        raise JConfigError(f"cn_configs has {number} entries; allowed: at most {MAX_CONTROL_IMAGES}.")


def check_output(output: Output) -> Output:
    """Return the output settings unchanged; raise JConfigError if one is out of range."""
    try:
        for parameter, value in ((QUALITY, output.quality), (DPI, output.dpi), (FORMAT, output.format)):
            if value is not None:
                parameter.check(value)
        if output.background is not None:
            if len(output.background) != len(BACKGROUND_CHANNELS):
                raise JConfigError("bg_color must have three parts: r, g and b.")
            for parameter, channel in zip(BACKGROUND_CHANNELS, output.background, strict=True):
                parameter.check(channel)
    except InvalidParameter as error:
        raise JConfigError(f"{error}.") from error
    return output


def _check_step(step: Step) -> Step:
    feature = require_feature(step.module)
    try:
        params = feature.complete_params(step.params)
    except InvalidParameter as error:
        raise JConfigError(f"{feature.module}: {error}.") from error
    guides = tuple(_check_guide(guide) for guide in step.control_images) if feature.styles else ()
    check_number_of_guides(len(guides))
    return Step(feature.module, params, guides)


def _check_guide(guide: ControlImage) -> ControlImage:
    if guide.cn_name not in CN_NAMES:
        raise JConfigError(f"cn_name is {describe_value(guide.cn_name)}; allowed: one of {', '.join(CN_NAMES)}.")
    if guide.image_uid is not None and not UID.match(guide.image_uid):
        raise JConfigError(
            f"image_uid is {describe_value(guide.image_uid)}; "
            "allowed: the uid of an upload, 32 characters of 0-9 and a-f."
        )
    return guide
