"""Results that are too large are known from the size of the picture, with the scales that are possible instead."""

import pytest

from vanceweb.catalogue.output import Format, Output
from vanceweb.catalogue.result_sizes import ResultLimits, SourceSize, describe_impossible_size
from vanceweb.catalogue.rules import check_steps
from vanceweb.catalogue.steps import Step

LIMITS = ResultLimits(200_000_000)
OTHER_SERVICE = ResultLimits(200_000_000, has_known_format=False)


def describe(
    *steps: Step,
    width: int,
    height: int,
    format: Format = "png",
    output: Output | None = None,
    limits: ResultLimits = LIMITS,
) -> str | None:
    return describe_impossible_size(check_steps(steps), output or Output(), SourceSize(width, height, format), limits)


@pytest.mark.parametrize("step", [Step("enlarge3", {"scale": 8}), Step("real_esrgan", {"scale": "8x"})])
def test_sizes_limit_and_possible_scales_are_named(step: Step) -> None:
    assert describe(step, width=4000, height=3000) == (
        "The result would have 32000 x 24000 px, 768.0 megapixels; the limit is 200.0 megapixels. "
        "A picture of 4000 x 3000 px can't be enlarged 8x, only 2x or 4x."
    )


def test_a_picture_too_large_for_every_scale_is_called_so() -> None:
    sentence = describe(Step("real_esrgan", {"scale": "4x"}), width=8000, height=4200, limits=ResultLimits(40_000_000))
    assert sentence is not None
    assert sentence.endswith("A picture of 8000 x 4200 px is too large to be enlarged.")


@pytest.mark.parametrize(("width", "possible"), [(10_000, True), (10_001, False)])
def test_exactly_the_limit_is_possible(width: int, possible: bool) -> None:
    sentence = describe(Step("enlarge3", {"scale": 2}), width=width, height=5000)
    assert (sentence is None) is possible


def test_the_steps_of_a_workflow_multiply() -> None:
    steps = [Step("denoise"), Step("chainner", {"scale": "8x"}), Step("enlarge3", {"scale": 8})]
    assert describe(*steps, width=200, height=200) is None
    assert describe(*steps, width=300, height=200) == (
        "The result would have 19200 x 12800 px, 245.8 megapixels; the limit is 200.0 megapixels."
    )


@pytest.mark.parametrize(
    ("format", "output", "limits", "possible"),
    [
        ("jpg", Output(), LIMITS, False),
        ("jpg", Output(format="png"), LIMITS, True),
        ("png", Output(), LIMITS, True),
        ("png", Output(format="jpg"), LIMITS, False),
        ("jpg", Output(), OTHER_SERVICE, True),
        ("png", Output(format="jpg"), OTHER_SERVICE, False),
    ],
)
def test_the_side_of_a_jpg_is_limited(format: Format, output: Output, limits: ResultLimits, possible: bool) -> None:
    step = Step("enlarge3", {"scale": 8})
    sentence = describe(step, width=8200, height=300, format=format, output=output, limits=limits)
    assert (sentence is None) is possible
    assert possible or "65,500 px a side. PNG holds more." in str(sentence)


def test_a_cut_out_becomes_a_png_and_may_be_longer() -> None:
    steps = [Step("chainner", {"scale": "8x"}), Step("matting")]
    assert describe(*steps, width=8200, height=300, format="jpg") is None
    white = Output(background=(255, 255, 255))
    assert describe(*steps, width=8200, height=300, format="jpg", output=white) is not None
