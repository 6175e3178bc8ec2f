"""cartoonize and animegan2 on real photos, with tiny networks of AnimeGANv2's interfaces in its place."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from django.conf import settings

from tests.engine.processing.photos import compute_psnr, load_photo, measure_detail
from tests.engine.processing.sweeps import mark_slow
from tests.engine.processing.tiny_networks import write_tiny_network
from vanceweb.engine.processing.errors import ProcessingError
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.stylise.cartoons import ANIME_STYLE, ANIMEGAN, DRAWN_ANIME, NO_FACE, animate, cartoonize

CHANNELS_FIRST = Interface(((1, 3, None, None),), ((1, 3, None, None),))
CHANNELS_LAST = Interface(((1, None, None, 3),), ((1, None, None, 3),))


def ignore_progress(fraction: float) -> None:
    pass


def count_colours(pixels: Pixels) -> int:
    """Return how many colours (of 5 bits a channel) cover four fifths of the picture."""
    _, counts = np.unique((pixels >> 3).reshape(-1, 3), axis=0, return_counts=True)
    return int(np.searchsorted(np.cumsum(np.sort(counts)[::-1]), 0.8 * counts.sum())) + 1


def find_strongest_edges(pixels: Pixels, share: float = 0.05) -> np.ndarray:
    """Return 1 for the px with the strongest steps in lightness, 0 for all others."""
    grey = cv2.GaussianBlur(pixels.astype(np.float32).mean(axis=2), (0, 0), 1.0)
    steps = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return (steps >= np.quantile(steps, 1 - share)).astype(np.uint8)


def draw_cartoon(pixels: Pixels, networks: NetworkRegistry) -> Pixels:
    return cartoonize(Picture(pixels), {}, networks, ignore_progress).colours


@pytest.mark.parametrize("name", ["astronaut.png", *mark_slow("coffee.png", "china.jpg")])
def test_a_cartoon_has_fewer_colours_flat_areas_and_the_photo_s_edges(name: str, networks: NetworkRegistry) -> None:
    given = load_photo(name, side=192)
    result = draw_cartoon(given, networks)
    assert count_colours(result) < 0.65 * count_colours(given)
    kept = cv2.dilate(find_strongest_edges(result, 0.1), np.ones((5, 5), np.uint8))[
        find_strongest_edges(given) == 1
    ].mean()
    assert kept > 0.75
    steps = np.abs(np.diff(result.astype(int).sum(axis=2), axis=1))
    assert np.median(steps) <= 0.5 * np.median(np.abs(np.diff(given.astype(int).sum(axis=2), axis=1)))


@pytest.mark.parametrize("colour", [(128, 128, 128), (30, 160, 90), (255, 255, 255), (0, 0, 0)])
def test_a_flat_picture_stays_flat(colour: tuple[int, int, int], networks: NetworkRegistry) -> None:
    result = draw_cartoon(np.full((40, 56, 3), colour, dtype=np.uint8), networks)
    assert int(np.ptp(result.reshape(-1, 3), axis=0).max()) <= 3


def test_only_the_face_is_converted(networks: NetworkRegistry) -> None:
    given = load_photo("astronaut.png")[:256, 96:352]
    made = animate(Picture(given), {"single_face": True}, networks, ignore_progress)
    face, beyond = np.s_[60:180, 60:180], np.s_[200:, :]
    assert not made.notes
    assert np.array_equal(made.colours[beyond], given[beyond])
    assert compute_psnr(made.colours[face], given[face]) < 26
    # The background beside the head is left alone too, because the edge follows the head.
    assert compute_psnr(made.colours[80:150, 214:250], given[80:150, 214:250]) > 30


def test_everything_is_converted_on_request(networks: NetworkRegistry) -> None:
    given = load_photo("astronaut.png", side=160)
    made = animate(Picture(given), {"single_face": False}, networks, ignore_progress)
    assert not made.notes
    assert made.made_by == (DRAWN_ANIME.name,)
    assert compute_psnr(made.colours[:40], given[:40]) < 32
    assert measure_detail(made.colours) < measure_detail(given)


def test_without_a_face_the_whole_picture_is_converted_and_a_note_says_so(networks: NetworkRegistry) -> None:
    given = load_photo("coffee.png", side=128)
    made = animate(Picture(given), {"single_face": True}, networks, ignore_progress)
    assert made.notes == (NO_FACE,)
    whole = animate(Picture(given), {"single_face": False}, networks, ignore_progress)
    assert np.array_equal(made.colours, whole.colours)


def test_anime_looks_different_from_a_cartoon(networks: NetworkRegistry) -> None:
    given = load_photo("coffee.png", side=128)
    anime = animate(Picture(given), {"single_face": False}, networks, ignore_progress).colours
    assert compute_psnr(anime, draw_cartoon(given, networks)) < 22
    assert anime.mean() > given.mean() + 5


@pytest.fixture
def brought(tmp_path: Path, networks: NetworkRegistry) -> NetworkRegistry:
    """A models directory with the weights that set-up installs; the tests add the user's own files."""
    installed = networks.find("realesrgan")
    assert installed is not None
    for folder in installed.parent.iterdir():
        if folder.is_dir():
            (tmp_path / folder.name).symlink_to(folder)
    return NetworkRegistry(tmp_path, settings.ENGINE_MODEL_THREADS)


