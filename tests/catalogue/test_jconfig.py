"""jconfigs are built and parsed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.catalogue.documents import build_document, parse_or_catch, parse_refused
from tests.catalogue.strategies import ANY_JSON, OUTPUTS, UIDS, WORKFLOWS
from vanceweb.catalogue.features import FEATURES, get_feature_by_module
from vanceweb.catalogue.jconfig import JConfigError, build_jconfig, parse_jconfig
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import ControlImage, Step

UID = "0123456789abcdef" * 2


@given(WORKFLOWS, OUTPUTS)
def test_a_built_jconfig_parses_to_the_same_steps(steps: tuple[Step, ...], output: Output) -> None:
    text = build_jconfig(steps, output)
    assert parse_jconfig(text) == (steps, output)
    assert parse_jconfig(json.loads(text)) == (steps, output)
    assert build_jconfig(*parse_jconfig(text)) == text


@given(WORKFLOWS, OUTPUTS, UIDS)
def test_the_upload_takes_the_place_of_the_picture_itself(steps, output, uid) -> None:
    parsed, _ = parse_jconfig(build_jconfig(steps, output, uid=uid))
    for step, built in zip(steps, parsed, strict=True):
        assert built.control_images == tuple(
            ControlImage(guide.image_uid or uid, guide.cn_name) for guide in step.control_images
        )


@settings(max_examples=400)
@given(ANY_JSON)
def test_any_document_is_read_or_refused(document: object) -> None:
    for source in (document, json.dumps(document)):
        outcome = parse_or_catch(source)
        if not isinstance(outcome, JConfigError):
            assert parse_jconfig(build_jconfig(*outcome)) == outcome


@settings(max_examples=300)
@given(st.sampled_from(FEATURES), st.dictionaries(st.sampled_from(["scale", "prompt", "quality"]), ANY_JSON), ANY_JSON)
def test_any_parameters_are_read_or_refused(feature, params, out_params) -> None:
    outcome = parse_or_catch(build_document(feature.module, params, {"compress": out_params, "dpi": 1}))
    if not isinstance(outcome, JConfigError):
        assert outcome[0][0].module == feature.module


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert parse_refused(text).code == 10013


def test_documented_examples_are_read() -> None:
    denoise = """{"name": "denoise", "config": {"module": "denoise",
      "module_params": {"model_name": "DenoiseStable", "auto_params": true, "remove_noise": 75, "sharpen": 75},
      "out_params": {"compress": {"quality": 95}, "dpi": 300, "format": "png"}}}"""
    assert parse_jconfig(denoise) == (
        (Step("denoise", {"auto_params": True, "remove_noise": 75, "sharpen": 75}),),
        Output(quality=95, dpi=300, format="png"),
    )
    sharpen = """{"name": "va_sharpen_standard", "config": [
      {"name": "va_sharpen_standard", "config": {"module": "sharpen3", "module_params": {
         "model_name": "SharpenGeneralStable", "blur_type": 1, "remove_blur": 0.5, "suppress_noise": 0.5,
         "remove_artifacts": 0.5, "autoparams": true, "automodel": true}}},
      {"name": "CodeFormer", "config": {"module": "CodeFormer",
         "module_params": {"model_name": "CodeFormerStable"},
         "out_params": {"compress": {"quality": 80}}}}]}"""
    steps, output = parse_jconfig(sharpen)
    assert [step.module for step in steps] == ["sharpen3", "CodeFormer"]
    assert steps[0].params["blur_type"] == 1
    assert output == Output(quality=80)


def test_one_step_is_written_as_documented() -> None:
    assert json.loads(build_jconfig([Step("enlarge3", {"scale": 4})], Output(quality=95))) == {
        "name": "enlarge3",
        "config": {
            "module": "enlarge3",
            "module_params": {
                "model_name": "EnlargeStandard_4x_Stable",
                "scale": 4,
                "suppress_noise": 40,
                "remove_blur": 60,
            },
            "out_params": {"compress": {"quality": 95}},
        },
    }


def test_workflow_is_named_after_its_first_step_and_carries_output_on_its_last() -> None:
    background = Output(background=(0, 255, 255))
    document = json.loads(build_jconfig([Step("sharpen3"), Step("matting")], background))
    assert document["name"] == "va_sharpen_standard"
    assert [item["name"] for item in document["config"]] == ["va_sharpen_standard", "matting"]
    first, last = (item["config"] for item in document["config"])
    assert "out_params" not in first
    assert last["out_params"] == {"bg_composed": {"bg_color": {"r": 0, "g": 255, "b": 255}}}


def test_animegan_is_sent_as_job() -> None:
    document = json.loads(build_jconfig([Step("animegan2")]))
    assert document["job"] == "animegan"
    assert "name" not in document


def test_guides_stand_beside_config() -> None:
    step = Step("img2anime", {}, (ControlImage(None, "cartoon_tile"), ControlImage("f" * 32, "cartoon_lineart")))
    document = json.loads(build_jconfig([step], uid=UID))
    assert document["cn_configs"] == [
        {"image_uid": UID, "cn_name": "cartoon_tile"},
        {"image_uid": "f" * 32, "cn_name": "cartoon_lineart"},
    ]


@pytest.mark.parametrize(
    ("scale", "model"),
    [(2, "2x"), (4, "4x"), (6, "4x"), (8, "4x")],
)
def test_enlarge_model_follows_the_scale(scale: int, model: str) -> None:
    params = json.loads(build_jconfig([Step("enlarge3", {"scale": scale})]))["config"]["module_params"]
    assert params["model_name"] == f"EnlargeStandard_{model}_Stable"


def test_model_without_scale_decides_the_scale() -> None:
    (step,), _ = parse_jconfig(build_document("enlarge3", {"model_name": "EnlargeStandard_4x_Stable"}))
    assert step.params["scale"] == 4


def test_missing_parameters_take_their_defaults() -> None:
    (step,), output = parse_jconfig({"name": "enlarge3", "config": {"module": "enlarge3"}})
    assert step.params == {"scale": 2, "suppress_noise": 40, "remove_blur": 60}
    assert output == Output()


def test_job_is_accepted_in_place_of_name() -> None:
    inner = {"job": "denoise", "config": {"module": "denoise", "module_params": {}}}
    steps, _ = parse_jconfig({"job": "workflow", "config": [inner, build_document("matting")]})
    assert [step.module for step in steps] == ["denoise", "matting"]


def test_recolor_goes_by_both_its_names() -> None:
    for name in ("recolor", "colorize"):
        (step,), _ = parse_jconfig({"name": name, "config": {"module": "sd_recolor", "module_params": {}}})
        assert step.module == "sd_recolor"
    assert get_feature_by_module("sd_recolor").aliases == ("colorize",)


def test_compress_is_read_with_its_older_keys() -> None:
    config = {"module": "compress", "kind": "toolkit", "dist": "image", "module_params": {"quality": 30}}
    step = Step("compress", {"quality": 30, "keep_metadata": True})
    assert parse_jconfig({"name": "compress", "config": config})[0] == (step,)


def test_engine_only_parameters_are_sent_only_if_they_differ_from_their_default() -> None:
    for keep, sent in ((True, {"quality": 30}), (False, {"quality": 30, "keep_metadata": False})):
        step = Step("compress", {"quality": 30, "keep_metadata": keep})
        built = json.loads(build_jconfig([step]))
        assert built["config"]["module_params"] == sent
        assert parse_jconfig(built)[0] == (step,)


def test_unknown_keys_are_ignored() -> None:
    document = build_document("matting", {"rescale": 532, "x": {"y": []}}, {"z": 1}, extra=[1])
    assert parse_jconfig(document) == ((Step("matting"),), Output())


def test_empty_php_arrays_are_empty_objects() -> None:
    assert parse_jconfig(build_document("matting", [], [])) == ((Step("matting"),), Output())
