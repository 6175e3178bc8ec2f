"""img2anime: twelve different styles, and the effects of guides, strength and the prompt's words on the drawing."""

import itertools
from functools import cache

import cv2
import numpy as np
import pytest

from tests.engine.processing.lab import measure_chroma
from tests.engine.processing.photos import compute_psnr, load_photo
from tests.engine.processing.sweeps import mark_slow
from vanceweb.catalogue.styles import CN_NAMES, STYLES, Look
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Guide, Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.stylise.drawing_styles import DRAWING_STYLES
from vanceweb.engine.processing.stylise.guidance import GUIDE_EFFECTS
from vanceweb.engine.processing.stylise.prompt_tones import NOT_UNDERSTOOD, TONES
from vanceweb.engine.processing.stylise.redrawing import DRAWN_STYLE, redraw
from vanceweb.engine.processing.stylise.style_transfer import STYLE_NETWORK

NAMES = tuple(style.name for style in STYLES)
GUIDED_STYLES = [name for name in NAMES if not name.startswith("Ghibli")]
SIDE = 112
MIN_DIFFERENCE = 6.0  # levels: the smallest mean difference between any two styles


def ignore_progress(fraction: float) -> None:
    pass


def redraw_photo(
    given: Pixels,
    networks: NetworkRegistry,
    style: str = "style2",
    guides: tuple[Guide, ...] = (),
    *,
    prompt: str = "",
    overwrite: bool = False,
    strength: float = 1.0,
) -> Picture:
    params = {"model_name": style, "prompt": prompt, "overwrite": overwrite, "denoising_strength": strength}
    return redraw(Picture(given, guides=guides), params, networks, ignore_progress)


def measure_difference(one: Pixels, other: Pixels) -> float:
    """Return the mean difference in levels."""
    return float(np.abs(one.astype(int) - other).mean())


@pytest.fixture(scope="module")
def portrait() -> Pixels:
    return load_photo("astronaut.png")[16 : 16 + 2 * SIDE, 112 : 112 + 2 * SIDE][::2, ::2].copy()


@pytest.fixture(scope="module")
def twelve(networks: NetworkRegistry, portrait: Pixels) -> dict[str, Pixels]:
    return {name: redraw_photo(portrait, networks, name).colours for name in NAMES}


def test_the_table_has_a_row_for_each_style_and_each_kind_of_guide() -> None:
    assert set(DRAWING_STYLES) == set(NAMES)
    assert set(GUIDE_EFFECTS) == set(CN_NAMES)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(NAMES, 2)))
def test_each_style_looks_different(one: str, other: str, twelve: dict[str, Pixels]) -> None:
    assert measure_difference(twelve[one], twelve[other]) > MIN_DIFFERENCE


def test_the_styles_differ_in_lightness_and_colour(twelve: dict[str, Pixels], portrait: Pixels) -> None:
    light = {name: result.mean() for name, result in twelve.items()}
    colour = {name: measure_chroma(result) for name, result in twelve.items()}
    assert min(light, key=light.__getitem__) == "style1"
    assert max(light, key=light.__getitem__) == "style5"
    assert min(colour, key=colour.__getitem__) in ("style5", "us_comic_boy")
    blue = {name: float(result[..., 2].mean() - result[..., 0].mean()) for name, result in twelve.items()}
    assert max(blue, key=blue.__getitem__) == "style6"
    green = {name: float(result[..., 1].mean() - result[..., [0, 2]].mean()) for name, result in twelve.items()}
    assert max(green, key=green.__getitem__) == "Ghibli_boy"


def test_the_backends_are_named(networks: NetworkRegistry, portrait: Pixels) -> None:
    assert redraw_photo(portrait, networks, "style2").made_by == (DRAWN_STYLE.name,)
    assert redraw_photo(portrait, networks, "Ghibli_boy").made_by == (DRAWN_STYLE.name, STYLE_NETWORK.name)


class TestStrength:
    def test_zero_is_the_photo(self, networks: NetworkRegistry, portrait: Pixels) -> None:
        assert np.array_equal(redraw_photo(portrait, networks, strength=0).colours, portrait)

    def test_more_is_further_from_the_photo(self, networks: NetworkRegistry, portrait: Pixels) -> None:
        far = [
            measure_difference(redraw_photo(portrait, networks, strength=s).colours, portrait)
            for s in (0.25, 0.5, 0.75, 1)
        ]
        assert far == sorted(far)
        assert far[0] < 0.5 * far[-1]


