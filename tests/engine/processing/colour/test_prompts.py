"""What is understood of a prompt for colours."""

import math

import pytest

from vanceweb.engine.processing.colour.prompts import COLOURS, PLACES, SAME_AS, THINGS, colour_named, read_wishes
from vanceweb.engine.processing.colour.regions import FINDING, PLACING


def understood(prompt: str) -> list[tuple[float, str, tuple[str, ...]]]:
    """Hue in whole degrees, thing and places of each wish."""
    return [
        (round(math.degrees(math.atan2(wish.ab[1], wish.ab[0])) % 360), wish.thing, wish.places)
        for wish in read_wishes(prompt)
    ]


RED, GREEN, BLUE, BROWN = (COLOURS[name][0] for name in ("red", "green", "blue", "brown"))


@pytest.mark.parametrize(
    ("prompt", "wishes"),
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
def test_colours_things_and_places_are_found(prompt: str, wishes: list[tuple[float, str, tuple[str, ...]]]) -> None:
    assert understood(prompt) == wishes


def test_colours_without_a_hue_are_none() -> None:
    for prompt in ("black hair", "white", "gray", "black and white photo"):
        (wish,) = read_wishes(prompt)
        assert wish.ab == (0, 0)


def test_colours_side_by_side_lie_between_and_words_make_them_paler() -> None:
    (between,) = read_wishes("blue green sea")
    assert between.thing == "water"
    assert between.ab == pytest.approx(
        [(one + two) / 2 for one, two in zip(colour_named("blue"), colour_named("green"), strict=True)]
    )
    plain, pale, vivid = (math.hypot(*read_wishes(f"{word} red")[0].ab) for word in ("", "pale", "bright"))
    assert pale < 0.7 * plain < plain < 0.8 * vivid


def test_the_longest_prompt_is_read() -> None:
    assert len(read_wishes("red " * 125)) == 1
    assert len(read_wishes("red," * 125)) == 125


def test_the_tables_hold_together() -> None:
    assert set(THINGS.values()) == set(FINDING)
    assert set(PLACES.values()) == set(PLACING)
    assert set(SAME_AS.values()) <= set(COLOURS)
    assert not set(COLOURS) & (set(THINGS) | set(PLACES))
