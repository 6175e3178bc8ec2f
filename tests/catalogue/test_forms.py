"""The generated forms turn a browser's data into steps and refuse illegal data."""

import json
from html.parser import HTMLParser

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from tests.catalogue.strategies import complete_steps
from vanceweb.catalogue.features import FEATURES, get_feature_by_module
from vanceweb.catalogue.forms import UnknownSetting, build_form_class, build_form_data, build_initial
from vanceweb.catalogue.jconfig import build_jconfig, parse_jconfig
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.parameters import InvalidParameter, Kind
from vanceweb.catalogue.steps import ControlImage, Step
from vanceweb.catalogue.styles import STYLES, Look


def fill_form(module: str, **given_data: str):
    feature = get_feature_by_module(module)
    return build_form_class(feature)(data=build_form_data(feature, given_data))


def collect_submission(form: forms.Form) -> dict[str, str]:
    """Return the data that a browser would send for an untouched form with these initial values."""
    data = {}
    for field in form:
        value = field.value()
        if isinstance(field.field, forms.BooleanField):
            if value:
                data[field.html_name] = "on"
        else:
            data[field.html_name] = "" if value is None else str(value)
    return data


@pytest.mark.parametrize("feature", FEATURES, ids=[feature.slug for feature in FEATURES])
def test_untouched_form_gives_the_defaults(feature) -> None:
    form_class = build_form_class(feature)
    form = form_class(data=collect_submission(form_class()))
    assert form.is_valid(), form.errors
    assert form.build_step().params == {parameter.key: parameter.default for parameter in feature.parameters}
    assert form.build_output() == Output()
    build_jconfig([form.build_step()], form.build_output(), uid="0" * 32)


@given(
    st.sampled_from([feature for feature in FEATURES if not feature.styles]).flatmap(
        lambda feature: complete_steps(feature)
    ),
    st.none() | st.integers(0, 100),
    st.none() | st.integers(0, 2000),
)
def test_run_again_shows_and_gives_the_same(step: Step, quality: int | None, dpi: int | None) -> None:
    feature = get_feature_by_module(step.module)
    # A text area trims its text and knows only one kind of line break.
    params = {
        key: " ".join(value.split()) if isinstance(value, str) and key.endswith("prompt") else value
        for key, value in step.params.items()
    }
    output = Output(
        quality=quality if "quality" in feature.outputs else None, dpi=dpi if "dpi" in feature.outputs else None
    )
    form = build_form_class(feature)(
        data=collect_submission(build_form_class(feature)(initial=build_initial(Step(step.module, params), output)))
    )
    assert form.is_valid(), form.errors
    assert form.build_step() == Step(step.module, params)
    assert form.build_output() == output


@pytest.mark.parametrize("look", list(Look), ids=[look.value for look in Look])
@pytest.mark.parametrize("style", STYLES, ids=[style.name for style in STYLES])
def test_a_look_becomes_guides_and_is_shown_again(style, look: Look) -> None:
    form = fill_form("img2anime", model_name=style.name, look=look.value)
    assert form.is_valid(), form.errors
    step = form.build_step()
    guides = style.get_guides(look)
    assert step.control_images == tuple(ControlImage(None, cn_name) for cn_name in guides.cn_names)
    assert step.params["denoising_strength"] == (guides.strength or 0.75)
    (stored,), _ = parse_jconfig(build_jconfig([step], uid="a" * 32))
    again = build_form_class(form.feature)(initial=build_initial(stored, Output()))
    assert again["look"].value() == look.value
    repeated = build_form_class(form.feature)(data=collect_submission(again))
    assert repeated.is_valid()
    assert repeated.build_step() == step


def test_a_strength_that_was_moved_wins_over_the_look() -> None:
    form = fill_form("img2anime", model_name="Ghibli_boy", look="realistic", denoising_strength="0.3")
    assert form.is_valid()
    assert form.build_step().params["denoising_strength"] == 0.3


def test_foreign_guides_are_shown_as_the_default_look() -> None:
    step = Step("img2anime", {"model_name": "style1"}, (ControlImage(None, "cartoon_canny"),))
    assert build_initial(step, Output())["look"] == "cartoonish"


@pytest.mark.parametrize(
    ("module", "key", "value"),
    [
        ("enlarge3", "scale", "3"),
        ("enlarge3", "scale", "2x"),
        ("enlarge3", "scale", ""),
        ("enlarge3", "suppress_noise", "101"),
        ("enlarge3", "suppress_noise", "-1"),
        ("enlarge3", "suppress_noise", "40.5"),
        ("enlarge3", "suppress_noise", ""),
        ("enlarge3", "suppress_noise", "9" * 5000),
        ("chainner", "scale", "2"),
        ("denoise", "remove_noise", "101"),
        ("denoise", "remove_noise", ""),
        ("sharpen3", "remove_blur", "nan"),
        ("sharpen3", "remove_blur", "1e999"),
        ("sharpen3", "remove_blur", "1.01"),
        ("img2sr", "strength", "0.79"),
        ("img2anime", "prompt", "x" * 141),
        ("img2anime", "prompt", "a\0b"),
        ("img2anime", "look", "strange"),
        ("compress", "quality", "101"),
        ("enlarge3", "quality", "101"),
        ("enlarge3", "dpi", "2001"),
        ("enlarge3", "format", "webp"),
        ("matting", "background", "red"),
        ("matting", "background", "#12345"),
        ("matting", "background", "#123456\n#"),
    ],
)
def test_value_out_of_range_is_refused_on_the_server(module: str, key: str, value: str) -> None:
    form = fill_form(module, **{key: value})
    assert not form.is_valid()
    assert list(form.errors) == [key]


