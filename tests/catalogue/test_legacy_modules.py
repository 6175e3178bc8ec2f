"""The translation of each older module."""

import pytest

from vanceweb.catalogue.features import calculate_credits, compute_output_size
from vanceweb.catalogue.jconfig import JConfigError, parse_jconfig
from vanceweb.catalogue.legacy_modules import LEGACY_MODULES
from vanceweb.catalogue.older_features import OLDER_FEATURES
from vanceweb.catalogue.steps import Step


def read_steps(name: str, module: str, **params: object) -> tuple[Step, ...]:
    steps, _ = parse_jconfig({"job": name, "config": {"module": module, "module_params": params}})
    return steps


def read(name: str, module: str, **params: object) -> Step:
    (step,) = read_steps(name, module, **params)
    return step


def test_enlarge_gets_its_scale_as_a_number() -> None:
    step = read("enlarge", "enlarge", model_name="EnlargeStable", scale="4x", suppress_noise=26, remove_blur=27)
    assert step == Step("enlarge3", {"scale": 4, "suppress_noise": 26, "remove_blur": 27})


def test_automatic_enlarge_takes_the_current_defaults() -> None:
    step = read("enlarge", "enlarge", scale="8x", auto_params=True, suppress_noise=0, remove_blur=0)
    assert step == Step("enlarge3", {"scale": 8, "suppress_noise": 40, "remove_blur": 60})


def test_enlarging_by_one_cleans_with_the_same_strengths_and_may_come_first() -> None:
    cleaned = Step("denoise", {"auto_params": False, "remove_noise": 65, "sharpen": 66})
    params = {
        "model_name": "EnlargeStable",
        "autoparams": False,
        "suppress_noise": 65,
        "remove_blur": 66,
        "scale": "1x",
    }
    assert read("enlarge", "enlarge", **params) == cleaned
    assert read("enlarge", "enlarge", scale="1x").params["auto_params"] is True
    workflow = {
        "job": "workflow",
        "config": [
            {"name": "enlarge", "config": {"module": "enlarge", "module_params": params}},
            {"name": "matting", "config": {"module": "matting", "module_params": {"rescale": 532}}},
        ],
    }
    assert parse_jconfig(workflow)[0] == (cleaned, Step("matting"))
    params["scale"] = "2x"
    with pytest.raises(JConfigError, match="enlarge3 is step 1 of 2; it can only be the last step"):
        parse_jconfig(workflow)


@pytest.mark.parametrize(
    ("module", "model", "blur_type"), [("sharpen", "SharpenStable", 0), ("debouncing", "DebouncingStable", 1)]
)
def test_sharpening_keeps_its_strengths_and_its_kind_of_blur(module: str, model: str, blur_type: int) -> None:
    step = read(module, module, model_name=model, sharpness=80, suppress_noise=20, auto_params=False)
    assert step.module == "sharpen3"
    assert step.params == {
        "autoparams": False,
        "automodel": False,
        "blur_type": blur_type,
        "remove_blur": 0.8,
        "suppress_noise": 0.2,
        "remove_artifacts": 0.5,
    }
    assert read(module, module, auto_params=True).params["autoparams"] is True


def test_portraits_are_cut_out_like_any_subject() -> None:
    step = read("portrait_matting", "portrait_matting", model_name="PortraitMattingStable", no_face_blur=True)
    assert step == Step("matting")


def test_waifu_cleans_unless_told_not_to() -> None:
    assert read("waifu", "waifu", model_name="models-cunet", noise_level=2, scale="4x") == Step(
        "real_esrgan", {"scale": "4x"}
    )
    plain = read("waifu", "waifu", model_name="models-upconv_7_anime_style_art_rgb", noise_level=0, scale="8x")
    assert plain == Step("chainner", {"scale": "8x"})
    with pytest.raises(JConfigError, match='scale is "32x"; allowed: one of "2x", "4x", "8x", "16x"'):
        read("waifu", "waifu", scale="32x")


@pytest.mark.parametrize(("noise_level", "module"), [(0, "chainner"), (2, "real_esrgan")])
def test_waifu_enlarges_sixteen_times_in_two_steps(noise_level: int, module: str) -> None:
    steps = read_steps("waifu", "waifu", model_name="models-cunet", noise_level=noise_level, scale="16x")
    assert steps == (Step(module, {"scale": "4x"}), Step("chainner", {"scale": "4x"}))
    assert compute_output_size(steps, 30, 20) == (480, 320)


@pytest.mark.parametrize("model", ["HinetStable", "HinetJPEGStable"])
def test_jpeg_artefacts_and_blur_share_a_module_and_differ_by_a_switch_or_name(model: str) -> None:
    clean = read("jpeg_artifact", "hinet_jpeg", model_name=model)
    assert clean.module == "sharpen3"
    assert (clean.params["remove_artifacts"], clean.params["remove_blur"]) == (1.0, 0.0)
    assert read("jpeg_artifact", "hinet_jpeg", model_name=model, deblur=False) == clean
    assert read("deblur", "hinet_jpeg", model_name=model).params["autoparams"] is True
    assert read("jpeg_artifact", "hinet_jpeg", model_name=model, deblur=True).params["autoparams"] is True


def test_repair_follows_its_switches() -> None:
    assert read("repair", "repair", model_name="RepairStable", with_scratch=True).module == "crease_repair"
    assert read("repair", "repair", with_scratch=False, inpainting=True).module == "crease_repair"
    assert read("repair", "repair", with_scratch=False, inpainting=False).module == "img2sr"


