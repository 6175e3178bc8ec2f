"""sketch: drawings in grey on white paper."""

import cv2
import numpy as np
import pytest

from tests.engine.processing.photos import load_photo
from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import ignore_progress
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message
from vanceweb.engine.processing.stylise.pencil import NO_FACE, draw_pencil_strokes, draw_with_pencil, to_fraction

FACE_BOX = (slice(0, 200), slice(130, 310))  # rows and columns of the astronaut's head and neck


def draw(photo: Pixels, networks: NetworkRegistry, **params: float) -> Picture:
    complete = get_feature_by_module("sketch").complete_params(params)
    return draw_with_pencil(Picture(photo), complete, networks, ignore_progress)


def test_a_drawing_is_grey_on_white_and_follows_the_photo(networks: NetworkRegistry) -> None:
    photo = load_photo("china.jpg", side=256)
    drawing = draw(photo, networks, single_face=False).colours
    assert drawing.shape == photo.shape
    assert np.ptp(drawing, axis=2).max() == 0
    assert np.percentile(drawing, 90) > 240  # paper
    assert np.percentile(drawing, 2) < 110  # pencil
    lightness = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    grey = cv2.GaussianBlur(drawing[..., 1], (0, 0), 5)
    assert np.corrcoef(cv2.GaussianBlur(lightness, (0, 0), 5).ravel(), grey.ravel())[0, 1] > 0.6


@pytest.mark.parametrize("value", [255, 128])
def test_an_even_area_has_no_strokes(value: int) -> None:
    drawing = draw_pencil_strokes(np.full((120, 160, 3), value, dtype=np.uint8))
    assert drawing[..., 0].std() < (1 if value == 255 else 16)  # hatching alone


def test_single_face_draws_the_head_and_leaves_the_paper(networks: NetworkRegistry) -> None:
    photo = load_photo("astronaut.png")
    drawing = draw(photo, networks)
    assert not drawing.notes
    outside = np.ones(photo.shape[:2], dtype=bool)
    outside[FACE_BOX] = False
    assert (drawing.colours[outside] == 255).mean() > 0.99
    assert (drawing.colours[FACE_BOX] < 128).mean() > 0.02


def test_without_a_face_the_whole_picture_is_drawn_and_that_said(networks: NetworkRegistry) -> None:
    drawing = draw(load_photo("coffee.png", side=96), networks)
    assert drawing.notes == (NO_FACE,)
    assert isinstance(NO_FACE, Message)
    assert (drawing.colours < 200).any()


def test_the_photo_is_mixed_in_as_asked(networks: NetworkRegistry) -> None:
    photo = load_photo("coffee.png", side=48)
    plain = draw(photo, networks, single_face=False).colours.astype(float)
    half = draw(photo, networks, single_face=False, alpha=0.5).colours
    assert np.abs(half - (plain + photo) / 2).max() <= 1
    assert np.array_equal(draw(photo, networks, single_face=False, alpha=50).colours, half)
    assert np.array_equal(draw(photo, networks, single_face=False, alpha=100).colours, photo)
    soft = draw(photo, networks, single_face=False, alpha=100, sigma=10).colours
    assert np.abs(soft.astype(float) - cv2.GaussianBlur(photo, (0, 0), 10)).max() <= 1
    ignored = draw(photo, networks, single_face=False, composite=False, alpha=1.0, sigma=10).colours
    assert np.array_equal(ignored, plain)


@pytest.mark.parametrize(("given", "share"), [(0, 0), (0.35, 0.35), (1, 1), (1.5, 0.015), (75, 0.75), (100, 1)])
def test_alpha_is_a_fraction_or_a_percentage(given: float, share: float) -> None:
    assert to_fraction(given) == share