def test_values_have_the_types_of_the_api() -> None:
    form = fill_form("enlarge3", scale="4", suppress_noise="0", quality="95", dpi="300", format="png")
    assert form.is_valid(), form.errors
    assert json.dumps(form.build_step().params) == '{"scale": 4, "suppress_noise": 0, "remove_blur": 60}'
    assert form.build_output() == Output(quality=95, dpi=300, format="png")
    text = fill_form("chainner", scale="8x")
    assert text.is_valid()
    assert text.build_step().params == {"scale": "8x"}


@pytest.mark.parametrize("wrong", [{}, {"remove_noise": "500", "sharpen": ""}, {"remove_noise": "loud"}])
def test_values_that_a_switch_turns_off_may_be_missing_or_wrong(wrong: dict[str, str]) -> None:
    form = build_form_class(get_feature_by_module("denoise"))(data={"auto_params": "on", **wrong})
    assert form.is_valid(), form.errors
    assert form.build_step().params == {"auto_params": True, "remove_noise": 75, "sharpen": 75}


def test_without_the_switch_each_missing_value_is_named() -> None:
    form = build_form_class(get_feature_by_module("denoise"))(data={})
    assert not form.is_valid()
    assert set(form.errors) == {"remove_noise", "sharpen"}


def test_switches_stack() -> None:
    form = build_form_class(get_feature_by_module("sharpen3"))
    strengths = {"remove_blur": "0.1", "suppress_noise": "0.2", "remove_artifacts": "0.3"}
    assert form(data={"automodel": "on", **strengths}).is_valid()
    without = form(data=strengths)
    assert not without.is_valid()
    assert set(without.errors) == {"blur_type"}
    assert form(data={"autoparams": "on"}).is_valid()


def test_background_is_a_colour_or_nothing() -> None:
    form = fill_form("matting", background="#00ffCC")
    assert form.is_valid()
    assert form.build_output().background == (0, 255, 204)
    assert build_initial(form.build_step(), form.build_output())["background"] == "#00ffcc"
    assert build_initial(Step("matting"), Output(background=(0, 0, 0)))["background"] == "#000000"
    assert "background" not in build_form_class(get_feature_by_module("enlarge3")).base_fields


def test_jpg_without_a_background_is_refused_because_it_cannot_be_transparent() -> None:
    form = fill_form("matting", format="jpg")
    assert not form.is_valid()
    assert "transparent" in form.errors["format"][0]
    assert fill_form("matting", format="jpg", background="#ffffff").is_valid()
    assert fill_form("matting", format="png").is_valid()


def test_the_compressors_quality_is_its_parameter_and_not_an_output_setting() -> None:
    form = fill_form("compress", quality="30", dpi="72")
    assert form.is_valid()
    assert form.build_step().params == {"quality": 30, "keep_metadata": True}
    assert form.build_output() == Output(dpi=72)


def test_settings_named_one_by_one_fill_the_rest_with_defaults() -> None:
    form = fill_form("denoise", remove_noise="20")
    assert form.is_valid()
    assert form.build_step().params == {"auto_params": False, "remove_noise": 20, "sharpen": 75}
    assert build_form_data(form.feature, {})["auto_params"] == "true"
    with pytest.raises(UnknownSetting, match=r"no setting strength. Its settings: auto_params, remove_noise"):
        build_form_data(form.feature, {"strength": "1"})


@pytest.mark.parametrize(("word", "on"), [("true", True), ("On", True), ("1", True), ("no", False), ("FALSE", False)])
def test_switches_are_named_in_words(word: str, on: bool) -> None:
    form = fill_form("denoise", auto_params=word)
    assert form.is_valid()
    assert form.build_step().params["auto_params"] is on


def test_a_switch_that_is_neither_on_nor_off_is_refused() -> None:
    with pytest.raises(InvalidParameter, match='auto_params is "maybe"; allowed: true or false'):
        build_form_data(get_feature_by_module("denoise"), {"auto_params": "maybe"})


class Controls(HTMLParser):
    """The attributes of every control of a form, by name."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        name = attributes.get("name")
        if name:
            self.found.setdefault(name, {"tag": tag} | attributes)


@pytest.mark.parametrize("feature", FEATURES, ids=[feature.slug for feature in FEATURES])
def test_controls_carry_what_the_page_needs(feature) -> None:
    form = build_form_class(feature)()
    controls = Controls(form.as_div()).found
    assert set(controls) == set(form.fields)
    for parameter in feature.parameters:
        control = controls[parameter.key]
        assert control["data-kind"] == parameter.kind.value
        assert control.get("data-overridden-by", "") == " ".join(parameter.overridden_by)
        assert control.get("data-unit", "") == parameter.unit
        if parameter.kind in (Kind.INT, Kind.FLOAT):
            assert control["type"] == "range"
            limits = [control[name] for name in ("min", "max", "step", "value")]
            expected = [parameter.minimum, parameter.maximum, parameter.step, parameter.default]
            assert limits == [str(number) for number in expected]
        if parameter.kind is Kind.TEXT:
            assert control["maxlength"] == str(parameter.max_length)
    names = [field.name for field in form.parameter_fields()] + [field.name for field in form.output_fields()]
    assert names == list(form.fields)


def test_twelve_styles_are_a_list_and_four_scales_stand_side_by_side() -> None:
    styles = build_form_class(get_feature_by_module("img2anime"))().fields["model_name"].widget
    scales = build_form_class(get_feature_by_module("enlarge3"))().fields["scale"].widget
    assert isinstance(styles, forms.Select)
    assert isinstance(scales, forms.RadioSelect)


def test_the_form_class_of_a_feature_is_made_once() -> None:
    feature = get_feature_by_module("denoise")
    assert build_form_class(feature) is build_form_class(feature)
