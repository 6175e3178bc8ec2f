"""Parsing of prompts for colours."""

import math

import pytest

from vanceweb.engine.processing.colour.prompts import (
    COLOURS,
    PLACES,
    SYNONYMS,
    THINGS,
    get_named_colour,
    parse_colour_requests,
)
from vanceweb.engine.processing.colour.regions import PLACE_MASKS, THING_MASKS


def summarise_requests(prompt: str) -> list[tuple[float, str, tuple[str, ...]]]:
    """Return hue in whole degrees, thing and places of each request."""
    return [
        (round(math.degrees(math.atan2(request.ab[1], request.ab[0])) % 360), request.thing, request.places)
        for request in parse_colour_requests(prompt)
    ]


RED, GREEN, BLUE, BROWN = (COLOURS[name][0] for name in ("red", "green", "blue", "brown"))


@pytest.mark.parametrize(
    ("prompt", "requests"),
    [
        ("", []),
        ("a beautiful portrait, 8k", []),
        ("red", [(RED, "", ())]),
        ("Blue skirt, BROWN hair", [(BLUE, "lower", ()), (BROWN, "hair", ())]),
        ("(red dress:1.3), [green grass]", [(RED, "clothes", ()), (GREEN, "ground", ())]),
        ("a woman in a red dress standing on green grass under a blue sky",
         [(RED, "clothes", ()), (GREEN, "ground", ()), (BLUE, "sky", ())]),
        ("hair brown; the sky is red", [(BROWN, "hair", ()), (RED, "sky", ())]),
        ("sky blue", [(BLUE, "sky", ())]),
        ("blue on the left and green right", [(BLUE, "", ("left",)), (GREEN, "", ("right",))]),
        ("the upper left flower red", [(RED, "subject", ("left", "top"))]),
        ("blue umbrella", [(BLUE, "umbrella", ())]),
        ("greenish wall", [(GREEN, "background", ())]),
        ("redo the scarlett johansson", []),
        ("rouge, azul, 赤い空", []),
    ],
)  # fmt: skip
def test_colours_things_and_places_are_found(prompt: str, requests: list[tuple[float, str, tuple[str, ...]]]) -> None:
    assert summarise_requests(prompt) == requests


def test_colours_without_a_hue_are_neutral() -> None:
    for prompt in ("black hair", "white", "gray", "black and white photo"):
        (request,) = parse_colour_requests(prompt)
        assert request.ab == (0, 0)


def test_adjacent_colours_are_averaged_and_words_make_them_paler_or_stronger() -> None:
    (between,) = parse_colour_requests("blue green sea")
    assert between.thing == "water"
    assert between.ab == pytest.approx(
        [(one + two) / 2 for one, two in zip(get_named_colour("blue"), get_named_colour("green"), strict=True)]
    )
    plain, pale, vivid = (math.hypot(*parse_colour_requests(f"{word} red")[0].ab) for word in ("", "pale", "bright"))
    assert pale < 0.7 * plain < plain < 0.8 * vivid


def test_the_longest_prompt_is_read() -> None:
    assert len(parse_colour_requests("red " * 125)) == 1
    assert len(parse_colour_requests("red," * 125)) == 125


def test_the_tables_are_consistent() -> None:
    assert set(THINGS.values()) == set(THING_MASKS)
    assert set(PLACES.values()) == set(PLACE_MASKS)
    assert set(SYNONYMS.values()) <= set(COLOURS)
    assert not set(COLOURS) & (set(THINGS) | set(PLACES))
