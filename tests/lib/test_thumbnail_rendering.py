"""Thumbnails: right size, upright, 8 bit sRGB, transparency kept, damage detected."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.conftest import make_picture_file
from tests.lib.hostile_pictures import build_chunk
from tests.png_samples import (
    COLOUR_CASES,
    HDR_CASES,
    LINEAR_PROFILE,
    SHOWN_COLOURS,
    build_gamma,
    build_grey_profile,
    build_png,
    build_profile_chunk,
)
from vanceweb.lib.decoding import render_thumbnails
from vanceweb.lib.images import NotAnImage
from vanceweb.lib.picture_sizes import fit_size

SIDES = {"tile": 36, "preview": 160}


def render(file: io.BytesIO, **options: Any) -> dict[str, Image.Image]:
    sides = options.pop("sides", SIDES)
    files = render_thumbnails(file, sides=sides, formats=("JPEG", "PNG"), quality=82)
    images = {name: Image.open(io.BytesIO(content)) for name, content in files.items()}
    assert {image.format for image in images.values()} == {"WEBP"}
    return images


def save_to_file(image: Image.Image, format: str = "PNG", **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file


def read_centre(image: Image.Image) -> tuple[int, ...]:
    colour = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    assert isinstance(colour, tuple)
    return tuple(int(channel) for channel in colour)


@pytest.mark.parametrize(
    ("size", "tile", "preview"),
    [
        ((400, 300), (36, 27), (160, 120)),
        ((300, 400), (27, 36), (120, 160)),
        ((100, 100), (36, 36), (100, 100)),
        ((20, 10), (20, 10), (20, 10)),
        ((1, 1), (1, 1), (1, 1)),
        ((2000, 1), (36, 1), (160, 1)),
        ((1, 2000), (1, 36), (1, 160)),
    ],
)
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_pictures_are_fitted_and_never_enlarged(
    size: tuple[int, int], tile: tuple[int, int], preview: tuple[int, int], format: str
) -> None:
    images = render(make_picture_file(*size, format=format))
    assert (images["tile"].size, images["preview"].size) == (tile, preview)
    assert (fit_size(*size, 36), fit_size(*size, 160)) == (tile, preview)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_turned_upright(orientation: int) -> None:
    upright = np.zeros((60, 90, 3), np.uint8)
    upright[:30, :45] = (255, 0, 0)
    upright[:30, 45:] = (0, 255, 0)
    upright[30:, :45] = (0, 0, 255)
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(upright)
    stored = image.transpose(turns[orientation]) if orientation in turns else image
    exif = Image.Exif()
    exif[0x0112] = orientation
    preview = render(save_to_file(stored, "JPEG", exif=exif, quality=95, subsampling=0))["preview"]
    assert preview.size == (90, 60)
    assert np.abs(np.asarray(preview.convert("RGB"), float) - upright).mean() < 12


@pytest.mark.parametrize(("sample", "shown"), [(0, 0), (0x8080, 128), (0xFFFF, 255), (0x4000, 64)])
def test_sixteen_bit_grey_becomes_eight_bit(sample: int, shown: int) -> None:
    image = Image.fromarray(np.full((40, 40), sample, np.uint16))
    assert image.mode.startswith("I;16")
    for preview in render(save_to_file(image)).values():
        assert abs(read_centre(preview)[0] - shown) <= 2


@pytest.mark.parametrize(
    ("mode", "colour", "shown"),
    [
        ("L", 200, (200, 200, 200)),
        ("1", 1, (255, 255, 255)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("RGB", (10, 120, 230), (10, 120, 230)),
    ],
)
def test_colours_are_right_in_every_mode(mode: str, colour: Any, shown: tuple[int, ...]) -> None:
    format = "JPEG" if mode == "CMYK" else "PNG"
    preview = render(save_to_file(Image.new(mode, (40, 40), colour), format))["preview"]
    assert preview.mode == "RGB"
    assert np.abs(np.subtract(read_centre(preview), shown)).max() <= 6


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_kept(mode: str) -> None:
    image = Image.new("RGBA", (400, 400), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 200, 400))
    options: dict[str, Any] = {}
    if mode == "P":
        image = image.convert("RGB").quantize(8)
        options["transparency"] = image.getpixel((300, 200))
    tile = render(save_to_file(image if mode == "P" else image.convert(mode), **options))["tile"].convert("RGBA")
    assert tile.getpixel((2, 18))[3] == 255  # type: ignore[index]
    assert tile.getpixel((33, 18))[3] == 0  # type: ignore[index]


def test_another_colour_space_is_converted_to_srgb() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # A colour space with sRGB's red and green swapped.
    swapped = srgb.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)
    image = Image.new("RGB", (40, 40), (220, 30, 30))
    preview = render(save_to_file(image, icc_profile=swapped))["preview"]
    assert np.abs(np.subtract(read_centre(preview), (30, 220, 30))).max() <= 6
    assert "icc_profile" not in preview.info


@pytest.mark.parametrize("name", list(COLOUR_CASES))
def test_colour_chunks_of_a_png_count(name: str) -> None:
    chunks, shown = COLOUR_CASES[name]
    for samples, colour in zip(SHOWN_COLOURS, shown, strict=True):
        # Only grey, for the thumbnail's own compression changes strong colours.
        if len(set(colour)) == 1:
            file = build_png(np.full((20, 20, 3), samples), *chunks)
            preview = render(io.BytesIO(file))["preview"]
            assert np.abs(np.subtract(read_centre(preview), colour)).max() <= (5 if name in HDR_CASES else 3)


@pytest.mark.parametrize(
    ("chunk", "shown"),
    [(build_profile_chunk(build_grey_profile(1.8)), 184), (LINEAR_PROFILE, 213), (build_gamma(1), 213)],
)
@pytest.mark.parametrize(("channels", "depth"), [(1, 8), (1, 16), (2, 8), (2, 16)])
def test_grey_is_converted_to_srgb(channels: int, depth: int, chunk: bytes, shown: int) -> None:
    samples = np.full((20, 20, channels), 170 * (257 if depth == 16 else 1))
    preview = render(io.BytesIO(build_png(samples, chunk, depth=depth)))["preview"]
    assert abs(read_centre(preview)[0] - shown) <= 3
    assert preview.mode == ("RGB" if channels == 1 else "RGBA")


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(
    ("depth", "key"), [(1, (1,)), (2, (1,)), (4, (7,)), (8, (40,)), (16, (0x4142,)), (16, (0xFFFF, 0x0100, 0x0203))]
)
def test_a_transparent_key_of_any_depth_is_kept(depth: int, key: tuple[int, ...], interlaced: bool) -> None:
    samples = np.zeros((20, 30, len(key)), dtype=int)
    samples[:, :] = key
    samples[:, 15:, -1] ^= 1
    chunk = build_chunk(b"tRNS", b"".join(sample.to_bytes(2) for sample in key))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = build_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    preview = render(io.BytesIO(build_png(samples, turned, chunk, depth=depth, interlaced=interlaced)))["preview"]
    alpha = np.asarray(preview.convert("RGBA"))[..., 3]
    assert alpha.shape == (30, 20)
    assert (alpha[:15] == 0).all()
    assert (alpha[15:] == 255).all()


@pytest.mark.parametrize("profile", [b"no profile at all", b"\0" * 200])
def test_a_broken_profile_is_ignored(profile: bytes) -> None:
    image = Image.new("RGB", (40, 40), (10, 120, 230))
    preview = render(save_to_file(image, icc_profile=profile))["preview"]
    assert np.abs(np.subtract(read_centre(preview), (10, 120, 230))).max() <= 4


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_an_incomplete_picture_is_detected(format: str, kept: float) -> None:
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 255, (300, 300, 3), np.uint8))
    content = save_to_file(noise, format).getvalue()
    with pytest.raises(NotAnImage, match="damaged or incomplete"):
        render(io.BytesIO(content[: int(len(content) * kept)]))


@pytest.mark.parametrize("format", ["GIF", "WEBP", "TIFF"])
def test_other_formats_are_not_opened(format: str) -> None:
    with pytest.raises(NotAnImage):
        render(make_picture_file(format=format))