@pytest.mark.parametrize("interface", [CHANNELS_FIRST, CHANNELS_LAST, Interface(((1, 3, 64, 64),), ((1, 3, 64, 64),)),
                                       Interface(((1, 64, 64, 3),), ((1, 64, 64, 3),))])  # fmt: skip
def test_animegan_is_used_if_installed(interface: Interface, tmp_path: Path, brought: NetworkRegistry) -> None:
    write_tiny_network(tmp_path / ANIMEGAN.files[0], interface, gain=-1)
    given = np.full((50, 70, 3), (200, 90, 40), dtype=np.uint8)
    made = animate(Picture(given), {"single_face": False}, brought, ignore_progress)
    assert made.made_by == (ANIMEGAN.name,)
    assert np.abs(made.colours.astype(int).mean(axis=(0, 1)) - (55, 165, 215)).max() < 9


def test_animegan_with_another_interface_is_skipped(tmp_path: Path, brought: NetworkRegistry) -> None:
    square = (1, 1, 64, 64)
    write_tiny_network(tmp_path / ANIMEGAN.files[0], Interface((square,), (square,)))
    assert animate(
        Picture(load_photo("coffee.png", side=64)), {"single_face": False}, brought, ignore_progress
    ).made_by == (DRAWN_ANIME.name,)
    assert "expected: 1 x 3 x any x any" in brought.get_usability(ANIMEGAN).reason


def test_an_enlarger_in_place_of_animegan_is_skipped(tmp_path: Path, brought: NetworkRegistry) -> None:
    write_tiny_network(tmp_path / ANIMEGAN.files[0], CHANNELS_FIRST, scale=2)
    assert brought.choose(ANIME_STYLE) is DRAWN_ANIME
    assert "it returns 1 x 3 x 128 x 128 for 1 x 3 x 64 x 64" in brought.get_usability(ANIMEGAN).reason


def test_animegan_with_an_output_of_another_size_is_explained(tmp_path: Path, brought: NetworkRegistry) -> None:
    write_tiny_network(tmp_path / ANIMEGAN.files[0], Interface(CHANNELS_FIRST.inputs, ((1, 3, 64, 64),)))
    with pytest.raises(ProcessingError, match="makes a picture of a different size"):
        animate(Picture(load_photo("coffee.png", side=96)), {"single_face": False}, brought, ignore_progress)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (5, 7)])
@pytest.mark.parametrize("single_face", [True, False])
def test_odd_sizes(shape: tuple[int, int], single_face: bool, networks: NetworkRegistry) -> None:
    given = np.random.default_rng(3).integers(0, 256, (*shape, 3), dtype=np.uint8)
    alpha = np.full(shape, 90, dtype=np.uint8)
    made = animate(Picture(given, alpha), {"single_face": single_face}, networks, ignore_progress)
    assert made.colours.shape == given.shape
    assert made.alpha is alpha
    assert cartoonize(Picture(given, alpha), {}, networks, ignore_progress).colours.shape == given.shape
