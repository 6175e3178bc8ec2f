"""Output settings in the API's spelling (``out_params``)."""

from collections.abc import Mapping
from typing import cast

from vanceweb.catalogue.output import BACKGROUND_CHANNELS, DPI, FORMAT, QUALITY, Colour, Format, Output
from vanceweb.catalogue.parameters import InvalidParameter, Parameter


def build_out_params(output: Output) -> dict[str, object]:
    """The ``out_params`` of settings that have been checked; what is None is left out."""
    written: dict[str, object] = {}
    if output.quality is not None:
        written["compress"] = {"quality": output.quality}
    if output.dpi is not None:
        written["dpi"] = output.dpi
    if output.format is not None:
        written["format"] = output.format
    if output.background is not None:
        keys = (channel.key for channel in BACKGROUND_CHANNELS)
        written["bg_composed"] = {"bg_color": dict(zip(keys, output.background, strict=True))}
    return written


def parse_out_params(out_params: Mapping[str, object]) -> Output:
    """The settings of an ``out_params``; unknown keys are ignored. Raises InvalidParameter."""
    compress = _inside(out_params, "compress")
    colour = _inside(_inside(out_params, "bg_composed"), "bg_color")
    return Output(
        quality=_whole(QUALITY, compress),
        dpi=_whole(DPI, out_params),
        format=cast(Format, FORMAT.check(out_params[FORMAT.key])) if FORMAT.key in out_params else None,
        background=_colour(colour) if colour else None,
    )


def _inside(settings: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = settings.get(key, {})
    if value == []:  # PHP clients write an empty array for an empty object.
        return {}
    if not isinstance(value, Mapping):
        raise InvalidParameter(key, value, "an object")
    return value


def _whole(parameter: Parameter, settings: Mapping[str, object]) -> int | None:
    if parameter.key not in settings:
        return None
    return cast(int, parameter.check(settings[parameter.key]))


def _colour(settings: Mapping[str, object]) -> Colour:
    red, green, blue = (cast(int, channel.check(settings.get(channel.key))) for channel in BACKGROUND_CHANNELS)
    return (red, green, blue)
