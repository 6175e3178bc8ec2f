"""sd_recolor: words change colours in the right places, with the shipped colouriser."""

import numpy as np
import pytest
from PIL import Image

from tests.engine.processing.lab import compute_lightness_difference, measure_chroma, to_grey, to_lab
from tests.engine.processing.photos import load_photo, resize
from tests.engine.processing.sweeps import mark_slow
from vanceweb.engine.processing.colour.prompts import get_named_colour
from vanceweb.engine.processing.colour.recolouring import (
    NO_COLOUR_IN_NEGATIVE_PROMPT,
    NO_COLOUR_IN_PROMPT,
    NOT_FOUND,
    measure_colour_match,
    recolour,
)
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry


def recolour_pixels(pixels: Pixels, networks: NetworkRegistry, prompt: str = "", negative: str = "") -> Picture:
    params = {"prompt": prompt, "negative_prompt": negative}
    return recolour(Picture(pixels, grey=True), params, networks, lambda fraction: None)


def load_small_grey(name: str, side: int = 224) -> Pixels:
    """Load the whole photo without colours, `side` px wide."""
    pixels = to_grey(load_photo(name))
    return resize(pixels, side, round(pixels.shape[0] * side / pixels.shape[1]), Image.Resampling.BOX)


def measure_shift(one: Pixels, other: Pixels, name: str) -> float:
    """Return the mean colour's shift towards the named one, in ab, less its shift sideways."""
    way = (to_lab(other) - to_lab(one))[:, :, 1:].reshape(-1, 2).mean(axis=0)
    aim = np.array(get_named_colour(name))
    aim /= np.linalg.norm(aim)
    along = float(way @ aim)
    return along - float(np.linalg.norm(way - along * aim))


def measure_approach(one: Pixels, other: Pixels, name: str) -> float:
    """Return how much nearer the mean colour came to the named one, in ab."""
    before, after = (to_lab(each)[:, :, 1:].reshape(-1, 2).mean(axis=0) for each in (one, other))
    return float(np.linalg.norm(before - get_named_colour(name)) - np.linalg.norm(after - get_named_colour(name)))


@pytest.fixture(scope="module")
def plain(shipped: NetworkRegistry) -> dict[str, Pixels]:
    return {name: recolour_pixels(load_small_grey(name), shipped).colours for name in ("china.jpg", "coffee.png")}


@pytest.mark.parametrize("name", [*mark_slow("china.jpg"), "coffee.png"])
@pytest.mark.parametrize("word", ["red", "green", "blue", "yellow", "purple"])
def test_a_colour_moves_the_hue_towards_it(
    shipped: NetworkRegistry, plain: dict[str, Pixels], name: str, word: str
) -> None:
    result = recolour_pixels(load_small_grey(name), shipped, word)
    assert measure_shift(plain[name], result.colours, word) > 4
    assert compute_lightness_difference(result.colours, load_small_grey(name)) < 0.8
    assert not result.grey
    assert result.notes == ()


@pytest.mark.parametrize(
    ("name", "word"), [("coffee.png", "brown"), pytest.param("chelsea.png", "orange", marks=pytest.mark.slow)]
)
def test_an_unwanted_colour_disappears(shipped: NetworkRegistry, name: str, word: str) -> None:
    results = [recolour_pixels(load_small_grey(name), shipped, negative=words).colours for words in ("", word)]
    before, after = (measure_colour_match(to_lab(each)[:, :, 1:], get_named_colour(word)).mean() for each in results)
    assert before > 0.2
    assert after < 0.02


def test_without_words_a_grey_picture_gets_colours(shipped: NetworkRegistry) -> None:
    result = recolour_pixels(load_small_grey("chelsea.png"), shipped)
    assert measure_chroma(result.colours) > 5
    assert result.made_by == ("vanceweb colouriser (onnxruntime)", "colour words")


def test_colours_stay_in_their_places(shipped: NetworkRegistry, plain: dict[str, Pixels]) -> None:
    result = recolour_pixels(load_small_grey("coffee.png"), shipped, "blue on the left, yellow right").colours
    before, middle = plain["coffee.png"], result.shape[1] // 2
    assert measure_shift(before[:, : middle - 20], result[:, : middle - 20], "blue") > 10
    assert measure_shift(before[:, middle + 20 :], result[:, middle + 20 :], "yellow") > 10


@pytest.mark.slow
def test_the_sky_and_the_ground_are_found(networks: NetworkRegistry) -> None:
    grey = load_small_grey("camera.png")
    before = recolour_pixels(grey, networks).colours
    result = recolour_pixels(grey, networks, "red sky, green grass").colours
    sky, grass, coat = (slice(5, 40), slice(5, 70)), (slice(190, 220), slice(90, 215)), (slice(90, 160), slice(20, 50))
    assert measure_shift(before[sky], result[sky], "red") > 10
    assert measure_shift(before[grass], result[grass], "green") > 10
    assert np.abs(before[coat].astype(int) - result[coat]).mean() < 1


@pytest.mark.slow
def test_hair_skin_and_clothes_are_found(networks: NetworkRegistry) -> None:
    grey = load_small_grey("astronaut.png")
    before = recolour_pixels(grey, networks).colours
    result = recolour_pixels(grey, networks, "blue hair, green skin, red suit").colours
    places = {"blue": (slice(8, 24), slice(82, 110)), "green": (slice(46, 56), slice(92, 108)),
              "red": (slice(150, 200), slice(50, 66))}  # fmt: skip
    for word, place in places.items():
        assert measure_approach(before[place], result[place], word) > 10, word
    # Tan skin turns green by a detour; hair and suit go straight to their colours.
    assert all(measure_shift(before[places[word]], result[places[word]], word) > 5 for word in ("blue", "red"))
    wall = (slice(10, 60), slice(135, 155))
    assert np.abs(before[wall].astype(int) - result[wall]).mean() < 1


@pytest.mark.slow
def test_the_subject_is_separated_from_the_background(networks: NetworkRegistry) -> None:
    grey = load_small_grey("flower.jpg")
    before = recolour_pixels(grey, networks).colours
    result = recolour_pixels(grey, networks, "blue flower, red background").colours
    flower, corner = (slice(50, 95), slice(85, 130)), (slice(5, 45), slice(5, 60))
    assert measure_shift(before[flower], result[flower], "blue") > 15
    assert measure_shift(before[corner], result[corner], "red") > 5


def test_words_that_are_not_understood_or_not_found_are_named(shipped: NetworkRegistry) -> None:
    result = recolour_pixels(load_small_grey("coffee.png", 96), shipped, "blaue Tasse", "blurry")
    assert result.notes == (NO_COLOUR_IN_PROMPT, NO_COLOUR_IN_NEGATIVE_PROMPT)
    result = recolour_pixels(load_small_grey("coffee.png", 96), shipped, "red hair", "purple skin")
    assert result.notes == (NOT_FOUND % {"words": "purple skin"}, NOT_FOUND % {"words": "red hair"})


@pytest.mark.parametrize("size", [(1, 40), *mark_slow((1, 1), (40, 1), (3, 2))])
def test_the_smallest_pictures_can_be_recoloured(networks: NetworkRegistry, size: tuple[int, int]) -> None:
    words = "red, blue sky, green umbrella, pink skin, black hair, white skirt, brown wood, yellow left, grey wall"
    result = recolour_pixels(np.full((*size, 3), 77, dtype=np.uint8), networks, words, "green water, orange trees")
    assert result.colours.shape == (*size, 3)