@pytest.mark.parametrize(("module", "model"), [("deoldify", "ColorizeStable_pth"), ("colorize", "ColorizeStable")])
def test_older_colouring_keeps_its_render_factor(module: str, model: str) -> None:
    assert read("colorize", module, model_name=model, render_factor=45) == Step("deoldify2", {"render_factor": 45})
    with pytest.raises(JConfigError, match="render_factor is 71"):
        read("colorize", module, render_factor=71)


@pytest.mark.parametrize(("module", "default"), [("deoldify", 30), ("colorize", 10)])
def test_older_colouring_begins_at_zero_and_has_its_own_default(module: str, default: int) -> None:
    for given, used in ((0, 10), (9, 10), (10, 10), (40, 40)):
        assert read("colorize", module, render_factor=given) == Step("deoldify2", {"render_factor": used})
    assert read("colorize", module).params["render_factor"] == default
    with pytest.raises(JConfigError, match="render_factor is -1"):
        read("colorize", module, render_factor=-1)


def test_se_dehazing_is_the_documented_workflow_in_one_step() -> None:
    steps = read_steps("se-dehazing", "se-dehazing", model_name="AnyName", contrast=1.5, brightness=30)
    assert steps[0] == Step("dehazing", {"contrast": 1.5, "brightness": 30})
    assert steps[1].module == "sharpen3"
    documented = {
        "job": "se-dehazing",
        "config": [
            {"name": "dehazing", "config": {"module": "dehazing", "module_params": {
                "model_name": "DehazingStable", "contrast": 1.5, "brightness": 30}}},
            {"name": "jpeg_artifact", "config": {"module": "hinet_jpeg", "module_params": {
                "model_name": "HinetStable", "deblur": True}}},
        ],
    }  # fmt: skip
    assert parse_jconfig(documented)[0] == steps
    assert read_steps("se-dehazing", "se-dehazing")[0].params == {"contrast": 1.0, "brightness": 20}


@pytest.mark.parametrize(
    ("module", "params", "step"),
    [
        ("portrait", {"model_name": "PortraitStable"},
         Step("sketch", {"single_face": True, "composite": True, "sigma": 0.0, "alpha": 0.0})),
        ("sketch", {"model_name": "SketchStable", "single_face": False, "composite": True, "sigma": 10, "alpha": 0.5},
         Step("sketch", {"single_face": False, "composite": True, "sigma": 10.0, "alpha": 0.5})),
        ("dehazing", {"model_name": "DehazingStable"}, Step("dehazing", {"contrast": 1.0, "brightness": 20})),
        ("perfect", {"model_name": "PerfectStable"}, Step("perfect")),
        ("perfect", {"model_name": "perfect_2k"}, Step("perfect")),
        ("chainner", {"model_name": "Text_4x_TextSharpV1", "scale": "4x"}, Step("chainner", {"scale": "4x"})),
    ],
)  # fmt: skip
def test_a_module_of_other_clients_is_read(module: str, params: dict[str, object], step: Step) -> None:
    assert read(module, module, **params) == step


def test_automatic_sharpening_is_automatic() -> None:
    assert read("sharpen_auto", "sharpen_auto", model_name="DpedSharpenStable").params["autoparams"] is True


def test_the_model_for_motion_blur_stands_for_that_kind_of_blur() -> None:
    step = read("sharpen", "sharpen3", model_name="SharpenMotionBlurStable", remove_blur=0.7)
    assert step.module == "sharpen3"
    chosen = {key: step.params[key] for key in ("autoparams", "automodel", "blur_type", "remove_blur")}
    assert chosen == {"autoparams": False, "automodel": False, "blur_type": 1, "remove_blur": 0.7}
    automatic = read("sharpen", "sharpen3", model_name="SharpenMotionBlurStable", autoparams=True)
    assert automatic.params["autoparams"] is True


@pytest.mark.parametrize("module", sorted({*LEGACY_MODULES, *(feature.module for feature in OLDER_FEATURES)}))
def test_every_older_module_is_read_without_parameters(module: str) -> None:
    steps = read_steps(module, module)
    assert calculate_credits(steps) > 0


@pytest.mark.parametrize(
    ("module", "params", "said"),
    [
        ("sketch", {"alpha": 101}, "alpha is 101; allowed: a number from 0 to 100"),
        ("sketch", {"sigma": -1}, "sigma is -1; allowed: a number from 0 to 100"),
        ("sketch", {"single_face": "yes"}, 'single_face is "yes"; allowed: true or false'),
        ("dehazing", {"contrast": 2.1}, "contrast is 2.1; allowed: a number from 0 to 2"),
        ("se-dehazing", {"brightness": 101}, "brightness is 101; allowed: a whole number from 0 to 100"),
        ("perfect", {"model_name": "imperfect"}, "allowed: one of PerfectStable, perfect_2k"),
        ("portrait", {"model_name": "x"}, "allowed: one of PortraitStable"),
    ],
)
def test_a_value_out_of_its_range_is_refused(module: str, params: dict[str, object], said: str) -> None:
    with pytest.raises(JConfigError, match=said) as refusal:
        read_steps(module, module, **params)
    assert refusal.value.code == 10001


@pytest.mark.parametrize("value", ["DenoiseStable", 5, ["EnlargeStable"], None])
def test_wrong_older_model_is_refused(value: object) -> None:
    with pytest.raises(JConfigError, match="allowed: one of EnlargeStable"):
        read("enlarge", "enlarge", model_name=value)