class TestGuides:
    @pytest.mark.parametrize("name", [*GUIDED_STYLES[:2], *mark_slow(*GUIDED_STYLES[2:])])
    def test_the_realistic_look_keeps_more_of_the_photo(
        self, name: str, networks: NetworkRegistry, portrait: Pixels
    ) -> None:
        style = next(style for style in STYLES if style.name == name)
        realistic, cartoonish = (
            redraw_photo(
                portrait, networks, name, tuple(Guide(kind, None) for kind in style.get_guides(look).cn_names)
            ).colours
            for look in (Look.REALISTIC, Look.CARTOONISH)
        )
        assert measure_difference(realistic, cartoonish) > 1
        assert correlate_detail(realistic, portrait) > correlate_detail(cartoonish, portrait) + 0.005

    @pytest.mark.parametrize("kind", [*CN_NAMES[:3], *mark_slow(*CN_NAMES[3:])])
    def test_a_guide_s_own_picture_has_an_effect(self, kind: str, networks: NetworkRegistry, portrait: Pixels) -> None:
        cross = np.full((SIDE, SIDE, 3), 230, dtype=np.uint8)
        cross[50:62] = cross[:, 50:62] = (20, 60, 150)
        guided = redraw_photo(portrait, networks, "style3", (Guide(kind, Picture(cross)),)).colours
        unguided = redraw_photo(portrait, networks, "style3", (Guide(kind, None),)).colours
        assert measure_difference(guided, unguided) > 1.5

    def test_lines_are_taken_from_the_guide_and_no_longer_from_the_photo(self, networks: NetworkRegistry) -> None:
        plain = np.full((96, 96, 3), (210, 200, 190), dtype=np.uint8)
        square = np.full((48, 48, 3), 240, dtype=np.uint8)
        square[12:36, 12:36] = 30
        result = redraw_photo(plain, networks, "style2", (Guide("cartoon_lineart", Picture(square)),)).colours.mean(
            axis=2
        )
        inside, outside, edge = result[44:52, 44:52].mean(), result[4:12, 4:12].mean(), result[40:56, 20:28].min()
        assert abs(inside - outside) < 12
        assert edge < outside - 60

    def test_a_tile_moves_large_areas_to_its_colours(self, networks: NetworkRegistry, portrait: Pixels) -> None:
        blue = Picture(np.full((10, 30, 3), (20, 60, 220), dtype=np.uint8))
        guided = redraw_photo(portrait, networks, "style2", (Guide("cartoon_tile", blue),)).colours
        unguided = redraw_photo(portrait, networks, "style2", (Guide("cartoon_tile", None),)).colours
        assert (
            np.mean(guided[..., 2].astype(int) - guided[..., 0])
            > np.mean(unguided[..., 2].astype(int) - unguided[..., 0]) + 60
        )


class TestPrompt:
    def test_words_for_a_tone_set_it(self, networks: NetworkRegistry, portrait: Pixels) -> None:
        plain = redraw_photo(portrait, networks).colours
        night = redraw_photo(portrait, networks, prompt="a city at Night").colours
        assert night.mean() < plain.mean() - 15
        assert measure_chroma(
            redraw_photo(portrait, networks, prompt="black and white").colours
        ) < 0.15 * measure_chroma(plain)

    def test_overwrite_gives_the_words_more_weight(self, networks: NetworkRegistry, portrait: Pixels) -> None:
        plain, mixed, alone = (
            redraw_photo(portrait, networks, prompt=prompt, overwrite=overwrite).colours
            for prompt, overwrite in (("", False), ("sunset", False), ("sunset", True))
        )
        assert measure_difference(alone, plain) > measure_difference(mixed, plain) + 1

    def test_a_note_lists_the_words_used(self, networks: NetworkRegistry, portrait: Pixels) -> None:
        assert redraw_photo(portrait, networks).notes == ()
        assert redraw_photo(portrait, networks, prompt="a knight on a horse").notes == (NOT_UNDERSTOOD,)
        assert redraw_photo(portrait, networks, prompt="Night.").notes == ("Words that set the tone: “night”.",)
        (note,) = redraw_photo(portrait, networks, prompt="an autumn night").notes
        assert "“autumn”" in note
        assert "“night”" in note

    @pytest.mark.parametrize("word", [*list(TONES)[::3], *mark_slow(*list(TONES)[1::3], *list(TONES)[2::3])])
    def test_every_word_of_the_table_has_an_effect(
        self, word: str, networks: NetworkRegistry, portrait: Pixels
    ) -> None:
        given = portrait[::2, ::2].copy()
        plain = draw_plain_style3(networks, given.tobytes(), given.shape)
        assert measure_difference(redraw_photo(given, networks, "style3", prompt=word).colours, plain) > 1


@cache
def draw_plain_style3(networks: NetworkRegistry, given: bytes, shape: tuple[int, ...]) -> Pixels:
    return redraw_photo(np.frombuffer(given, dtype=np.uint8).reshape(shape).copy(), networks, "style3").colours


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 5)])
@pytest.mark.parametrize("name", ["style4", "style5", "us_comic_boy", "Ghibli_girl"])
def test_odd_sizes_and_alpha(shape: tuple[int, int], name: str, networks: NetworkRegistry) -> None:
    given = np.random.default_rng(3).integers(0, 256, (*shape, 3), dtype=np.uint8)
    alpha = np.full(shape, 200, dtype=np.uint8)
    params = {"model_name": name, "prompt": "", "overwrite": False, "denoising_strength": 0.75}
    guides = (Guide("cartoon_tile", Picture(given)), Guide("cartoon_normal", Picture(given)))
    made = redraw(Picture(given, alpha, grey=True, guides=guides), params, networks, ignore_progress)
    assert made.colours.shape == given.shape
    assert made.alpha is alpha
    assert not made.grey


def correlate_detail(one: Pixels, other: Pixels) -> float:
    """Return the correlation of fine structure (the difference from the surroundings) in lightness."""
    fine = []
    for pixels in (one, other):
        grey = pixels.astype(np.float32).mean(axis=2)
        fine.append(grey - cv2.GaussianBlur(grey, (0, 0), 3))
    return float(np.corrcoef(fine[0].ravel(), fine[1].ravel())[0, 1])


def test_the_psnr_to_the_photo_is_that_of_a_drawing(twelve: dict[str, Pixels], portrait: Pixels) -> None:
    assert all(8 < compute_psnr(result, portrait) < 26 for result in twelve.values())
