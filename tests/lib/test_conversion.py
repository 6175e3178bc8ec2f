"""Pictures in other formats become JPG or PNG, upright, with their data, in the decoder's limited processes."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pi_heif
import pytest
from PIL import ExifTags, Image, ImageChops, ImageCms

from tests.lib.heif_pictures import BLUE, FRAME, GREEN, RED, SIDE, WHITE, build_heic
from vanceweb.lib.conversion import ConvertedPicture, convert_file, find_foreign_format
from vanceweb.lib.decoder.limits import MEGABYTE
from vanceweb.lib.decoder.protocol import receive_answer, receive_start, send_request
from vanceweb.lib.decoding import CHECKOUT
from vanceweb.lib.images import ImageRefused, ImageTooCostly, ImageTooLarge, NotAnImage, inspect_image

pytestmark = pytest.mark.usefixtures("decoder")

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6" dc:title="A door"/></x:xmpmeta>'
QUARTER_TURN = 6
XMP_TAG = 700
NOBODY = 65_534
FLAT = (40, 90, 160)


def build_exif(orientation: int = QUARTER_TURN) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Fruit"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2024:05:06 07:08:09"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return exif.tobytes()


def build(format: str, image: Image.Image | None = None, **options: Any) -> bytes:
    file = io.BytesIO()
    (image or Image.new("RGB", (48, 32), FLAT)).save(file, format, **options)
    return file.getvalue()


def build_photo(width: int = 64, height: int = 48) -> Image.Image:
    """Return a picture that no lossless format can make small."""
    channels = [Image.effect_noise((width, height), 90) for _ in range(3)]
    return Image.merge("RGB", channels)


def convert(content: bytes) -> ConvertedPicture:
    file = io.BytesIO(content)
    format = find_foreign_format(file)
    assert format is not None
    return convert_file(file, format)


def open_converted(content: bytes) -> Image.Image:
    converted = convert(content)
    # It passes the check of every upload.
    inspect_image(converted.file, max_bytes=10 * MEGABYTE, max_pixels=34_000_000, formats=("JPEG", "PNG"))
    image = Image.open(converted.file)
    image.load()
    return image


def list_corners(image: Image.Image) -> list[tuple[int, ...]]:
    right, low = image.width - 4, image.height - 4
    corners = (image.convert("RGB").getpixel(place) for place in ((4, 4), (right, 4), (4, low), (right, low)))
    return [tuple(round(value / 10) * 10 for value in corner) for corner in corners]  # type: ignore[union-attr]


# Everything is imported before the rights are given up.
UNPRIVILEGED = """
import os, socket
from vanceweb.lib.decoder import child, conversion, limits
conversion.load_codecs()
os.setgid(%(person)s)
os.setuid(%(person)s)
child.serve_request(socket.socket(fileno=%(descriptor)s), limits.DecoderLimits(10, 2**30, 3))
"""


def test_the_library_for_heic_carries_no_encoder() -> None:
    # That of HEVC, x265, is under the GPL.
    assert pi_heif.libheif_info()["encoders"].keys() <= {"mask"}
    assert not [path.name for path in Path(pi_heif.__file__).parents[1].glob("*heif.libs/*265*") if "x265" in path.name]


class TestHeic:
    def test_a_photo_becomes_a_jpg_of_the_same_colours(self) -> None:
        image = open_converted(build_heic())
        assert (image.format, image.size) == ("JPEG", (SIDE, SIDE))
        assert list_corners(image) == [RED, GREEN, BLUE, WHITE]

    def test_tiles_of_a_phone_are_put_together_and_turned_upright_once(self) -> None:
        # As a phone writes it: the container turns the picture, and the EXIF data say so as well.
        image = open_converted(build_heic(tiles=(2, 1), quarter_turns=3, exif=build_exif(), xmp=XMP))
        assert image.size == (SIDE, 2 * SIDE)
        assert list_corners(image) == [BLUE, RED, WHITE, GREEN]
        assert image.getexif()[ExifTags.Base.Orientation] == 1
        assert b'tiff:Orientation="6"' not in image.info["xmp"]

    def test_exif_alone_turns_no_picture(self) -> None:
        # ISO/IEC 23008-12: only the container's own property does.
        image = open_converted(build_heic(exif=build_exif()))
        assert list_corners(image) == [RED, GREEN, BLUE, WHITE]
        assert image.getexif()[ExifTags.Base.Orientation] == 1

    def test_exif_xmp_and_profile_are_kept(self) -> None:
        image = open_converted(build_heic(exif=build_exif(), xmp=XMP, profile=PROFILE))
        exif = image.getexif()
        assert exif[ExifTags.Base.Make] == "Fruit"
        assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "2024:05:06 07:08:09"
        assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
        assert b"A door" in image.info["xmp"]
        assert image.info["icc_profile"] == PROFILE

    def test_transparency_makes_a_png(self) -> None:
        image = open_converted(build_heic(alpha=True))
        assert (image.format, image.mode) == ("PNG", "RGBA")
        assert [image.getpixel((x, 8))[3] > 200 for x in (8, 56)] == [True, False]  # type: ignore[index]

    def test_of_several_pictures_the_main_one_is_taken_and_said(self) -> None:
        converted = convert(build_heic(pictures=3))
        assert converted.notes == ("The file has 3 pictures: only the main one was taken.",)

    @pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"msf1"])
    def test_every_brand_is_known(self, brand: bytes) -> None:
        assert open_converted(build_heic(brand=brand)).size == (SIDE, SIDE)

    def test_a_process_without_privileges_converts_it(self) -> None:
        """Decode as another person: the superuser may start threads whatever the limit is."""
        if os.getuid() != 0:
            pytest.skip("every other test of this class shows it")
        ours, theirs = socket.socketpair()
        code = UNPRIVILEGED % {"descriptor": theirs.fileno(), "person": NOBODY}
        child = subprocess.Popen([sys.executable, "-c", code], cwd=CHECKOUT, pass_fds=[theirs.fileno()])
        theirs.close()
        limits = {"max_bytes": MEGABYTE, "max_pixels": 100_000, "max_side": 1000}
        with os.fdopen(os.memfd_create("picture"), "w+b") as file:
            file.write(build_heic())
            file.flush()
            send_request(ours, {"action": "convert", "options": {"format": "HEIF", "limits": limits}}, file.fileno())
            receive_start(ours, 30)
            answer = receive_answer(ours, 20)
        child.wait(20)
        assert (answer.outcome, answer.facts["format"]) == ("ok", "JPEG")


SRGB_RED = {12: (234, 51, 35), 9: (207, 74, 34), 1: (255, 0, 0)}


@pytest.mark.parametrize(("primaries", "red"), SRGB_RED.items())
def test_colours_stated_by_number_alone_are_not_lost(primaries: int, red: tuple[int, int, int]) -> None:
    image = open_converted(build_heic(colours=(primaries, 13, 6)))
    profile = image.info.get("icc_profile")
    assert (profile is None) == (primaries == 1)
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        shown = ImageCms.profileToProfile(Image.new("RGB", (1, 1), red), source, ImageCms.createProfile("sRGB"))
        assert shown is not None
        assert shown.getpixel((0, 0)) == pytest.approx((255, 0, 0), abs=3)


def test_colours_stated_by_number_are_kept_from_an_avif() -> None:
    content = build("AVIF").replace(b"colrnclx\0\1", b"colrnclx\0\x0c")
    assert b"D\0i\0s\0p\0l\0a\0y" in open_converted(content).info["icc_profile"]


def test_a_profile_wins_over_numbers() -> None:
    assert open_converted(build_heic(colours=(12, 13, 6), profile=PROFILE)).info["icc_profile"] == PROFILE


def test_an_hdr_picture_is_said_to_be_one() -> None:
    assert "HDR" in convert(build_heic(colours=(9, 16, 9))).notes[0]


class TestHostile:
    @pytest.mark.parametrize(
        ("content", "error"),
        [
            (build_heic(size=(60_000, 60_000)), ImageTooLarge),
            (build_heic(size=(400_000, 10)), ImageTooLarge),
            (build_heic(frame=FRAME[:60]), NotAnImage),
            (build_heic(frame=b"\xff" * 200), NotAnImage),
            (build_heic()[:200], NotAnImage),
            (build_heic()[:28], NotAnImage),
            (build("BMP")[:200], NotAnImage),
            (build("TIFF", compression="tiff_lzw")[:-30], NotAnImage),
            (build("AVIF")[:-20], NotAnImage),
            (build("WEBP")[:30], NotAnImage),
        ],
        ids=["pixels", "side", "short frame", "noise", "short", "brand", "bmp", "tiff", "avif", "webp"],
    )
    def test_a_refused_picture_is_refused_by_a_sentence(self, content: bytes, error: type[ImageRefused]) -> None:
        with pytest.raises(error) as refusal:
            convert(content)
        assert str(refusal.value).endswith(".")
        # The decoder serves the next one.
        assert convert(build_heic()).extension == "jpg"

    def test_a_file_that_is_too_long_is_refused_unread(self, settings: Any) -> None:
        settings.CONVERT_MAX_BYTES = 300
        with pytest.raises(ImageTooLarge, match="the limit is"):
            convert(build_heic())

    def test_pixels_are_counted_before_they_are_decoded(self) -> None:
        # A few bytes of a GIF state 65,535 px a side.
        content = b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b"\x2c\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;"
        with pytest.raises(ImageTooLarge, match=r"65535 x 65535 px"):
            convert(content)

    def test_memory_is_limited(self, settings: Any) -> None:
        settings.DECODER_MEMORY_MB = 128
        settings.DECODER_SOCKET = Path("/nonexistent/socket")
        with pytest.raises(ImageTooCostly):
            convert(build("TIFF", Image.new("RGB", (6000, 5500), FLAT), compression="tiff_lzw"))


def make_transparent(mode: str = "RGBA") -> Image.Image:
    image = Image.new("RGBA", (48, 32), (*FLAT, 255))
    image.paste((*FLAT, 0), (0, 0, 24, 32))
    return image if mode == "RGBA" else image.convert(mode)


KINDS = {
    "AVIF": (build("AVIF", quality=90), "JPEG", "RGB"),
    "AVIF with transparency": (build("AVIF", make_transparent()), "PNG", "RGBA"),
    "AVIF, opaque": (build("AVIF", Image.new("RGBA", (48, 32), (*FLAT, 255))), "JPEG", "RGB"),
    "WebP": (build("WEBP", quality=90), "JPEG", "RGB"),
    "WebP without loss": (build("WEBP", lossless=True), "PNG", "RGB"),
    "WebP with transparency": (build("WEBP", make_transparent()), "PNG", "RGBA"),
    "TIFF": (build("TIFF"), "PNG", "RGB"),
    "TIFF, packed": (build("TIFF", compression="tiff_lzw"), "PNG", "RGB"),
    "TIFF of a JPG": (build("TIFF", compression="jpeg", quality=95), "JPEG", "RGB"),
    "TIFF, grey": (build("TIFF", Image.new("L", (48, 32), 90)), "PNG", "L"),
    "TIFF, 16 bits": (build("TIFF", Image.new("I;16", (48, 32), 23_130)), "PNG", "I;16"),
    "TIFF, floats": (build("TIFF", Image.new("F", (48, 32), 0.353)), "PNG", "L"),
    "TIFF, CMYK": (build("TIFF", Image.new("CMYK", (48, 32), (200, 100, 50, 0))), "JPEG", "CMYK"),
    "TIFF, black and white": (build("TIFF", Image.new("1", (48, 32), 1)), "PNG", "1"),
    "BMP": (build("BMP"), "PNG", "RGB"),
    "BMP of a palette": (build("BMP", Image.new("RGB", (48, 32), FLAT).quantize(4)), "PNG", "P"),
    "GIF": (build("GIF"), "PNG", "P"),
    "GIF with transparency": (build("GIF", make_transparent()), "PNG", "P"),
}


@pytest.mark.parametrize(("content", "format", "mode"), KINDS.values(), ids=KINDS)
def test_photos_become_jpgs_and_what_has_no_loss_pngs(content: bytes, format: str, mode: str) -> None:
    image = open_converted(content)
    assert (image.format, image.mode, image.size) == (format, mode, (48, 32))
    with Image.open(io.BytesIO(content)) as original:
        if original.mode not in ("I;16", "F"):
            difference = ImageChops.difference(original.convert("RGB"), image.convert("RGB"))
            assert max(high for _low, high in difference.getextrema()) <= (0 if format == "PNG" else 6)  # type: ignore[misc]
    if mode == "I;16":
        assert image.getpixel((0, 0)) == 23_130
    if mode == "L":
        assert image.getpixel((0, 0)) == 90
    if mode in ("RGBA", "P") and "transparency" in content.decode("latin-1"):
        assert image.convert("RGBA").getextrema()[3] == (0, 255)


@pytest.mark.parametrize("format", ["AVIF", "WEBP", "TIFF"])
def test_orientation_and_data_are_right_in_every_format(format: str) -> None:
    picture = Image.new("RGB", (48, 32), FLAT)
    picture.paste((240, 240, 240), (0, 0, 16, 32))
    options = {"exif": build_exif(), "icc_profile": PROFILE, "xmp": XMP}
    if format == "TIFF":
        tags = Image.Exif()
        tags.load(build_exif())
        tags[XMP_TAG] = XMP
        options = {"exif": tags, "icc_profile": PROFILE}
    image = open_converted(build(format, picture, **options))
    exif = image.getexif()
    assert image.size == (32, 48)
    assert list_corners(image) == [(240, 240, 240), (240, 240, 240), FLAT, FLAT]
    assert exif[ExifTags.Base.Make] == "Fruit"
    assert exif.get(ExifTags.Base.Orientation, 1) == 1
    assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "2024:05:06 07:08:09"
    assert image.info["icc_profile"] == PROFILE
    xmp = image.info["xmp"]
    assert b"A door" in xmp
    assert b'tiff:Orientation="6"' not in xmp


@pytest.mark.parametrize("format", ["TIFF", "GIF", "WEBP", "AVIF"])
def test_of_moving_pictures_the_first_is_taken_and_said(format: str) -> None:
    frames = [Image.new("RGB", (48, 32), colour) for colour in (FLAT, "red", "green")]
    converted = convert(build(format, frames[0], save_all=True, append_images=frames[1:]))
    assert converted.notes == ("The file has 3 pictures: only the main one was taken.",)
    with Image.open(converted.file) as image:
        assert list_corners(image)[0] == FLAT


class TestFit:
    def test_a_png_that_is_too_large_becomes_a_jpg(self, settings: Any) -> None:
        content = build("TIFF", build_photo())
        settings.UPLOAD_MAX_BYTES = 8000
        assert convert(content).extension == "jpg"

    def test_sixteen_bits_fit_into_a_jpg_too(self, settings: Any) -> None:
        noise = build_photo(200, 200).getchannel(0).convert("I").point(lambda sample: sample * 257).convert("I;16")
        settings.UPLOAD_MAX_BYTES = 40_000
        with Image.open(convert(build("TIFF", noise)).file) as image:
            assert (image.format, image.mode) == ("JPEG", "L")
            assert 100 < sum(image.resize((1, 1)).getpixel((0, 0)) for _ in range(1)) < 156  # type: ignore[misc]

    def test_lower_qualities_are_tried(self, settings: Any) -> None:
        content = build("WEBP", build_photo(), quality=95)
        best = len(convert(content).file.read())
        settings.UPLOAD_MAX_BYTES = best - 1
        assert len(convert(content).file.read()) < best

    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    def test_what_fits_in_no_way_is_refused_by_a_sentence(self, settings: Any, mode: str) -> None:
        content = build("TIFF", build_photo().convert(mode))
        settings.UPLOAD_MAX_BYTES = 500
        with pytest.raises(ImageTooLarge, match=r"^Converted, the picture has more than the limit of 0\.0 MB"):
            convert(content)

    def test_transparency_is_never_given_up_for_size(self, settings: Any) -> None:
        picture = build_photo()
        picture.putalpha(Image.effect_noise(picture.size, 90))
        settings.UPLOAD_MAX_BYTES = 6000
        with pytest.raises(ImageTooLarge):
            convert(build("TIFF", picture))

    def test_data_too_long_for_a_jpg_are_left_out_and_that_is_said(self) -> None:
        converted = convert(build_heic(exif=build_exif(), xmp=XMP + b" " * 70_000))
        assert converted.notes == ("A JPG has no room for so much of this data, so it was left out: XMP.",)

    def test_a_profile_for_another_colour_model_is_left_out(self) -> None:
        grey = PROFILE[:16] + b"GRAY" + PROFILE[20:]
        assert "icc_profile" not in open_converted(build("TIFF", icc_profile=grey)).info


@pytest.mark.parametrize("content", [b"", b"BMW and other cars", b"\0\0\0\x18ftypmp42", b"\xff\xd8\xff\xe0", b"RIFF"])
def test_other_files_are_not_taken_for_pictures(content: bytes) -> None:
    assert find_foreign_format(io.BytesIO(content)) is None


def test_an_avif_under_the_brand_of_any_container_is_one() -> None:
    content = build("AVIF")
    format = find_foreign_format(io.BytesIO(content.replace(b"ftypavif", b"ftypmif1", 1)))
    assert format is not None
    assert format.name == "AVIF"
