"""Writing of results: format, quality, resolution, background and metadata."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.engine.processing.photos import compute_psnr
from tests.engine.processing.picture_files import (
    build_camera_exif,
    get_srgb_profile,
    make_halves,
    read_pixels,
    save_picture,
)
from vanceweb.catalogue.output import Output
from vanceweb.engine.processing.errors import ProcessingError
from vanceweb.engine.processing.image.picture import FileFormat, Picture
from vanceweb.engine.processing.image.reading import read_picture
from vanceweb.engine.processing.image.writing import write_picture

PHOTO = Path(__file__).parents[3] / "photos" / "coffee.png"


def write_result(picture: Picture, folder: Path, file_format: FileFormat, output: Output | None = None) -> Path:
    target = folder / f"result.{file_format}"
    written = write_picture(picture, target, file_format, output or Output())
    assert written.filesize == target.stat().st_size
    return target


def build_cut_out() -> Picture:
    """Build a red picture: opaque on the left; half, a quarter and not at all opaque on the right."""
    alpha = np.full((32, 48), 255, dtype=np.uint8)
    alpha[:, 24:32], alpha[:, 32:40], alpha[:, 40:] = 128, 64, 0
    return Picture(np.full((32, 48, 3), (220, 30, 20), dtype=np.uint8), alpha)


def test_more_quality_gives_larger_and_truer_files(tmp_path: Path) -> None:
    picture = read_picture(PHOTO)
    sizes, errors = [], []
    for quality in (10, 20, 40, 60, 80, 90, 95, 100):
        path = write_result(picture, tmp_path, "jpg", Output(quality=quality))
        sizes.append(path.stat().st_size)
        errors.append(float(np.abs(read_pixels(path) - picture.colours).mean()))
    assert sizes == sorted(sizes)
    assert sizes[-1] > 10 * sizes[0]
    assert errors == sorted(errors, reverse=True)


def test_quality_0_does_not_write_mush(tmp_path: Path) -> None:
    picture = read_picture(PHOTO)
    lowest = [write_result(picture, tmp_path, "jpg", Output(quality=quality)).read_bytes() for quality in (0, 1, 10)]
    assert lowest[0] == lowest[1] == lowest[2]
    assert compute_psnr(read_pixels(tmp_path / "result.jpg").astype(np.uint8), picture.colours) > 24


def test_png_loses_nothing_at_any_quality(tmp_path: Path) -> None:
    picture = read_picture(PHOTO)
    assert (read_pixels(write_result(picture, tmp_path, "png", Output(quality=1))) == picture.colours).all()


@pytest.mark.parametrize("file_format", ["jpg", "png"])
def test_resolution_is_written(tmp_path: Path, file_format: FileFormat) -> None:
    with Image.open(write_result(build_cut_out(), tmp_path, file_format, Output(dpi=300))) as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_resolution_is_kept_when_none_is_requested(tmp_path: Path) -> None:
    picture = read_picture(save_picture(make_halves(), tmp_path / "p.jpg", dpi=(240, 240)))
    for output in (Output(), Output(dpi=0)):
        with Image.open(write_result(picture, tmp_path, "png", output)) as image:
            assert image.info["dpi"] == pytest.approx((240, 240), abs=0.1)


@pytest.mark.parametrize("file_format", ["jpg", "png"])
def test_exif_is_kept_and_corrected(tmp_path: Path, file_format: FileFormat) -> None:
    turned = make_halves().transpose(Image.Transpose.ROTATE_90)
    picture = read_picture(save_picture(turned, tmp_path / "p.jpg", exif=build_camera_exif(6)))
    larger = picture.replace_pixels(picture.colours.repeat(2, axis=0).repeat(2, axis=1), None)
    with Image.open(write_result(larger, tmp_path, file_format, Output(dpi=150))) as image:
        exif = image.getexif()
        details = exif.get_ifd(0x8769)
        assert (exif[0x010F], exif[0x0110], exif[0x0112]) == ("Maker", "Camera 1", 1)
        assert exif[0x011A] == 150
        assert details[0x9003] == "2024:05:06 07:08:09"
        assert (details[0xA002], details[0xA003]) == image.size == (96, 64)


def test_a_picture_with_an_unreadable_exif_block_is_written(tmp_path: Path) -> None:
    path = save_picture(make_halves(), tmp_path / "p.jpg", exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff\xff\xff broken")
    picture = read_picture(path)
    write_result(picture, tmp_path, "jpg")
    assert picture.width == 48


def test_a_large_exif_block_does_not_stop_a_jpg(tmp_path: Path) -> None:
    exif = build_camera_exif()
    exif.get_ifd(0x8769)[0x927C] = b"x" * 70_000
    picture = read_picture(save_picture(make_halves(), tmp_path / "p.png", exif=exif))
    assert read_pixels(write_result(picture, tmp_path, "jpg")).shape == (32, 48, 3)


@pytest.mark.parametrize("file_format", ["jpg", "png"])
def test_colour_profile_is_kept(tmp_path: Path, file_format: FileFormat) -> None:
    picture = read_picture(save_picture(make_halves(), tmp_path / "p.png", icc_profile=get_srgb_profile()))
    with Image.open(write_result(picture, tmp_path, file_format)) as image:
        assert image.info["icc_profile"] == get_srgb_profile()


def test_grey_gets_no_colour_profile(tmp_path: Path) -> None:
    picture = read_picture(
        save_picture(make_halves(left=40, right=200, mode="L"), tmp_path / "p.png", icc_profile=get_srgb_profile())
    )
    with Image.open(write_result(picture, tmp_path, "png")) as image:
        assert image.mode == "L"
        assert "icc_profile" not in image.info


@pytest.mark.parametrize(("mode", "left", "right"), [("L", 40, 200), ("LA", (40, 255), (200, 90))])
def test_grey_stays_grey(tmp_path: Path, mode: str, left: object, right: object) -> None:
    picture = read_picture(save_picture(make_halves(left=left, right=right, mode=mode), tmp_path / "p.png"))
    with Image.open(write_result(picture, tmp_path, "png")) as image:
        assert image.mode == mode
        assert (np.asarray(image) == np.asarray(make_halves(left=left, right=right, mode=mode))).all()
    with Image.open(write_result(picture, tmp_path, "jpg")) as image:
        assert image.mode == "L"


def test_alpha_is_blended_with_white_in_a_jpg(tmp_path: Path) -> None:
    pixels = read_pixels(write_result(build_cut_out(), tmp_path, "jpg", Output(quality=100)))
    assert np.abs(pixels[16, 45] - 255).max() <= 6
    assert np.abs(pixels[16, 4] - (220, 30, 20)).max() <= 6


@pytest.mark.parametrize("file_format", ["jpg", "png"])
def test_alpha_is_blended_with_the_requested_background(tmp_path: Path, file_format: FileFormat) -> None:
    path = write_result(build_cut_out(), tmp_path, file_format, Output(background=(0, 200, 100), quality=100))
    pixels = read_pixels(path)
    tolerance = 6 if file_format == "jpg" else 1
    assert np.abs(pixels[16, 45] - (0, 200, 100)).max() <= tolerance
    assert np.abs(pixels[16, 28] - (110, 115, 60)).max() <= tolerance


def test_alpha_stays_in_a_png(tmp_path: Path) -> None:
    assert (
        read_pixels(write_result(build_cut_out(), tmp_path, "png"), "RGBA")[16, [4, 28, 36, 45], 3] == [255, 128, 64, 0]
    ).all()


def test_a_coloured_background_makes_a_grey_picture_coloured(tmp_path: Path) -> None:
    grey = Picture(np.full((8, 8, 3), 90, dtype=np.uint8), np.zeros((8, 8), dtype=np.uint8), grey=True)
    assert (read_pixels(write_result(grey, tmp_path, "png", Output(background=(0, 200, 100)))) == (0, 200, 100)).all()


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "result.jpg").mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(ProcessingError, match="cannot be written"):
        write_result(build_cut_out(), folder, "jpg")
    assert [path.name for path in folder.iterdir()] == ["result.jpg"]


def test_a_picture_too_long_for_jpg_is_refused_with_a_sentence(tmp_path: Path) -> None:
    long = Picture(np.zeros((1, 65_501, 3), dtype=np.uint8))
    with pytest.raises(ProcessingError, match="65,500 px"):
        write_result(long, tmp_path, "jpg")
    write_result(long, tmp_path, "png")
