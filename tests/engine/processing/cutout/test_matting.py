"""matting with the real network."""

import numpy as np
import pytest
from PIL import Image

from tests.engine.processing.photos import load_photo, resize
from vanceweb.engine.processing.cutout.foreground_colours import ForegroundColours
from vanceweb.engine.processing.cutout.matting import cut_out
from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry


def cut_out_subject(pixels: Pixels, networks: NetworkRegistry, alpha: Mask | None = None) -> tuple[Pixels, Mask]:
    result = cut_out(Picture(pixels, alpha), {}, networks, lambda fraction: None)
    assert result.alpha is not None
    return result.colours, result.alpha


@pytest.fixture(scope="module")
def flower(networks: NetworkRegistry) -> tuple[Pixels, Mask]:
    """The colours and alpha of the flower, cut out."""
    return cut_out_subject(load_photo("flower.jpg"), networks)


def draw_disc(side: int, radius: float, soft: float) -> Mask:
    """Return a disc in the middle whose edge is `soft` px wide."""
    away = np.hypot(*(np.mgrid[:side, :side] - (side - 1) / 2))
    return np.clip((radius - away) / soft * 255 + 127.5, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("astronaut.png", [(110, 225), (400, 150), (230, 220)], [(20, 20), (60, 350), (150, 480)]),
        pytest.param(
            "coffee.png",
            [(200, 330), (100, 250), (320, 200)],
            [(15, 15), (380, 20), (30, 560)],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_subject_is_opaque_and_the_rest_transparent(
    networks: NetworkRegistry, name: str, inside: list[tuple[int, int]], outside: list[tuple[int, int]]
) -> None:
    _, alpha = cut_out_subject(load_photo(name), networks)
    assert_separated(alpha, inside, outside)


def test_a_flower_is_opaque_and_the_rest_transparent(flower: tuple[Pixels, Mask]) -> None:
    assert_separated(flower[1], [(213, 305), (160, 300), (260, 250)], [(20, 20), (400, 600), (30, 600)])


def assert_separated(alpha: Mask, inside: list[tuple[int, int]], outside: list[tuple[int, int]]) -> None:
    assert [int(alpha[place]) for place in inside] == [255, 255, 255]
    assert [int(alpha[place]) for place in outside] == [0, 0, 0]
    soft = ((alpha > 0) & (alpha < 255)).mean()
    assert 0 < soft < 0.08


def test_opaque_px_keep_their_colours(flower: tuple[Pixels, Mask]) -> None:
    pixels = load_photo("flower.jpg")
    colours, alpha = flower
    assert (colours[alpha == 255] == pixels[alpha == 255]).all()


@pytest.mark.slow
def test_a_larger_copy_is_cut_out_alike(networks: NetworkRegistry, flower: tuple[Pixels, Mask]) -> None:
    """Large pictures, in tiles and refined twice, get the same edge."""
    pixels = load_photo("flower.jpg")
    large = np.asarray(resize(pixels, 3 * pixels.shape[1], 3 * pixels.shape[0], Image.Resampling.LANCZOS))
    _, alpha = flower
    _, large_alpha = cut_out_subject(large, networks)
    back = np.asarray(resize(np.dstack([large_alpha] * 3), pixels.shape[1], pixels.shape[0], Image.Resampling.BOX))[
        :, :, 0
    ]
    assert np.abs(back.astype(int) - alpha).mean() < 2


@pytest.mark.slow
def test_existing_alpha_is_kept(networks: NetworkRegistry) -> None:
    pixels = load_photo("flower.jpg")
    before = np.full(pixels.shape[:2], 255, dtype=np.uint8)
    before[:, :300] = 0
    _, alpha = cut_out_subject(pixels, networks, before)
    assert alpha[:, :300].max() == 0
    assert alpha[213, 305] == 255


@pytest.mark.parametrize("side", [200, 1400])
def test_soft_edges_lose_the_colour_of_the_background(side: int) -> None:
    """Red is laid over blue with a known alpha; the estimate for the soft edge is red again."""
    alpha = draw_disc(side, side / 4, soft=side / 25)
    red, blue = np.array([220, 40, 30]), np.array([20, 60, 220])
    share = alpha[:, :, None] / 255
    mixed = np.rint(share * red + (1 - share) * blue).astype(np.uint8)
    clean = ForegroundColours(mixed, alpha).estimate(512, lambda fraction: None)
    soft = (alpha > 20) & (alpha < 235)
    before = np.abs(mixed[soft].astype(int) - red).mean()
    after = np.abs(clean[soft].astype(int) - red).mean()
    assert before > 50
    assert after < 8
