"""Photos in too little light: what a network for that does to them in small, done to them in full size."""

from pathlib import Path

import numpy as np
import pytest

from tests.engine.processing.photos import photo, psnr
from tests.engine.processing.tiny_networks import tiny_network
from vanceweb.engine.processing.arrays import Pixels
from vanceweb.engine.processing.backends import MAXIM_LIGHT, OWN_LIGHT, backends_of
from vanceweb.engine.processing.interfaces import Interface
from vanceweb.engine.processing.lighting import brightened, darkness
from vanceweb.engine.processing.models import Models
from vanceweb.engine.processing.picture import Picture
from vanceweb.engine.processing.restoring import restore

(FILE,) = backends_of("light")[0].files
SQUARE = Interface(((1, 256, 256, 3),), ((1, 256, 256, 3),))
ANY = Interface(((1, None, None, 3),), ((1, None, None, 3),))


def dark(name: str) -> Pixels:
    return (photo(name) / 8.0 + 0.5).astype(np.uint8)


@pytest.fixture(params=[SQUARE, ANY])
def brightening(tmp_path: Path, request: pytest.FixtureRequest) -> Models:
    """A network that makes everything six times as bright and adds a fiftieth."""
    tiny_network(tmp_path / FILE, request.param, gain=6, bias=0.02)
    return Models(tmp_path)


def quiet(fraction: float) -> None:
    """Progress is not looked at."""


@pytest.mark.parametrize("name", ["astronaut.png", "china.jpg", "coffee.png"])
def test_what_the_network_does_is_done_in_full_size(brightening: Models, name: str) -> None:
    given = dark(name)
    result, makers = brightened(given, 1.0, brightening, quiet)
    assert makers == [MAXIM_LIGHT]
    assert psnr(result, np.clip(given * 6.0 + 5.1 + 0.5, 0, 255).astype(np.uint8)) > 33


def test_strength_is_how_much_is_taken(brightening: Models) -> None:
    given = dark("coffee.png")
    half, whole = (brightened(given, strength, brightening, quiet)[0].astype(float) for strength in (0.5, 1.0))
    assert np.abs(half - (given + whole) / 2).max() <= 1


@pytest.mark.parametrize("name", ["astronaut.png", "china.jpg", "coffee.png", "flower.jpg", "rocket.jpg"])
def test_photos_with_light_enough_are_left_alone(brightening: Models, name: str) -> None:
    given = photo(name)
    result, makers = brightened(given, 1.0, brightening, quiet)
    assert result is given
    assert makers == []


def test_without_the_network_the_light_stays(tmp_path: Path) -> None:
    given = dark("coffee.png")
    models = Models(tmp_path)
    assert models.choose("light").name == OWN_LIGHT
    assert brightened(given, 1.0, models, quiet) == (given, [])


def test_darkness_has_no_step() -> None:
    shades = [darkness(np.full((40, 60, 3), level, dtype=np.uint8)) for level in (10, 48, 64, 80, 200)]
    assert shades == [1, 1, pytest.approx(0.5), 0, 0]


@pytest.mark.parametrize("size", [(1, 1), (1, 70), (70, 1), (5, 300)])
def test_odd_sizes(brightening: Models, size: tuple[int, int]) -> None:
    result, _ = brightened(np.full((*size, 3), 20, dtype=np.uint8), 1.0, brightening, quiet)
    assert np.abs(result.astype(int) - 125).max() <= 2


def test_img2sr_brightens_first_and_names_the_network(brightening: Models) -> None:
    params = {"face_enhancer": False, "strength": 1.0}
    given = dark("china.jpg")
    picture = restore(Picture(given), params, brightening, quiet)
    assert MAXIM_LIGHT in picture.made_by
    assert picture.notes == ()
    assert picture.colours.mean() > 5 * given.mean()
