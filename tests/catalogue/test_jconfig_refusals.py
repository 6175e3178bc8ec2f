"""jconfigs that break the API's rules are refused."""

import json

import pytest

from tests.catalogue.documents import build_document, build_workflow, parse_refused
from vanceweb.catalogue.features import FEATURES
from vanceweb.catalogue.jconfig import MAX_CHARACTERS, JConfigError, build_jconfig, parse_jconfig
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.rules import MAX_STEPS
from vanceweb.catalogue.steps import Step

UID = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("model", "scale", "allowed"),
    [("2x", 4, "2 with"), ("2x", 8, "2 with"), ("4x", 2, "4 or 6 or 8 with")],
)
def test_enlarge_model_against_scale_is_refused(model: str, scale: int, allowed: str) -> None:
    name = f"EnlargeStandard_{model}_Stable"
    error = parse_refused(build_document("enlarge3", {"model_name": name, "scale": scale}))
    assert error.code == 10001
    assert error.message == f"enlarge3: scale is {scale}; allowed: {allowed} {name}."


def test_wrong_model_is_refused_by_name() -> None:
    error = parse_refused(build_document("denoise", {"model_name": "DenoiseBest"}))
    assert (error.code, error.message) == (
        10001,
        'denoise: model_name is "DenoiseBest"; allowed: one of DenoiseStable.',
    )


def test_unknown_module_lists_the_known_modules() -> None:
    error = parse_refused(build_document("upscale9000"))
    assert error.code == 10001
    assert '"upscale9000"' in error.message
    assert all(feature.module in error.message for feature in FEATURES)


@pytest.mark.parametrize(
    ("module", "params", "message"),
    [
        ("enlarge3", {"scale": "2x"}, 'enlarge3: scale is "2x"; allowed: one of 2, 4, 6, 8.'),
        ("chainner", {"scale": 3}, 'chainner: scale is 3; allowed: one of "2x", "4x", "8x".'),
        (
            "denoise",
            {"remove_noise": 101},
            "denoise: remove_noise is 101; allowed: a whole number from 0 to 100.",
        ),
        ("denoise", {"auto_params": "true"}, 'denoise: auto_params is "true"; allowed: true or false.'),
        ("denoise", {"sharpen": True}, "denoise: sharpen is true; allowed: a whole number from 0 to 100."),
        ("img2sr", {"strength": 0.5}, "img2sr: strength is 0.5; allowed: a number from 0.8 to 1.0."),
        (
            "denoise",
            {"auto_params": True, "remove_noise": 101},
            "denoise: remove_noise is 101; allowed: a whole number from 0 to 100.",
        ),
    ],
)
def test_value_out_of_range_names_key_value_and_range(module: str, params: dict, message: str) -> None:
    error = parse_refused(build_document(module, params))
    assert (error.code, error.message) == (10001, message)


@pytest.mark.parametrize(
    ("out_params", "key"),
    [
        ({"dpi": 2001}, "dpi is 2001"),
        ({"dpi": "300"}, 'dpi is "300"'),
        ({"compress": {"quality": 101}}, "quality is 101"),
        ({"compress": 95}, "compress is 95"),
        ({"format": "webp"}, 'format is "webp"'),
        ({"bg_composed": {"bg_color": {"r": 0, "g": 256, "b": 0}}}, "g is 256"),
        ({"bg_composed": {"bg_color": {"r": 0, "g": 0}}}, "b is null"),
    ],
)
def test_output_setting_out_of_range_is_refused(out_params: dict, key: str) -> None:
    error = parse_refused(build_document("matting", {}, out_params))
    assert error.code == 10001
    assert error.message.startswith(f"out_params: {key}; allowed: ")


@pytest.mark.parametrize("module", ["enlarge3", "matting"])
def test_enlarging_and_cutting_out_before_another_step_are_refused(module: str) -> None:
    error = parse_refused(
        build_workflow(build_document("denoise"), build_document(module), build_document("CodeFormer"))
    )
    assert error.code == 10001
    assert f"{module} is step 2 of 3" in error.message
    with pytest.raises(JConfigError, match="can only be the last step"):
        build_jconfig([Step(module), Step("denoise")])


def test_output_parameters_before_the_last_step_are_refused() -> None:
    error = parse_refused(build_workflow(build_document("denoise", {}, {"dpi": 300}), build_document("matting")))
    assert error.code == 10001
    assert "last step" in error.message
    assert parse_jconfig(build_workflow(build_document("denoise", {}, {}), build_document("matting")))


