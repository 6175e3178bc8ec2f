"""Random steps, output settings and JSON for the catalogue's property tests."""

from hypothesis import strategies as st

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import FEATURES
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.parameters import Kind, Parameter, ParameterValue
from vanceweb.catalogue.steps import ControlImage, Step
from vanceweb.catalogue.styles import CN_NAMES

UIDS = st.text("0123456789abcdef", min_size=32, max_size=32)
PROMPT_CHARACTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])


def values(parameter: Parameter) -> st.SearchStrategy[ParameterValue]:
    """Return a strategy for the values of a parameter."""
    match parameter.kind:
        case Kind.BOOL:
            return st.booleans()
        case Kind.CHOICE:
            return st.sampled_from([choice.value for choice in parameter.choices])
        case Kind.TEXT:
            return st.text(PROMPT_CHARACTERS, max_size=parameter.max_length)
        case Kind.INT:
            return st.integers(int(parameter.minimum or 0), int(parameter.maximum or 0))
        case Kind.FLOAT:
            return st.floats(parameter.minimum, parameter.maximum)


def complete_steps(feature: Feature) -> st.SearchStrategy[Step]:
    """Return a strategy for a feature's steps with all parameters, and with guides if it has styles."""
    guides = st.builds(ControlImage, st.none() | UIDS, st.sampled_from(CN_NAMES))
    return st.builds(
        Step,
        st.just(feature.module),
        st.fixed_dictionaries({parameter.key: values(parameter) for parameter in feature.parameters}),
        st.lists(guides, max_size=3 if feature.styles else 0).map(tuple),
    )


ANY_STEP = st.sampled_from(FEATURES).flatmap(complete_steps)
INNER_STEP = st.sampled_from([feature for feature in FEATURES if not feature.only_last]).flatmap(complete_steps)
WORKFLOWS = st.builds(lambda inner, last: (*inner, last), st.lists(INNER_STEP, max_size=9), ANY_STEP)

CHANNELS = st.integers(0, 255)
OUTPUTS = st.builds(
    Output,
    st.none() | st.integers(0, 100),
    st.none() | st.integers(0, 2000),
    st.sampled_from([None, "jpg", "png"]),
    st.none() | st.tuples(CHANNELS, CHANNELS, CHANNELS),
)

JSON_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=8)
    | st.text("\ud800\udfff\0é", max_size=3)
    | st.sampled_from([feature.module for feature in FEATURES])
)
# Keys of jconfigs, so that random documents pass the first checks.
KEYS = st.sampled_from(
    [
        *("name", "job", "config", "module", "module_params", "out_params", "cn_configs", "model_name"),
        *("scale", "remove_noise", "auto_params", "prompt", "compress", "quality", "dpi", "format"),
        *("bg_composed", "bg_color", "r", "g", "b", "image_uid", "cn_name", "noise_level"),
    ]
)
ANY_JSON = st.recursive(
    JSON_LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=8), max_leaves=20
)
