"""The translation of each older module."""

import pytest

from vanceweb.catalogue.jconfig import JConfigError, parse_jconfig
from vanceweb.catalogue.steps import Step


def read(name: str, module: str, **params: object) -> Step:
    (step,), _ = parse_jconfig({"job": name, "config": {"module": module, "module_params": params}})
    return step


def test_enlarge_gets_its_scale_as_a_number() -> None:
    step = read("enlarge", "enlarge", model_name="EnlargeStable", scale="4x", suppress_noise=26, remove_blur=27)
    assert step == Step("enlarge3", {"scale": 4, "suppress_noise": 26, "remove_blur": 27})


def test_automatic_enlarge_takes_the_current_defaults() -> None:
    step = read("enlarge", "enlarge", scale="8x", auto_params=True, suppress_noise=0, remove_blur=0)
    assert step == Step("enlarge3", {"scale": 8, "suppress_noise": 40, "remove_blur": 60})


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
    with pytest.raises(JConfigError, match='scale is "16x"; allowed: one of "2x", "4x", "8x"'):
        read("waifu", "waifu", scale="16x")


def test_jpeg_artefacts_and_blur_share_a_module_and_differ_by_name() -> None:
    clean = read("jpeg_artifact", "hinet_jpeg", model_name="HinetStable")
    assert clean.module == "sharpen3"
    assert (clean.params["remove_artifacts"], clean.params["remove_blur"]) == (1.0, 0.0)
    assert read("deblur", "hinet_jpeg", model_name="HinetStable").params["autoparams"] is True


def test_repair_follows_its_switches() -> None:
    assert read("repair", "repair", model_name="RepairStable", with_scratch=True).module == "crease_repair"
    assert read("repair", "repair", with_scratch=False, inpainting=True).module == "crease_repair"
    assert read("repair", "repair", with_scratch=False, inpainting=False).module == "img2sr"


@pytest.mark.parametrize(("module", "model"), [("deoldify", "ColorizeStable_pth"), ("colorize", "ColorizeStable")])
def test_older_colouring_keeps_its_render_factor(module: str, model: str) -> None:
    assert read("colorize", module, model_name=model, render_factor=45) == Step("deoldify2", {"render_factor": 45})
    with pytest.raises(JConfigError, match="render_factor is 71"):
        read("colorize", module, render_factor=71)


@pytest.mark.parametrize("module", ["dehazing", "sketch"])
def test_module_without_a_counterpart_is_refused_with_a_reason(module: str) -> None:
    with pytest.raises(JConfigError) as caught:
        read(module, module)
    assert caught.value.code == 10001
    assert f"The older module {module} is not supported: No current feature" in caught.value.message
    assert "enlarge3" in caught.value.message


@pytest.mark.parametrize("value", ["DenoiseStable", 5, ["EnlargeStable"], None])
def test_wrong_older_model_is_refused(value: object) -> None:
    with pytest.raises(JConfigError, match="allowed: one of EnlargeStable"):
        read("enlarge", "enlarge", model_name=value)
