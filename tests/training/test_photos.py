"""The split between training and held-out photos, and crops."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from training import photos


def test_held_out_list_is_fixed_sorted_and_two_hundred_long() -> None:
    names = photos.read_held_out_names()
    assert len(set(names)) == photos.HELD_OUT_COUNT == len(names)
    assert list(names) == sorted(names)


def test_the_choice_depends_on_names_alone() -> None:
    names = [f"photo_{number:04d}.jpg" for number in range(300)]
    chosen = photos.choose_held_out(names, 30)
    assert chosen == photos.choose_held_out(reversed(names), 30)
    assert len(chosen) == 30


def test_a_directory_without_the_held_out_photos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="200 of the 200"):
        photos.read_split(tmp_path)


def test_split_never_trains_on_held_out_photos(tmp_path: Path) -> None:
    held_out = photos.read_held_out_names()
    for name in (*held_out, "other_1.jpg", "other_2.jpg"):
        shade = 10 if name in held_out else 200
        cv2.imwrite(str(tmp_path / name), np.full((8, 8, 3), shade, np.uint8))
    split = photos.read_split(tmp_path)
    assert len(split.held_out) == 200
    assert [int(photo.mean()) // 100 for photo in split.training] == [2, 2]
    assert all(photo.mean() < 50 for photo in split.held_out)


def test_crops_are_squares_of_the_side_asked_for() -> None:
    photo = np.zeros((40, 70, 3), np.uint8)
    generator = np.random.default_rng(1)
    for side in (16, 40, 64):
        assert photos.crop_randomly(photo, generator, side, 20, 60).shape == (side, side, 3)
        assert photos.crop_middle(photo, side).shape == (side, side, 3)


def test_a_file_that_is_no_photo_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"not a photo")
    with pytest.raises(ValueError, match=r"broken\.jpg"):
        photos.read_photo(path)
