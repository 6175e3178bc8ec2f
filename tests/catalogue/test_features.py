"""The feature table against the API's documentation."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils.functional import Promise

from vanceweb.catalogue.features import (
    ALL_FEATURES,
    FEATURES,
    GROUPS,
    UnknownFeature,
    calculate_credits,
    compute_output_size,
    get_feature_by_module,
    get_feature_by_slug,
    get_features_in_group,
)
from vanceweb.catalogue.parameters import Kind
from vanceweb.catalogue.steps import Step
from vanceweb.catalogue.styles import CN_NAMES, STYLES, Look

ICONS = Path(__file__).parents[2] / "node_modules" / "bootstrap-icons" / "icons"

# name, module, model names, {key: (allowed, default)}; copied from the API's documentation, not from the table.
DOCUMENTED = [
    (
        "enlarge3",
        "enlarge3",
        ["EnlargeStandard_2x_Stable", "EnlargeStandard_4x_Stable"],
        {"scale": ([2, 4, 6, 8], 2), "suppress_noise": ((0, 100), 40), "remove_blur": ((0, 100), 60)},
    ),
    (
        "denoise",
        "denoise",
        ["DenoiseStable"],
        {"auto_params": (bool, True), "remove_noise": ((0, 100), 75), "sharpen": ((0, 100), 75)},
    ),
    (
        "va_sharpen_standard",
        "sharpen3",
        ["SharpenGeneralStable", "SharpenMotionBlurStable"],
        {
            "autoparams": (bool, True),
            "automodel": (bool, True),
            "blur_type": ([0, 1], 1),
            "remove_blur": ((0.0, 1.0), 0.5),
            "suppress_noise": ((0.0, 1.0), 0.5),
            "remove_artifacts": ((0.0, 1.0), 0.5),
        },
    ),
    ("matting", "matting", ["MattingStable"], {}),
    ("chainner", "chainner", ["Anime_4x_AnimeSharp", "Text_4x_TextSharpV1"], {"scale": (["2x", "4x", "8x"], "2x")}),
    ("real_esrgan", "real_esrgan", ["RealEsrganStable"], {"scale": (["1x", "2x", "4x", "6x", "8x"], "2x")}),
    ("crease_repair", "crease_repair", ["CreaseRepairStable"], {}),
    ("img2sr", "img2sr", ["style_sr_512"], {"face_enhancer": (bool, True), "strength": ((0.8, 1.0), 0.9)}),
    ("CodeFormer", "CodeFormer", ["CodeFormerStable"], {}),
    ("cartoonize", "cartoonize", ["CartoonizeStable"], {}),
    (
        "img2anime",
        "img2anime",
        [],
        {
            "model_name": (
                [
                    *("style1", "style2", "style3", "style4", "style5", "style6", "us_comic_boy", "us_comic_girl"),
                    *("disney_boy", "disney_girl", "Ghibli_boy", "Ghibli_girl"),
                ],
                "style1",
            ),
            "prompt": (140, ""),
            "overwrite": (bool, False),
            "denoising_strength": ((0.0, 1.0), 0.75),
        },
    ),
    ("animegan", "animegan2", ["Animegan2Stable"], {"single_face": (bool, True)}),
    ("recolor", "sd_recolor", ["sd_recolor"], {"prompt": (500, ""), "negative_prompt": (500, "")}),
    ("colorize", "deoldify2", ["DeoldifyArtistic"], {"render_factor": ((10, 70), 30)}),
    ("compress", "compress", [], {"quality": ((0, 100), 50), "keep_metadata": (bool, True)}),
]

LOOKS = {
    **{f"style{n}": (("cartoon_tile",), ("cartoon_lineart", "cartoon_tile")) for n in range(1, 7)},
    **{f"us_comic_{who}": (("cartoon_normal",), ("cartoon_canny",)) for who in ("boy", "girl")},
    **{f"disney_{who}": (("more_cartoon_lineart",), ("more_real_lineart",)) for who in ("boy", "girl")},
    **{f"Ghibli_{who}": (("cartoon_normal_noforge",), ("cartoon_normal_noforge",)) for who in ("boy", "girl")},
}


@pytest.mark.parametrize(("name", "module", "models", "parameters"), DOCUMENTED, ids=[row[1] for row in DOCUMENTED])
def test_feature_is_as_documented(name: str, module: str, models: list[str], parameters: dict) -> None:
    feature = get_feature_by_module(module)
    assert feature.name == name
    assert [model.name for model in feature.models] == models
    found = {}
    for parameter in feature.parameters:
        allowed: object = (parameter.minimum, parameter.maximum)
        if parameter.kind is Kind.BOOL:
            allowed = bool
        elif parameter.kind is Kind.CHOICE:
            allowed = [choice.value for choice in parameter.choices]
        elif parameter.kind is Kind.TEXT:
            allowed = parameter.max_length
        found[parameter.key] = (allowed, parameter.default)
    # As JSON, 2 differs from 2.0 and 1 from true.
    assert json.dumps(found, default=str) == json.dumps(parameters, default=str)


def test_no_feature_is_missing_or_made_up() -> None:
    assert {feature.module for feature in FEATURES} == {row[1] for row in DOCUMENTED}
    assert len(FEATURES) == len(DOCUMENTED)


def test_only_the_sharpener_costs_two_credits() -> None:
    assert {feature.module for feature in FEATURES if feature.credits != 1} == {"sharpen3"}
    assert calculate_credits([Step("sharpen3")]) == Decimal(2)


def test_a_workflow_costs_the_sum_of_its_steps() -> None:
    assert calculate_credits([Step("sharpen3"), Step("CodeFormer"), Step("enlarge3")]) == Decimal(4)


def test_sizes_of_results() -> None:
    steps = [Step("denoise"), Step("real_esrgan", {"scale": "6x"}), Step("enlarge3", {"scale": 2})]
    assert compute_output_size(steps, 30, 20) == (360, 240)
    assert compute_output_size([Step("matting")], 30, 20) == (30, 20)
    with pytest.raises(UnknownFeature):
        compute_output_size([Step("mirror")], 30, 20)


def test_a_result_grows_by_the_scale_and_by_nothing_else() -> None:
    factors = {feature.module: feature.get_scale_factor(feature.complete_params({})) for feature in FEATURES}
    assert {module for module, factor in factors.items() if factor > 1} == {"enlarge3", "chainner", "real_esrgan"}


def test_enlarging_and_cutting_out_can_only_be_last() -> None:
    assert {feature.module for feature in FEATURES if feature.only_last} == {"enlarge3", "matting"}


def test_only_the_compressor_uploads_as_compress_and_only_the_remover_has_a_background() -> None:
    assert {feature.module for feature in FEATURES if feature.purpose == "compress"} == {"compress"}
    assert {feature.module for feature in FEATURES if "background" in feature.outputs} == {"matting"}


def test_every_default_passes_its_own_check() -> None:
    for feature in FEATURES:
        for parameter in feature.parameters:
            assert parameter.check(parameter.default) == parameter.default


def test_switches_are_switches_of_the_same_feature() -> None:
    for feature in FEATURES:
        for parameter in feature.parameters:
            for switch in parameter.overridden_by:
                assert feature.get_parameter(switch).kind is Kind.BOOL


def test_output_fields_never_share_a_name_with_a_parameter() -> None:
    for feature in FEATURES:
        assert not {parameter.key for parameter in feature.parameters} & set(feature.outputs)


def test_automatic_switches_everything_else_off() -> None:
    sharpener = get_feature_by_module("sharpen3")
    assert [p.key for p in sharpener.find_parameters_in_use({"autoparams": True, "automodel": True})] == ["autoparams"]
    manual = [p.key for p in sharpener.find_parameters_in_use({"autoparams": False, "automodel": True})]
    assert manual == ["autoparams", "automodel", "remove_blur", "suppress_noise", "remove_artifacts"]


def test_a_strength_given_alone_switches_automatic_off() -> None:
    assert get_feature_by_module("denoise").complete_params({"remove_noise": 10}) == {
        "auto_params": False,
        "remove_noise": 10,
        "sharpen": 75,
    }


def test_every_group_has_features_and_every_feature_its_texts() -> None:
    assert [group.label for group in GROUPS] == ["Enhance", "Cut out", "Restore", "Stylise", "Optimise"]
    assert sum(len(get_features_in_group(group)) for group in GROUPS) == len(FEATURES)
    for feature in FEATURES:
        assert feature.title
        assert feature.service_title
        assert feature.description.endswith(".")
        assert all(parameter.title and parameter.help for parameter in feature.parameters)


def test_texts_are_translated_when_they_are_read() -> None:
    for feature in FEATURES:
        texts = [feature.title, feature.service_title, feature.description]
        texts += [text for parameter in feature.parameters for text in (parameter.title, parameter.help)]
        assert [str(text) for text in texts if not isinstance(text, Promise)] == []
    assert all(isinstance(style.title, Promise) for style in STYLES)


def test_no_two_features_have_the_same_title() -> None:
    assert len({str(feature.title) for feature in FEATURES}) == len(FEATURES)


def test_looking_up_by_slug_and_module() -> None:
    for feature in FEATURES:
        assert get_feature_by_slug(feature.slug) is feature
        assert get_feature_by_module(feature.module) is feature
    with pytest.raises(UnknownFeature, match="enlarge3"):
        get_feature_by_slug("nothing")
    with pytest.raises(UnknownFeature, match="enlarge3"):
        get_feature_by_module("nothing")


@pytest.mark.parametrize("style", STYLES, ids=[style.name for style in STYLES])
def test_style_has_its_documented_guides(style) -> None:
    cartoonish, realistic = LOOKS[style.name]
    assert style.get_guides(Look.CARTOONISH).cn_names == cartoonish
    assert style.get_guides(Look.REALISTIC).cn_names == realistic
    strengths = (0.75, 0.65) if style.name.startswith("Ghibli") else (None, None)
    assert (style.get_guides(Look.CARTOONISH).strength, style.get_guides(Look.REALISTIC).strength) == strengths


def test_there_are_twelve_styles_and_seven_guides() -> None:
    assert len(STYLES) == 12
    assert len(CN_NAMES) == 7


@pytest.mark.skipif(not ICONS.is_dir(), reason="the front end's packages are not installed (make setup)")
def test_every_icon_exists() -> None:
    assert [feature.icon for feature in ALL_FEATURES if not (ICONS / f"{feature.icon}.svg").is_file()] == []
