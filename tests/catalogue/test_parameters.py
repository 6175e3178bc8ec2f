"""Parameters accept the values that the API accepts, in exactly the types that it requires."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.catalogue.strategies import ANY_JSON, values
from vanceweb.catalogue.features import FEATURES, get_feature_by_module
from vanceweb.catalogue.parameters import InvalidParameter, ParameterValue, describe_value

PARAMETERS = [parameter for feature in FEATURES for parameter in feature.parameters]

WRONG = [
    ("enlarge3", "scale", "2x"),
    ("enlarge3", "scale", 2.0),
    ("enlarge3", "scale", 3),
    ("enlarge3", "scale", True),
    ("enlarge3", "suppress_noise", 101),
    ("enlarge3", "suppress_noise", -1),
    ("enlarge3", "suppress_noise", "40"),
    ("enlarge3", "suppress_noise", True),
    ("enlarge3", "suppress_noise", 10**400),
    ("denoise", "auto_params", "true"),
    ("denoise", "auto_params", 1),
    ("denoise", "auto_params", None),
    ("sharpen3", "blur_type", False),
    ("sharpen3", "remove_blur", float("nan")),
    ("sharpen3", "remove_blur", float("inf")),
    ("sharpen3", "remove_blur", 10**400),
    ("sharpen3", "remove_blur", 1.0001),
    ("sharpen3", "remove_blur", True),
    ("chainner", "scale", 2),
    ("chainner", "scale", "6x"),
    ("img2sr", "strength", 0.79),
    ("img2anime", "prompt", "x" * 141),
    ("img2anime", "prompt", "\ud800"),
    ("img2anime", "prompt", "a\0b"),
    ("img2anime", "model_name", "style7"),
    ("deoldify2", "render_factor", 9),
    ("compress", "quality", [50]),
    ("compress", "quality", {"quality": 50}),
]


@pytest.mark.parametrize(("module", "key", "value"), WRONG)
def test_wrong_value_is_refused_by_key_value_and_range(module: str, key: str, value: object) -> None:
    parameter = get_feature_by_module(module).get_parameter(key)
    with pytest.raises(InvalidParameter) as caught:
        parameter.check(value)
    assert str(caught.value) == f"{key} is {describe_value(value)}; allowed: {parameter.allowed}"
    str(caught.value).encode()


def test_whole_number_is_a_float_where_a_float_is_due() -> None:
    checked = get_feature_by_module("sharpen3").get_parameter("remove_blur").check(1)
    assert isinstance(checked, float)
    assert checked == 1.0


@given(st.sampled_from(PARAMETERS).flatmap(lambda p: st.tuples(st.just(p), values(p))))
def test_every_allowed_value_comes_back_in_its_own_type(case) -> None:
    parameter, value = case
    checked = parameter.check(value)
    assert type(checked) is type(parameter.default)
    assert checked == value


@given(st.sampled_from(PARAMETERS), ANY_JSON)
def test_any_value_is_taken_or_refused_in_one_short_printable_line(parameter, value) -> None:
    try:
        checked: ParameterValue = parameter.check(value)
    except InvalidParameter as error:
        message = str(error)
        assert len(message) < 700
        assert message.isprintable()
        message.encode()
    else:
        assert json.dumps(checked, allow_nan=False)