def test_workflows_have_one_to_ten_steps() -> None:
    ten = [build_document("denoise")] * MAX_STEPS
    assert len(parse_jconfig(build_workflow(*ten))[0]) == MAX_STEPS == 10
    error = parse_refused(build_workflow(*ten, build_document("denoise")))
    assert (error.code, error.message) == (10001, "The workflow has 11 steps; allowed: at most 10.")
    assert parse_refused(build_workflow()).code == 10013
    with pytest.raises(JConfigError):
        build_jconfig([])
    with pytest.raises(JConfigError):
        build_jconfig([Step("denoise")] * 11)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "denoise",
        "[]",
        "null",
        "12",
        '"denoise"',
        "{}",
        '{"name": "denoise"',
        '{"name": "denoise"}',
        '{"name": "denoise", "config": "denoise"}',
        '{"name": "denoise", "config": {}}',
        '{"name": "denoise", "config": {"module": 5}}',
        '{"name": "denoise", "config": {"module": "denoise", "module_params": "none"}}',
        '{"name": "denoise", "config": {"module": "denoise", "module_params": null}}',
        '{"name": "denoise", "config": {"module": "denoise", "out_params": 5}}',
        '{"config": {"module": "denoise"}}',
        '{"name": ["denoise"], "config": {"module": "denoise"}}',
        '{"name": "x", "config": [{"config": {"module": "denoise"}}]}',
        '{"name": "x", "config": ["denoise"]}',
        '{"name": "x", "config": [{"name": "x", "config": []}]}',
        '{"name": "x", "config": {"module": "img2anime"}, "cn_configs": {}}',
        '{"name": "x", "name": "y", "config": {"module": "denoise"}}',
        '{"name": "sharpen", "config": {"module": "sharpen3", "module_params": {"remove_blur": NaN}}}',
        '{"name": "sharpen", "config": {"module": "sharpen3", "module_params": {"remove_blur": -Infinity}}}',
        '{"name": "denoise", "config": {"module": "denoise", "module_params": {"sharpen": ' + "9" * 5000 + "}}}",
        b'{"name": "denoise", "config": {"module": "denoise"}}',
        None,
        5,
        ["denoise"],
    ],
    ids=lambda source: repr(source)[:60],
)
def test_text_that_is_not_a_jconfig_is_refused_with_10013(source: object) -> None:
    assert parse_refused(source).code == 10013


def test_number_beyond_floats_is_refused_as_out_of_range() -> None:
    text = json.dumps(build_document("sharpen3", {"remove_blur": "HERE"})).replace('"HERE"', "1e999")
    assert parse_refused(text).code == 10001


def test_deep_nesting_and_megabytes_are_refused_at_once() -> None:
    assert parse_refused("[" * 100_000).code == 10013
    assert parse_refused('{"a":' * 30_000).code == 10013
    assert parse_refused('{"name": "' + "x" * 10_000_000 + '"}').message == (
        f"The jconfig has 10000012 characters; allowed: at most {MAX_CHARACTERS}."
    )
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert parse_refused(build_document("denoise", {"sharpen": deep})).code == 10001
    assert parse_refused(deep).code == 10013


def test_many_keys_are_read_in_linear_time() -> None:
    text = "{" + ",".join(f'"{n}":0' for n in range(18_000)) + ',"0":1}'
    assert len(text) < MAX_CHARACTERS
    assert parse_refused(text).message == '"0" is given twice in one object.'


def test_the_longest_legal_workflow_fits() -> None:
    longest = Step("sd_recolor", {"prompt": "😀" * 500, "negative_prompt": "😀" * 500})
    text = build_jconfig([longest] * MAX_STEPS, Output(100, 2000, "png", (255, 255, 255)))
    assert parse_jconfig(text)[0] == (longest,) * MAX_STEPS


@pytest.mark.parametrize(
    ("guide", "message"),
    [
        ({"image_uid": UID, "cn_name": "cartoon_magic"}, 'cn_name is "cartoon_magic"'),
        ({"image_uid": UID}, "cn_name"),
        ({"image_uid": "../../etc/passwd", "cn_name": "cartoon_tile"}, "image_uid is"),
        ({"image_uid": UID.upper(), "cn_name": "cartoon_tile"}, "image_uid is"),
        ({"image_uid": UID + "\n", "cn_name": "cartoon_tile"}, "image_uid is"),
        ({"image_uid": 5, "cn_name": "cartoon_tile"}, "image_uid"),
    ],
)
def test_illegal_guides_are_refused(guide: dict, message: str) -> None:
    error = parse_refused(build_document("img2anime", {}, cn_configs=[guide]))
    assert error.code == 10001
    assert message in error.message


def test_too_many_guides_are_refused() -> None:
    guide = {"image_uid": UID, "cn_name": "cartoon_tile"}
    assert "11 entries" in parse_refused(build_document("img2anime", {}, cn_configs=[guide] * 11)).message


def test_building_applies_the_rules_too() -> None:
    for step in (Step("nothing"), Step("enlarge3", {"scale": 3}), Step("enlarge3", {"scale": "2x"})):
        with pytest.raises(JConfigError):
            build_jconfig([step])
    for output in (Output(quality=101), Output(dpi=-1), Output(background=(0, 0, 256))):
        with pytest.raises(JConfigError):
            build_jconfig([Step("matting")], output)


def test_the_order_also_binds_older_modules() -> None:
    assert parse_refused(build_workflow(build_document("enlarge"), build_document("denoise"))).code == 10001
