"""Reading of every kind of JPG and PNG as upright 8-bit colours."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.engine.processing.picture_files import (
    BLUE,
    RED,
    build_camera_exif,
    make_16_bit_png,
    make_animated_png,
    make_halves,
    save_picture,
)
from tests.lib.hostile_pictures import build_chunk
from tests.png_samples import build_png
from vanceweb.engine.processing.errors import ProcessingError
from vanceweb.engine.processing.image.reading import read_picture

STORED = {  # from the upright picture to the stored one, by orientation (EXIF 2.32, 4.6.4)
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def is_close(pixel: object, expected: object, tolerance: int = 0) -> bool:
    return bool(np.abs(np.asarray(pixel, dtype=int) - np.asarray(expected)).max() <= tolerance)


@pytest.mark.parametrize("orientation", list(STORED))
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_pictures_are_turned_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    upright = make_halves()
    upright.paste((255, 255, 255), (0, 0, 24, 8))
    way = STORED[orientation]
    stored = upright.transpose(way) if way is not None else upright
    path = save_picture(
        stored, tmp_path / f"p.{suffix}", exif=build_camera_exif(orientation), quality=100, subsampling=0
    )
    picture = read_picture(path)
    assert (picture.width, picture.height) == (48, 32)
    assert np.abs(picture.colours.astype(int) - np.asarray(upright)).mean() < 2


def test_palette_with_transparency(tmp_path: Path) -> None:
    image = make_halves().quantize(2)
    path = save_picture(image, tmp_path / "p.png", transparency=image.getpixel((0, 0)))
    picture = read_picture(path)
    assert picture.alpha is not None
    assert (picture.alpha[0, 0], picture.alpha[0, 47]) == (0, 255)
    assert is_close(picture.colours[0, 47], BLUE)


def test_palette_without_transparency(tmp_path: Path) -> None:
    picture = read_picture(save_picture(make_halves().quantize(2), tmp_path / "p.png"))
    assert picture.alpha is None
    assert is_close(picture.colours[0, 0], RED)


def test_grey_and_alpha(tmp_path: Path) -> None:
    picture = read_picture(save_picture(make_halves(left=(40, 255), right=(200, 10), mode="LA"), tmp_path / "p.png"))
    assert picture.grey
    assert picture.alpha is not None
    assert (picture.alpha[0, 0], picture.alpha[0, 47]) == (255, 10)
    assert is_close(picture.colours[0, 0], (40, 40, 40))


def test_grey_with_one_transparent_level(tmp_path: Path) -> None:
    picture = read_picture(save_picture(make_halves(left=40, right=200, mode="L"), tmp_path / "p.png", transparency=40))
    assert picture.alpha is not None
    assert (picture.alpha[0, 0], picture.alpha[0, 47]) == (0, 255)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(
    ("depth", "key"),
    [
        (1, (1,)),
        (2, (1,)),
        (4, (7,)),
        (8, (40,)),
        (8, (40, 50, 60)),
        (16, (40_000,)),
        (16, (0x0102,)),
        (16, (0xFFFF, 0x0100, 0x0203)),
        (16, (0x0102, 0, 0)),
    ],
)
def test_a_key_of_any_depth_is_transparent(tmp_path: Path, depth: int, key: tuple[int, ...], interlaced: bool) -> None:
    """Px that differ from the key in one bit stay opaque."""
    samples = np.zeros((9, 11, len(key)), dtype=int)
    samples[:, :] = key
    samples[:, 4:, -1] ^= 1
    chunk = build_chunk(b"tRNS", b"".join(sample.to_bytes(2) for sample in key))
    path = tmp_path / "p.png"
    path.write_bytes(build_png(samples, chunk, depth=depth, interlaced=interlaced))
    picture = read_picture(path)
    assert picture.alpha is not None
    assert (picture.alpha[:, :4] == 0).all()
    assert (picture.alpha[:, 4:] == 255).all()
    levels = (1 << depth) - 1
    assert is_close(picture.colours[0, 0], np.broadcast_to([round(sample * 255 / levels) for sample in key], 3), 1)


def test_a_key_is_turned_with_its_picture(tmp_path: Path) -> None:
    for number, key in enumerate([(0x0102,), (0x0102, 0x0304, 0x0506)]):
        samples = np.zeros((4, 8, len(key)), dtype=int)
        samples[:2] = key
        chunk = build_chunk(b"tRNS", b"".join(sample.to_bytes(2) for sample in key))
        exif = build_chunk(b"eXIf", build_camera_exif(6).tobytes().removeprefix(b"Exif\0\0"))
        path = tmp_path / f"{number}.png"
        path.write_bytes(build_png(samples, exif, chunk, depth=16))
        alpha = read_picture(path).alpha
        assert alpha is not None
        assert alpha.shape == (8, 4)
        assert (alpha == [255, 255, 0, 0]).all()


def test_one_bit(tmp_path: Path) -> None:
    picture = read_picture(save_picture(make_halves(left=0, right=1, mode="1"), tmp_path / "p.png"))
    assert picture.grey
    assert (picture.colours[0, 0, 0], picture.colours[0, 47, 0]) == (0, 255)


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path: Path) -> None:
    picture = read_picture(make_16_bit_png(tmp_path / "p.png"))
    assert picture.grey
    assert (picture.colours[0, 0, 0], picture.colours[0, 47, 0]) == (51, 204)


def test_sixteen_bits_turned(tmp_path: Path) -> None:
    with Image.open(make_16_bit_png(tmp_path / "a.png")) as image:
        path = save_picture(image.transpose(Image.Transpose.ROTATE_90), tmp_path / "p.png", exif=build_camera_exif(6))
    picture = read_picture(path)
    assert (picture.width, picture.height) == (48, 32)
    assert picture.colours[0, 0, 0] == 51


def test_cmyk_without_profile(tmp_path: Path) -> None:
    path = save_picture(make_halves().convert("CMYK"), tmp_path / "p.jpg", quality=100, subsampling=0)
    picture = read_picture(path)
    assert is_close(picture.colours[4, 4], RED, 6)
    assert is_close(picture.colours[4, 40], BLUE, 6)


def test_cmyk_drops_an_unusable_profile(tmp_path: Path) -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[16:20] = b"CMYK"  # claims to be for CMYK, but cannot convert it
    path = save_picture(make_halves().convert("CMYK"), tmp_path / "p.jpg", quality=100, icc_profile=bytes(profile))
    picture = read_picture(path)
    assert picture.metadata.icc is None
    assert is_close(picture.colours[4, 4], RED, 12)


def test_the_first_picture_of_an_animation(tmp_path: Path) -> None:
    picture = read_picture(make_animated_png(tmp_path / "p.png"))
    assert is_close(picture.colours[0, 0], RED)
    assert is_close(picture.colours[0, 47], BLUE)


@pytest.mark.parametrize("content", [b"", b"GIF89a nonsense", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\x00"])
def test_a_file_that_is_no_picture_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p.png"
    path.write_bytes(content)
    with pytest.raises(ProcessingError, match="damaged or incomplete"):
        read_picture(path)


def test_a_truncated_picture_is_refused(tmp_path: Path) -> None:
    path = save_picture(make_halves(400, 400), tmp_path / "p.png")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ProcessingError):
        read_picture(path)


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProcessingError, match="GIF"):
        read_picture(save_picture(make_halves(), tmp_path / "p.gif"))
