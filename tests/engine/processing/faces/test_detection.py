"""Face detection with the real network."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.engine.processing.photos import load_photo, resize
from tests.engine.processing.sweeps import mark_slow
from vanceweb.engine.processing.errors import UnusableWeights, WeightsMissing
from vanceweb.engine.processing.faces.detection import BLAZEFACE, EYES, MOUTH, NOSE, Face, find_faces, generate_windows
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.inference.registry import NetworkRegistry

# The astronaut's face in tests/photos, read off the picture, in px.
LEFT_EYE, RIGHT_EYE, TIP, LIPS = (203, 102), (246, 104), (224, 130), (222, 150)
FACELESS = ("chelsea.png", "china.jpg", "clock_motion.png", "coffee.png", "flower.jpg", "rocket.jpg")


def resize_square(pixels: Pixels, side: int) -> Pixels:
    filter = cv2.INTER_AREA if side < pixels.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=filter), dtype=np.uint8)


def measure_distance(face: Face, zoom: float, place: tuple[float, float]) -> float:
    """Return the largest distance of the face's points from the astronaut's, in sides of the face."""
    known = np.array([LEFT_EYE, RIGHT_EYE, TIP, LIPS]) * zoom + place
    points = np.concatenate([face.points[EYES], face.points[[NOSE, MOUTH]]])
    return float(np.linalg.norm(points - known, axis=1).max() / face.side)


@pytest.mark.parametrize("side", [96, 128, 256, 512, *mark_slow(2048)])
def test_a_face_and_its_points_are_found_at_any_size(networks: NetworkRegistry, side: int) -> None:
    (face,) = find_faces(resize_square(load_photo("astronaut.png"), side), networks)
    zoom = side / 512
    assert 90 * zoom <= face.side <= 120 * zoom
    assert measure_distance(face, zoom, (0, 0)) < 0.08


def test_small_faces_in_a_large_picture_are_found_largest_first(networks: NetworkRegistry) -> None:
    large = resize(load_photo("china.jpg"), 1920, 1280, Image.Resampling.BICUBIC).copy()
    for side, left, top in ((256, 100, 900), (512, 1400, 700)):
        large[top : top + side, left : left + side] = resize_square(load_photo("astronaut.png"), side)
    near, far = find_faces(large, networks)
    assert measure_distance(near, 1, (1400, 700)) < 0.08
    assert measure_distance(far, 0.5, (100, 900)) < 0.08


def test_each_of_two_faces_beside_each_other_is_found_once(networks: NetworkRegistry) -> None:
    both = np.concatenate(
        [load_photo("astronaut.png")[:256, 96:352], load_photo("astronaut.png")[:256, 96:352][:, ::-1]], axis=1
    )
    left, right = sorted(find_faces(both, networks), key=lambda face: face.left)
    assert measure_distance(left, 1, (-96, 0)) < 0.08
    # The left eye comes first although the face is mirrored.
    assert right.points[0][0] == pytest.approx(511 - left.points[1][0], abs=4)


@pytest.mark.parametrize("name", FACELESS)
def test_no_face_is_found_where_there_is_none(networks: NetworkRegistry, name: str) -> None:
    assert find_faces(load_photo(name), networks) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (3, 7)])
def test_a_picture_of_any_size_can_be_searched(networks: NetworkRegistry, size: tuple[int, int]) -> None:
    assert find_faces(np.full((*size, 3), 90, dtype=np.uint8), networks) == []


@pytest.mark.parametrize("size", [(200, 300), (4900, 7000), (1, 5000)])
def test_windows_cover_the_whole_picture_at_each_size(size: tuple[int, int]) -> None:
    sides = {window.side for window in generate_windows(*size)}
    for side in sides:
        covered = np.zeros((10, 10), dtype=bool)
        for window in (window for window in generate_windows(*size) if window.side == side):
            rows, columns = ((np.arange(10) + 0.5) * length / 10 for length in size)
            inside = [
                (start <= places) & (places < start + side)
                for start, places in ((window.top, rows), (window.left, columns))
            ]
            covered |= inside[0][:, None] & inside[1][None]
        assert covered.all()
    assert max(sides) == max(size)


def test_missing_and_damaged_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="face_detection_short_range"):
        find_faces(load_photo("coffee.png", side=64), NetworkRegistry(tmp_path))
    (tmp_path / BLAZEFACE.files[0]).parent.mkdir()
    (tmp_path / BLAZEFACE.files[0]).write_bytes(b"no network")
    with pytest.raises(UnusableWeights, match=r"face_detection_short_range[.]tflite is damaged"):
        find_faces(load_photo("coffee.png", side=64), NetworkRegistry(tmp_path))
