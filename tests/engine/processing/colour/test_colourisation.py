"""deoldify2 with the shipped colouriser."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.engine.processing.lab import compute_lightness_difference, measure_chroma, to_grey, to_lab
from tests.engine.processing.photos import COLOUR_PHOTOS, add_noise, load_photo, resize
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.engine.processing.colour.chroma_upsampling import replace_chroma, to_rgb
from vanceweb.engine.processing.colour.colourisation import HAD_COLOURS, colourise, has_colours
from vanceweb.engine.processing.colour.prediction import restore_tonal_range
from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import process_file


def run_colouriser(pixels: Pixels, networks: NetworkRegistry, factor: int = 16, alpha: Mask | None = None) -> Picture:
    picture = Picture(pixels, alpha, grey=True)
    return colourise(picture, {"render_factor": factor}, networks, lambda fraction: None)


def tone_sepia(grey: Pixels) -> Pixels:
    toned = np.stack([grey[:, :, 0] * 1.04 + 4, grey[:, :, 1] * 0.97, grey[:, :, 2] * 0.84 - 4], axis=2)
    return np.clip(np.rint(toned), 0, 255).astype(np.uint8)


def fade(grey: Pixels) -> Pixels:
    """Imitate an old print: grey blacks, grain."""
    return add_noise((60 + grey * (150 / 255)).astype(np.uint8)[:, :, :1].repeat(3, axis=2), 6)


@pytest.mark.parametrize("name", ["astronaut.png", "china.jpg", "camera.png"])
def test_a_grey_picture_gets_colours_and_keeps_its_lightness(shipped: NetworkRegistry, name: str) -> None:
    grey = to_grey(load_photo(name, side=256))
    result = run_colouriser(grey, shipped)
    assert not result.grey
    assert measure_chroma(result.colours) > 3
    assert compute_lightness_difference(result.colours, grey) < 0.6
    assert result.notes == ()
    assert result.made_by == ("vanceweb colouriser (onnxruntime)",)


@pytest.mark.slow
def test_most_px_are_nearer_to_their_true_colours_than_grey_is(shipped: NetworkRegistry) -> None:
    """Of the px that have a colour, as a mean over six photos; the result is about as colourful as the photos."""
    nearer, made, true = [], [], []
    for name in COLOUR_PHOTOS:
        pixels = resize(load_photo(name), 256, 192, Image.Resampling.BOX)
        result = run_colouriser(to_grey(pixels), shipped, 30).colours
        ab, truth = (to_lab(each)[:, :, 1:] for each in (result, pixels))
        away = np.linalg.norm(truth, axis=2)
        nearer.append(float((np.linalg.norm(ab - truth, axis=2) < away)[away > 6].mean()))
        made.append(np.linalg.norm(ab, axis=2).mean())
        true.append(away.mean())
    assert np.mean(nearer) > 0.74
    assert 0.55 < np.sum(made) / np.sum(true) < 1.1


@pytest.mark.slow
def test_a_lower_render_factor_gives_stronger_colours(shipped: NetworkRegistry) -> None:
    strong = []
    for name in COLOUR_PHOTOS:
        grey = resize(to_grey(load_photo(name)), 288, 192, Image.Resampling.BOX)
        low, high = (measure_chroma(run_colouriser(grey, shipped, factor).colours) for factor in (10, 30))
        strong.append(low / high)
    assert np.mean(strong) > 1.15


@pytest.mark.slow
def test_a_higher_render_factor_gives_finer_colours(shipped: NetworkRegistry) -> None:
    """Finer colours differ more from their blurred copy."""
    grey = to_grey(load_photo("china.jpg"))
    fringes = []
    for factor in (10, 40):
        ab = to_lab(run_colouriser(grey, shipped, factor).colours)[:, :, 1:]
        fringes.append(np.abs(ab - cv2.blur(ab, (49, 49))).mean() / np.linalg.norm(ab, axis=2).mean())
    assert fringes[1] > 1.05 * fringes[0], fringes


@pytest.mark.parametrize(
    ("name", "smooth"),
    [("china.jpg", (slice(20, 120), slice(400, 600))), ("astronaut.png", (slice(20, 120), slice(300, 350)))],
)
def test_smooth_areas_have_one_colour(shipped: NetworkRegistry, name: str, smooth: tuple[slice, slice]) -> None:
    result = to_lab(run_colouriser(to_grey(load_photo(name)), shipped, 30).colours)[smooth][:, :, 1:]
    assert result.std(axis=(0, 1)).max() < 2


def test_colours_stop_at_edges() -> None:
    """Cells of the grid lie across the edge; px beside it still get the colours of their own side."""
    pixels = np.full((256, 256, 3), 90, dtype=np.uint8)
    pixels[:, 124:] = 190
    ab = np.zeros((16, 16, 2), dtype=np.float32)
    ab[:, :7], ab[:, 7], ab[:, 8:] = (-30, -20), (5, 5), (40, 30)  # cell 7 is three quarters dark
    result = to_lab(replace_chroma(pixels, pixels, ab, lambda fraction: None))[:, :, 1:]
    assert np.abs(result[:, 120:124].mean(axis=(0, 1)) - (-30, -20)).max() < 20
    assert np.abs(result[:, 124:128].mean(axis=(0, 1)) - (40, 30)).max() < 20
    assert (result[:, 123, 0] < -8).all()
    assert (result[:, 124, 0] > 18).all()


def test_colours_that_srgb_lacks_lose_chroma_and_not_lightness() -> None:
    light = np.tile(np.linspace(0, 100, 101, dtype=np.float32), (72, 1))
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)[:, None]
    ab = 90 * np.dstack(np.broadcast_arrays(np.cos(angle), np.sin(angle), light))[:, :, :2].astype(np.float32)
    result = to_lab(to_rgb(light, ab))
    assert np.abs(result[:, :, 0] - light).max() < 0.9
    strong = np.linalg.norm(result[:, :, 1:], axis=2) > 12
    turned = np.degrees(np.arctan2(result[:, :, 2], result[:, :, 1])) - np.degrees(angle)
    assert np.abs((turned + 180) % 360 - 180)[strong].max() < 6


def test_a_large_picture_is_coloured_like_its_small_copy(shipped: NetworkRegistry) -> None:
    """It is coloured in tiles, refined along the edges twice, without a seam."""
    small = to_grey(load_photo("china.jpg", side=256))
    large = np.asarray(Image.fromarray(small).resize((1280, 1280), Image.Resampling.BICUBIC))
    result = run_colouriser(large, shipped).colours
    shrunk = np.asarray(Image.fromarray(result).resize((256, 256), Image.Resampling.BOX))
    apart = np.linalg.norm(to_lab(shrunk)[:, :, 1:] - to_lab(run_colouriser(small, shipped).colours)[:, :, 1:], axis=2)
    assert apart.mean() < 3
    seam = to_lab(result)[200:300, 630:650, 1:].mean(axis=0)
    assert np.abs(np.diff(seam, axis=0)).max() < 2


def test_a_picture_with_colours_is_coloured_anew_and_a_note_says_so(shipped: NetworkRegistry) -> None:
    pixels = load_photo("coffee.png", side=128)
    result = run_colouriser(pixels, shipped)
    assert result.notes == (HAD_COLOURS,)
    assert np.abs(result.colours.astype(int) - run_colouriser(to_grey(pixels), shipped).colours).mean() < 2


@pytest.mark.parametrize("name", COLOUR_PHOTOS)
def test_toned_greys_count_as_grey(name: str) -> None:
    pixels = load_photo(name)
    assert has_colours(pixels)
    assert not has_colours(to_grey(pixels))
    assert not has_colours(tone_sepia(to_grey(pixels)))
    assert not has_colours(tone_sepia(fade(to_grey(pixels))))


def test_a_faded_grainy_print_is_coloured_much_like_the_photo_it_was(shipped: NetworkRegistry) -> None:
    pixels = to_grey(load_photo("china.jpg", side=256))
    prints = (pixels, tone_sepia(fade(pixels)))
    fresh, old = (to_lab(run_colouriser(each, shipped).colours)[:, :, 1:] for each in prints)
    assert np.linalg.norm(fresh - old, axis=2).mean() < 8


def test_only_faded_pictures_get_more_contrast() -> None:
    light = np.linspace(5, 60, 100, dtype=np.float32)[None].repeat(4, axis=0)
    assert restore_tonal_range(light) is light
    stretched = restore_tonal_range(light * np.float32(0.6) + 25)
    assert np.ptp(stretched) > 1.9 * np.ptp(light * 0.6)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 2), (1, 3000)])
def test_the_smallest_and_thinnest_pictures_can_be_coloured(shipped: NetworkRegistry, size: tuple[int, int]) -> None:
    alpha = np.full(size, 9, dtype=np.uint8)
    result = run_colouriser(np.full((*size, 3), 77, dtype=np.uint8), shipped, 10, alpha)
    assert result.colours.shape == (*size, 3)
    assert result.alpha is alpha


def test_black_and_white_stay(shipped: NetworkRegistry) -> None:
    for level in (0, 255):
        result = run_colouriser(np.full((64, 64, 3), level, dtype=np.uint8), shipped, 10).colours
        assert np.abs(result.astype(int) - level).max() <= 1


def test_a_grey_file_becomes_one_with_colours(shipped: NetworkRegistry, tmp_path: Path) -> None:
    source = tmp_path / "p.png"
    Image.fromarray(to_grey(load_photo("chelsea.png", side=128))).convert("L").save(source)
    step = Step("deoldify2", {"render_factor": 10})
    process_file(source, tmp_path / "r", [step], Output(), networks=shipped, report=lambda fraction: None)
    with Image.open(tmp_path / "r") as result:
        assert result.mode == "RGB"
        assert measure_chroma(np.asarray(result)) > 4
