"""Colours that a PNG's chunks or a profile encode, as browsers show them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.engine.processing.picture_files import get_srgb_profile, make_halves, read_pixels, save_picture
from tests.png_samples import (
    COLOUR_CASES,
    HDR_CASES,
    LINEAR,
    LINEAR_PROFILE,
    SHOWN_COLOURS,
    build_code_points,
    build_gamma,
    build_grey_profile,
    build_png,
    build_profile_chunk,
)
from vanceweb.catalogue.output import Output
from vanceweb.engine.processing.image.colour_spaces import convert_profile, prepare_for_colour
from vanceweb.engine.processing.image.picture import FileFormat, Picture
from vanceweb.engine.processing.image.reading import read_picture
from vanceweb.engine.processing.image.writing import write_picture
from vanceweb.lib.colour_encodings import PRIMARIES, SRGB, ColourEncoding, build_power, decode_srgb
from vanceweb.lib.colour_profiles import build_profile, convert_to_srgb

SAMPLES = np.array([SHOWN_COLOURS])
GREY = np.array([[[51], [170]]])
GREY_18 = ((66, 66, 66), (184, 184, 184))  # 51 and 170 of gamma 1.8, in sRGB
P3_PROFILE = build_profile(ColourEncoding(PRIMARIES[12], decode_srgb))
BLUE = (0, 80, 200)


def read_bytes(folder: Path, file: bytes) -> Picture:
    path = folder / "source"
    path.write_bytes(file)
    return read_picture(path)


def save(picture: Picture, folder: Path, file_format: FileFormat = "png", output: Output | None = None) -> Path:
    write_picture(picture, folder / "result", file_format, output or Output(quality=100))
    return folder / "result"


def is_close(colours: object, shown: object, tolerance: int) -> bool:
    return bool(np.abs(np.asarray(colours, dtype=int) - np.asarray(shown)).max() <= tolerance)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("name", list(COLOUR_CASES))
def test_colour_chunks_of_a_png_are_converted_as_browsers_show_them(tmp_path: Path, name: str, depth: int) -> None:
    chunks, shown = COLOUR_CASES[name]
    picture = read_bytes(tmp_path, build_png(SAMPLES * (257 if depth == 16 else 1), *chunks, depth=depth))
    path = save(picture, tmp_path)
    with Image.open(path) as image:
        icc = image.info.get("icc_profile")
        converted = np.asarray(convert_to_srgb(image, icc) if icc else image)
    assert is_close(converted[0], shown, 4 if name in HDR_CASES else 1)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", [8, 16])
def test_every_kind_of_png_is_converted(tmp_path: Path, depth: int, channels: int, interlaced: bool) -> None:
    levels = 257 if depth == 16 else 1
    samples = np.full((5, 7, channels), 170 * levels)
    if channels in (2, 4):
        samples[..., -1] = 60 * levels
    picture = read_bytes(tmp_path, build_png(samples, build_gamma(1), depth=depth, interlaced=interlaced))
    assert is_close(picture.colours, LINEAR[1], 1)
    assert picture.grey == (channels < 3)
    assert (picture.alpha is None) == (channels in (1, 3))
    assert picture.alpha is None or (picture.alpha == 60).all()


def test_sixteen_bits_are_converted_before_they_are_reduced(tmp_path: Path) -> None:
    """The lowest 256 levels of linear light are 13 levels of sRGB."""
    ramp = np.arange(256).reshape(1, -1, 1).repeat(3, axis=2)
    colours = read_bytes(tmp_path, build_png(ramp, build_gamma(1), depth=16)).colours
    assert len(np.unique(colours)) == 14
    assert read_bytes(tmp_path, build_png(ramp[..., :1], build_gamma(1), depth=16)).colours.tolist() == colours.tolist()


def test_a_jpg_of_a_png_has_its_colours_converted(tmp_path: Path) -> None:
    samples = np.full((16, 16, 3), SHOWN_COLOURS[2])
    path = save(read_bytes(tmp_path, build_png(samples, build_gamma(1))), tmp_path, "jpg")
    assert is_close(read_pixels(path), LINEAR[2], 3)


def test_grey_is_converted_through_a_profile_for_colours(tmp_path: Path) -> None:
    picture = read_bytes(tmp_path, build_png(GREY, LINEAR_PROFILE))
    path = save(picture, tmp_path)
    with Image.open(path) as image:
        assert (image.mode, image.info.get("icc_profile")) == ("L", None)
    assert is_close(read_pixels(path)[0], LINEAR[:2], 1)


def test_sixteen_bit_grey_with_alpha_is_grey(tmp_path: Path) -> None:
    samples = np.array([[[51 * 257, 0xFFFF], [170 * 257, 0x8080]]])
    profile = build_grey_profile(1.8)
    picture = read_bytes(tmp_path, build_png(samples, build_profile_chunk(profile), depth=16))
    with Image.open(save(picture, tmp_path)) as image:
        assert (image.mode, image.info["icc_profile"]) == ("LA", profile)
        assert np.asarray(image).tolist() == [[[51, 255], [170, 128]]]


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_profile_stays_while_the_picture_is_grey(tmp_path: Path, mode: str) -> None:
    image = make_halves(left=51, right=170, mode="L").convert(mode)
    profile = build_grey_profile(1.8)
    picture = read_picture(save_picture(image, tmp_path / "p.png", icc_profile=profile))
    with Image.open(save(picture, tmp_path)) as result:
        assert (result.mode, result.info["icc_profile"]) == (mode, profile)
        assert np.asarray(result).tolist() == np.asarray(image).tolist()


def test_a_grey_picture_is_converted_before_it_gets_colours(tmp_path: Path) -> None:
    picture = prepare_for_colour(read_bytes(tmp_path, build_png(GREY, build_profile_chunk(build_grey_profile(1.8)))))
    assert not picture.grey
    assert picture.metadata.icc is None
    assert is_close(picture.colours[0], GREY_18, 1)


@pytest.mark.parametrize("profile", [b"nonsense" * 30, build_grey_profile(1.8)[:300]])
def test_a_broken_profile_changes_nothing(tmp_path: Path, profile: bytes) -> None:
    picture = prepare_for_colour(read_bytes(tmp_path, build_png(GREY, build_profile_chunk(profile))))
    assert is_close(picture.colours[0], SHOWN_COLOURS[:2], 0)
    with Image.open(save(picture, tmp_path)) as image:
        assert "icc_profile" not in image.info


def test_wide_colours_are_converted_and_srgb_is_not(tmp_path: Path) -> None:
    image = Image.new("RGB", (8, 8), SHOWN_COLOURS[2])
    wide = convert_profile(read_picture(save_picture(image, tmp_path / "p.png", icc_profile=P3_PROFILE)))
    assert (wide.metadata.icc, is_close(wide.colours, (217, 42, 23), 1)) == (None, True)
    srgb = convert_profile(read_picture(save_picture(image, tmp_path / "s.png", icc_profile=get_srgb_profile())))
    assert (srgb.metadata.icc, is_close(srgb.colours, SHOWN_COLOURS[2], 0)) == (get_srgb_profile(), True)


@pytest.mark.parametrize("background", [BLUE, (128, 128, 128)])
@pytest.mark.parametrize(
    ("mode", "profile", "shown"),
    [("LA", build_grey_profile(1.8), GREY_18[1]), ("RGBA", P3_PROFILE, (170, 170, 170))],
)
def test_a_background_has_the_requested_colour_whatever_the_profile(
    tmp_path: Path, mode: str, profile: bytes, shown: tuple[int, ...], background: tuple[int, int, int]
) -> None:
    image = Image.new("RGBA", (8, 8), (170, 170, 170, 255))
    image.paste((170, 170, 170, 0), (4, 0, 8, 8))
    picture = read_picture(save_picture(image.convert(mode), tmp_path / "p.png", icc_profile=profile))
    path = save(picture, tmp_path, output=Output(background=background))
    with Image.open(path) as result:
        assert "icc_profile" not in result.info
    pixels = read_pixels(path)
    assert is_close(pixels[:, :4], shown, 1)
    assert is_close(pixels[:, 4:], background, 0)


def test_white_behind_a_grey_picture_needs_no_conversion(tmp_path: Path) -> None:
    profile = build_grey_profile(1.8)
    picture = read_picture(save_picture(Image.new("LA", (8, 8), (9, 0)), tmp_path / "p.png", icc_profile=profile))
    with Image.open(save(picture, tmp_path, output=Output(background=(255, 255, 255)))) as result:
        assert (result.mode, result.info["icc_profile"], result.getpixel((0, 0))) == ("L", profile, 255)


def test_cicp_of_another_gamut_replaces_a_profile(tmp_path: Path) -> None:
    picture = read_bytes(tmp_path, build_png(SAMPLES, build_code_points(12, 13), LINEAR_PROFILE))
    assert picture.metadata.icc is None


def test_a_profile_of_our_own_is_read_by_others() -> None:
    profile = build_profile(ColourEncoding(SRGB, build_power(1)))
    assert is_close(np.asarray(convert_to_srgb(Image.fromarray(SAMPLES.astype(np.uint8)), profile))[0], LINEAR, 1)
