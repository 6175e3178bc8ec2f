"""The JSON form of steps."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.catalogue.strategies import JSON_LEAVES, WORKFLOWS
from vanceweb.catalogue.step_serialisation import InvalidSteps, parse_steps, to_json
from vanceweb.catalogue.steps import ControlImage, Step

PICTURE = "0f8fad5b-d9cb-469f-a165-70867728950e"
STEP = {"module": "img2anime", "params": {"prompt": "sea"}, "guides": [{"picture": PICTURE, "kind": "cartoon_tile"}]}
KEYS = st.sampled_from(["v", "steps", "module", "params", "guides", "picture", "kind"])
ANY_JSON = st.recursive(
    JSON_LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=8), max_leaves=20
)


@given(WORKFLOWS)
def test_steps_survive_the_way_through_json(steps: tuple[Step, ...]) -> None:
    assert parse_steps(json.loads(json.dumps(to_json(steps)))) == steps


def test_the_form_names_pictures_by_their_uuid() -> None:
    guides = (ControlImage(PICTURE.replace("-", ""), "cartoon_tile"), ControlImage(None, "cartoon_lineart"))
    assert to_json([Step("img2anime", {"prompt": "sea"}, guides)]) == {
        "v": 1,
        "steps": [STEP | {"guides": [*STEP["guides"], {"picture": None, "kind": "cartoon_lineart"}]}],
    }


def test_values_that_the_catalogue_no_longer_permits_are_still_read() -> None:
    assert parse_steps({"v": 1, "steps": [STEP | {"params": {"prompt": 7}}]})[0].params == {"prompt": 7}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "The document is null"),
        ([], "The document is a list"),
        ({"steps": [STEP]}, "v is null; this site knows version 1."),
        ({"v": 2, "steps": [STEP]}, "v is 2; this site knows version 1."),
        ({"v": True, "steps": [STEP]}, "v is true"),
        ({"v": 1}, "steps is null"),
        ({"v": 1, "steps": []}, "at least one step"),
        ({"v": 1, "steps": ["denoise"]}, 'Each step is "denoise"'),
        ({"v": 1, "steps": [STEP | {"module": None}]}, "module is null"),
        ({"v": 1, "steps": [STEP | {"params": []}]}, "params is a list"),
        ({"v": 1, "steps": [STEP | {"params": {"scale": None}}]}, '"scale" is null'),
        ({"v": 1, "steps": [STEP | {"guides": {}}]}, "guides is an object"),
        ({"v": 1, "steps": [STEP | {"guides": [{"picture": None}]}]}, "kind is null"),
        ({"v": 1, "steps": [STEP | {"guides": [{"picture": "a" * 31, "kind": "x"}]}]}, "must be a uuid or null"),
    ],
)
def test_an_unknown_version_or_shape_is_refused_in_words(data: Any, words: str) -> None:
    with pytest.raises(InvalidSteps) as refusal:
        parse_steps(data)
    assert words in str(refusal.value)


@given(ANY_JSON)
def test_no_data_raises_another_error(data: Any) -> None:
    for document in (data, {"v": 1, "steps": data}, {"v": 1, "steps": [data]}):
        with suppress(InvalidSteps):
            parse_steps(document)
