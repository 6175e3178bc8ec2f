"""Spellings that clients in the field send."""

import json

import pytest

from vanceweb.catalogue.features import ALL_FEATURES
from vanceweb.catalogue.jconfig import JConfigError, parse_jconfig
from vanceweb.catalogue.legacy_modules import LEGACY_MODULES
from vanceweb.catalogue.steps import Step
from vanceweb.catalogue.styles import STYLES

MODELS = [
    *((feature.module, model.name) for feature in ALL_FEATURES for model in feature.models),
    *((legacy.module, model) for legacy in LEGACY_MODULES.values() for model in legacy.models),
    *(("img2anime", style.name) for style in STYLES),
]


def read(module: str, **params: object) -> tuple[Step, ...]:
    return parse_jconfig({"name": module, "config": {"module": module, "module_params": params}})[0]


@pytest.mark.parametrize(("module", "model"), MODELS)
def test_the_case_of_a_models_name_does_not_matter(module: str, model: str) -> None:
    expected = read(module, model_name=model)
    for spelling in (model.lower(), model.upper(), model.capitalize()):
        assert read(module, model_name=spelling) == expected


@pytest.mark.parametrize("module", ["chainner", "real_esrgan", "waifu", "enlarge"])
@pytest.mark.parametrize("scale", [4, 4.0, "4", "4X", " 4x "])
def test_a_scale_that_is_text_may_be_a_number(module: str, scale: object) -> None:
    assert read(module, scale=scale) == read(module, scale="4x")


@pytest.mark.parametrize("scale", [3, 2.5, True, "4xx", "x", "", None, [4], {"x": 4}, "٤"])
def test_another_scale_is_still_refused(scale: object) -> None:
    with pytest.raises(JConfigError, match=r"scale is .*; allowed: one of") as refusal:
        read("chainner", scale=scale)
    assert refusal.value.code == 10001


@pytest.mark.parametrize("scale", ["4x", "4", 4.0])
def test_the_enlarger_insists_on_whole_numbers(scale: object) -> None:
    assert read("enlarge3", scale=4)
    with pytest.raises(JConfigError, match=r"scale is .*; allowed: one of 2, 4, 6, 8"):
        read("enlarge3", scale=scale)


def test_a_byte_order_mark_is_skipped() -> None:
    text = json.dumps({"name": "denoise", "config": {"module": "denoise"}})
    assert parse_jconfig("\ufeff" + text) == parse_jconfig(text)
    with pytest.raises(JConfigError, match="not JSON"):
        parse_jconfig("\ufeff\ufeff" + text)
