"""Output settings in the API's notation (``out_params``)."""

from collections.abc import Mapping
from typing import cast

from vanceweb.catalogue.output import BACKGROUND_CHANNELS, DPI, FORMAT, QUALITY, Colour, Format, Output
from vanceweb.catalogue.parameters import InvalidParameter, Parameter


def build_out_params(output: Output) -> dict[str, object]:
    """Return the ``out_params`` of checked settings, without those that are None."""
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
    """Return the settings of an ``out_params``, ignoring unknown keys; raise InvalidParameter."""
    compress = _get_object(out_params, "compress")
    colour = _get_object(_get_object(out_params, "bg_composed"), "bg_color")
    return Output(
        quality=_parse_integer(QUALITY, compress),
        dpi=_parse_integer(DPI, out_params),
        format=cast(Format, FORMAT.check(out_params[FORMAT.key])) if FORMAT.key in out_params else None,
        background=_parse_colour(colour) if colour else None,
    )


def _get_object(settings: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = settings.get(key, {})
    if value == []:  # PHP clients write an empty array for an empty object.
        return {}
    if not isinstance(value, Mapping):
        raise InvalidParameter(key, value, "an object")
    return value


def _parse_integer(parameter: Parameter, settings: Mapping[str, object]) -> int | None:
    if parameter.key not in settings:
        return None
    return cast(int, parameter.check(settings[parameter.key]))


def _parse_colour(settings: Mapping[str, object]) -> Colour:
    red, green, blue = (cast(int, channel.check(settings.get(channel.key))) for channel in BACKGROUND_CHANNELS)
    return (red, green, blue)
