"""Results that are too large to be made, known before anything is sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from vanceweb.catalogue.features import compute_output_size, get_feature_by_module
from vanceweb.catalogue.output import Format, Output, choose_format
from vanceweb.catalogue.steps import Step
from vanceweb.lib.image_refusals import format_megapixels
from vanceweb.lib.jpeg_parts import MAX_SIDE


@dataclass(frozen=True, slots=True)
class SourceSize:
    """Width and height of an upright picture in px, and its format."""

    width: int
    height: int
    format: Format


@dataclass(frozen=True, slots=True)
class ResultLimits:
    """The most pixels of a result, and whether the service follows the engine's rules for its format.

    Another service may choose the format by rules of its own: its JPGs are known only if JPG was asked for.
    """

    pixels: int
    has_known_format: bool = True


def describe_impossible_size(
    steps: Sequence[Step], output: Output, source: SourceSize, limits: ResultLimits
) -> str | None:
    """Return sentences with the sizes, the limit and the scales that are possible, or None if the result can be made.

    The steps have complete parameters. Raise UnknownFeature.
    """
    problem = _describe_problem(steps, output, source, limits)
    return None if problem is None else " ".join([problem, *_build_advice(steps, output, source, limits)])


def _describe_problem(steps: Sequence[Step], output: Output, source: SourceSize, limits: ResultLimits) -> str | None:
    width, height = compute_output_size(steps, source.width, source.height)
    numbers: dict[str, object] = {"width": width, "height": height}
    if width * height > limits.pixels:
        numbers |= {"size": format_megapixels(width * height), "limit": format_megapixels(limits.pixels)}
        return _("The result would have %(width)s x %(height)s px, %(size)s; the limit is %(limit)s.") % numbers
    if max(width, height) > MAX_SIDE and _is_jpg(steps, output, source, limits):
        numbers |= {"most": f"{MAX_SIDE:,}"}
        return (
            _("The result would be %(width)s x %(height)s px; a JPG holds at most %(most)s px a side. PNG holds more.")
            % numbers
        )
    return None


def _is_jpg(steps: Sequence[Step], output: Output, source: SourceSize, limits: ResultLimits) -> bool:
    if output.format is None and not limits.has_known_format:
        return False
    return choose_format(steps, output, source.format) == "jpg"


def _build_advice(steps: Sequence[Step], output: Output, source: SourceSize, limits: ResultLimits) -> Iterator[str]:
    """Yield a sentence with the scales that are possible, if exactly one step enlarges."""
    enlarging = [place for place, step in enumerate(steps) if _get_scale(step) > 1]
    if len(enlarging) != 1:
        return
    place = enlarging[0]
    names: dict[str, object] = {"width": source.width, "height": source.height, "scale": _get_scale(steps[place])}
    possible = [
        f"{_get_scale(other)}x"
        for other in _list_other_scales(steps[place])
        if _describe_problem([*steps[:place], other, *steps[place + 1 :]], output, source, limits) is None
    ]
    if not possible:
        yield _("A picture of %(width)s x %(height)s px is too large to be enlarged.") % names
        return
    names["scales"] = get_text_list(possible, _("or"))
    yield _("A picture of %(width)s x %(height)s px can't be enlarged %(scale)sx, only %(scales)s.") % names


def _list_other_scales(step: Step) -> Iterator[Step]:
    """Yield the step with each smaller scale of its feature that enlarges, the smallest first."""
    choices = get_feature_by_module(step.module).get_parameter("scale").choices
    others = [replace(step, params={**step.params, "scale": choice.value}) for choice in choices]
    yield from sorted((other for other in others if 1 < _get_scale(other) < _get_scale(step)), key=_get_scale)


def _get_scale(step: Step) -> int:
    return get_feature_by_module(step.module).get_scale_factor(step.params)
