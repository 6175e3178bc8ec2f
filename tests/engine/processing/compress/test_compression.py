"""compress: the size and quality of its files, which are never larger than the input."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from tests.engine.processing.photos import COLOUR_PHOTOS, compute_psnr, load_photo
from tests.engine.processing.picture_files import (
    build_camera_exif,
    get_srgb_profile,
    make_16_bit_png,
    make_animated_png,
    make_halves,
    read_pixels,
    save_picture,
)
from tests.engine.processing.sweeps import mark_slow
from tests.lib.hostile_pictures import build_chunk
from tests.png_samples import COLOUR_CASES, build_gamma, build_png
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.engine.processing.compress.colour_reduction import measure_visible_error
from vanceweb.engine.processing.image.reading import read_picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import Outcome, process_file

NO_MODELS = NetworkRegistry(Path("nowhere"))


def compress_file(
    source: Path, quality: int, output: Output | None = None, *, keep_metadata: bool = True
) -> tuple[Path, Outcome]:
    target = source.parent / "results" / "result"
    target.parent.mkdir(exist_ok=True)
    step = Step("compress", {"quality": quality, "keep_metadata": keep_metadata})
    outcome = process_file(source, target, [step], output or Output(), networks=NO_MODELS, report=lambda done: None)
    assert outcome.filesize == target.stat().st_size
    return target, outcome


def save_photo(name: str, folder: Path, kind: str, side: int = 256, **options: Any) -> Path:
    return save_picture(Image.fromarray(load_photo(name, side=side)), folder / f"{Path(name).stem}.{kind}", **options)


def get_size(path: Path) -> int:
    return path.stat().st_size


def draw_graphic() -> Image.Image:
    """Draw discs of flat colour with soft edges, one of them translucent."""
    down, across = np.mgrid[0:80, 0:100]
    pixels = np.zeros((80, 100, 4), dtype=np.float64)
    for x, y, radius, colour in ((30, 30, 20, (200, 40, 30, 255)), (60, 45, 25, (30, 90, 200, 140))):
        share = np.clip(radius - np.hypot(across - x, down - y), 0, 1)[:, :, None]
        pixels = pixels * (1 - share) + np.array(colour) * share
    return Image.fromarray(pixels.astype(np.uint8))


@pytest.mark.parametrize("name", COLOUR_PHOTOS)
def test_photos_at_50_take_less_than_45_percent_of_quality_95(tmp_path: Path, name: str) -> None:
    source = save_photo(name, tmp_path, "jpg", quality=95)
    target, outcome = compress_file(source, 50)
    assert outcome.format == "jpg"
    assert get_size(target) <= 0.45 * get_size(source)
    assert compute_psnr(read_pixels(target).astype(np.uint8), load_photo(name, side=256)) >= 25


@pytest.mark.parametrize("kind", ["jpg", *mark_slow("png")])
def test_lower_quality_makes_smaller_and_less_faithful_files(tmp_path: Path, kind: str) -> None:
    options = {"quality": 98} if kind == "jpg" else {}
    source = save_photo("coffee.png", tmp_path, kind, side=96, **options)
    sizes, errors = [], []
    for quality in (0, 20, 40, 60, 80, 90, 100):
        target, _ = compress_file(source, quality)
        sizes.append(get_size(target))
        errors.append(measure_visible_error(*(np.asarray(Image.open(p).convert("RGBA")) for p in (source, target))))
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == 0
    assert sizes[0] < sizes[-1] / 3


def test_quality_0_does_not_make_mush(tmp_path: Path) -> None:
    source = save_photo("astronaut.png", tmp_path, "jpg", side=128, quality=95)
    nothing = compress_file(source, 0)[0].read_bytes()
    before, after = (read_pixels(path).astype(np.uint8) for path in (source, compress_file(source, 0)[0]))
    assert compute_psnr(before, after) > 22
    assert compress_file(source, 10)[0].read_bytes() == nothing
    assert compress_file(source, 50, Output(quality=0))[0].read_bytes() == nothing


@pytest.mark.parametrize("name", [*COLOUR_PHOTOS[:1], *mark_slow(*COLOUR_PHOTOS[1:])])
def test_photos_as_png_at_50_take_less_than_half(tmp_path: Path, name: str) -> None:
    source = save_photo(name, tmp_path, "png", side=128, optimize=True)
    target, outcome = compress_file(source, 50)
    assert outcome.format == "png"
    assert get_size(target) <= 0.5 * get_size(source)
    assert compute_psnr(read_pixels(target).astype(np.uint8), load_photo(name, side=128)) >= 28


def test_the_losses_of_a_jpg_take_no_bits_again(tmp_path: Path) -> None:
    source = save_photo("chelsea.png", tmp_path, "jpg", quality=40)
    target, _ = compress_file(source, 90)
    assert get_size(target) < get_size(source)
    assert (read_pixels(target) == read_pixels(source)).all()


@pytest.mark.parametrize("quality", [50, *mark_slow(0, 100)])
@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_nothing_grows_and_a_second_run_loses_little(tmp_path: Path, kind: str, quality: int) -> None:
    source = save_photo("flower.jpg", tmp_path, kind, side=96)
    once = tmp_path / f"once.{kind}"
    once.write_bytes(compress_file(source, quality)[0].read_bytes())
    twice, _ = compress_file(once, quality)
    assert get_size(twice) <= get_size(once) < get_size(source)
    likeness = compute_psnr(read_pixels(once).astype(np.uint8), read_pixels(twice).astype(np.uint8))
    assert likeness > (32 if quality else 28)


def test_a_file_that_cannot_shrink_stays_as_it_is(tmp_path: Path) -> None:
    source = save_photo("rocket.jpg", tmp_path, "jpg", quality=60)
    small, _ = compress_file(source, 10)
    smallest = tmp_path / "smallest.jpg"
    smallest.write_bytes(small.read_bytes())
    assert compress_file(smallest, 95)[0].read_bytes() == smallest.read_bytes()


def test_alpha_is_kept(tmp_path: Path) -> None:
    source = save_picture(draw_graphic(), tmp_path / "p.png")
    target, _ = compress_file(source, 50)
    before, after = read_pixels(source, "RGBA"), read_pixels(target, "RGBA")
    assert get_size(target) < 0.6 * get_size(source)
    assert ((before[:, :, 3] == 0) == (after[:, :, 3] == 0)).mean() > 0.995
    assert np.abs(before[:, :, 3] - after[:, :, 3]).mean() < 2
    assert np.abs(before - after)[before[:, :, 3] > 0].mean() < 4


@pytest.mark.slow
def test_dither_is_used_where_it_helps(tmp_path: Path) -> None:
    """A few dithered colours show a gradient better than a few plain ones; flat colours stay flat."""
    slope = np.clip(np.add.outer(np.arange(256) / 8, np.linspace(40, 200, 256)), 0, 255)
    tinted = np.dstack([slope, slope * 0.8 + 20, 255 - slope]).astype(np.uint8)
    grainy = np.random.default_rng(1).normal(0, 2, tinted.shape) + tinted
    source = save_picture(Image.fromarray(np.clip(grainy, 0, 255).astype(np.uint8)), tmp_path / "p.png")
    with Image.open(compress_file(source, 30)[0]) as image:
        shown = np.asarray(image.convert("RGB")).astype(float)
    means = shown.reshape(32, 8, 32, 8, 3).mean(axis=(1, 3))
    assert np.abs(means - tinted.reshape(32, 8, 32, 8, 3).mean(axis=(1, 3))).max() < 14
    flat = save_picture(make_halves(200, 160), tmp_path / "flat.png")
    assert (read_pixels(compress_file(flat, 0)[0]) == read_pixels(flat)).all()


@pytest.mark.parametrize(("kind", "options"), [("jpg", {"quality": 90}), ("png", {})])
@pytest.mark.parametrize("quality", [30, 100])
def test_metadata_is_kept(tmp_path: Path, kind: str, options: dict[str, Any], quality: int) -> None:
    source = save_photo("coffee.png", tmp_path, kind, side=96, exif=build_camera_exif(), icc_profile=get_srgb_profile(),
                        dpi=(240, 240), **options)  # fmt: skip
    target, _ = compress_file(source, quality)
    with Image.open(target) as image:
        assert image.getexif()[0x0110] == "Camera 1"
        assert image.info["icc_profile"] == get_srgb_profile()
        assert image.info["dpi"] == pytest.approx((240, 240), abs=0.1)
    assert get_size(target) < get_size(source)


@pytest.mark.parametrize("quality", [30, 100])
def test_a_turned_photo_is_shown_upright(tmp_path: Path, quality: int) -> None:
    turned = Image.fromarray(load_photo("coffee.png", side=96)[:64]).transpose(Image.Transpose.ROTATE_90)
    source = save_picture(turned, tmp_path / "p.jpg", quality=95, exif=build_camera_exif(6))
    target, outcome = compress_file(source, quality)
    assert (outcome.width, outcome.height) == (96, 64)
    with Image.open(target) as image, Image.open(source) as before:
        # Either turned for good or still marked for turning.
        assert image.getexif()[0x0112] == (6 if image.size == before.size else 1)
        assert image.getexif()[0x010F] == "Maker"


@pytest.mark.parametrize(("kind", "options"), [("jpg", {"quality": 90, "comment": b"a secret place"}), ("png", {})])
@pytest.mark.parametrize("quality", [30, 100])
def test_metadata_is_stripped_on_request_except_profile_and_resolution(
    tmp_path: Path, kind: str, options: dict[str, Any], quality: int
) -> None:
    if kind == "png":
        options = {"pnginfo": PngInfo()}
        options["pnginfo"].add_text("Comment", "a secret place")
    source = save_photo("coffee.png", tmp_path, kind, side=96, exif=build_camera_exif(), icc_profile=get_srgb_profile(),
                        dpi=(240, 240), **options)  # fmt: skip
    target, _ = compress_file(source, quality, keep_metadata=False)
    assert not [secret for secret in (b"a secret place", b"Camera 1", b"Maker") if secret in target.read_bytes()]
    with Image.open(target) as image:
        assert dict(image.getexif()) == {}
        assert image.info["icc_profile"] == get_srgb_profile()
        assert image.info["dpi"] == pytest.approx((240, 240), abs=0.1)
    if quality == 100:
        assert (read_pixels(target) == read_pixels(source)).all()
    kept, _ = compress_file(source, quality)
    assert b"Camera 1" in kept.read_bytes()


@pytest.mark.parametrize("kind", ["jpg", "png"])
@pytest.mark.parametrize("quality", [30, 100])
def test_a_turned_photo_without_metadata_is_shown_upright(tmp_path: Path, kind: str, quality: int) -> None:
    upright = load_photo("coffee.png", side=96)[:64]
    turned = Image.fromarray(upright).transpose(Image.Transpose.ROTATE_90)
    source = save_picture(
        turned, tmp_path / f"p.{kind}", exif=build_camera_exif(6), **({"quality": 95} if kind == "jpg" else {})
    )
    target, outcome = compress_file(source, quality, keep_metadata=False)
    assert (outcome.width, outcome.height) == (96, 64)
    with Image.open(target) as image:
        assert set(image.getexif()) <= {0x0112}
        shown = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert compute_psnr(shown, upright) > 25


@pytest.mark.parametrize("keep_metadata", [True, False])
@pytest.mark.parametrize("name", ["gAMA 1", "gAMA and cHRM", "gAMA and sRGB", "cICP P3", "cICP PQ", "iCCP and gAMA"])
def test_a_png_coded_again_keeps_its_colour_chunks(tmp_path: Path, name: str, keep_metadata: bool) -> None:
    chunks, _ = COLOUR_CASES[name]
    source = tmp_path / "p.png"
    light = build_chunk(b"cLLI", bytes(8))
    text = build_chunk(b"tEXt", b"Comment\0hello")
    source.write_bytes(build_png(load_photo("coffee.png", side=32), *chunks, light, text))
    file = compress_file(source, 100, keep_metadata=keep_metadata)[0].read_bytes()
    for chunk in (*chunks, light):
        assert chunk in file or chunk[4:8] == b"iCCP"  # the profile may be packed tighter
        assert chunk[4:8] in file
    assert (text in file) == keep_metadata
    assert (read_pixels(source) == read_pixels(tmp_path / "results" / "result")).all()


@pytest.mark.parametrize("keep_metadata", [True, False])
@pytest.mark.parametrize("quality", [0, 50, 100])
def test_a_linear_png_looks_the_same_at_any_quality(tmp_path: Path, quality: int, keep_metadata: bool) -> None:
    source = tmp_path / "p.png"
    source.write_bytes(build_png(load_photo("coffee.png", side=32), build_gamma(1)))
    target, _ = compress_file(source, quality, keep_metadata=keep_metadata)
    before, after = read_picture(source).colours, read_picture(target).colours
    assert np.abs(before.mean(axis=(0, 1)) - after.mean(axis=(0, 1))).max() < (1 if quality else 3)


def test_a_key_of_sixteen_bits_stays_transparent(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).integers(0, 0x10000, (32, 48, 3))
    samples[:, :20] = (0xFFFF, 0x0100, 0x0203)
    source = tmp_path / "p.png"
    source.write_bytes(build_png(samples, build_chunk(b"tRNS", bytes.fromhex("ffff01000203")), depth=16))
    for quality in (50, 100):
        alpha = read_picture(compress_file(source, quality)[0]).alpha
        assert alpha is not None
        assert ((alpha == 0) == (np.arange(48) < 20)).all()


def test_a_stripped_file_of_several_pictures_keeps_the_first(tmp_path: Path) -> None:
    first, second = (Image.fromarray(load_photo(name, side=96)) for name in ("coffee.png", "chelsea.png"))
    source = tmp_path / "p.jpg"
    first.save(source, "MPO", save_all=True, append_images=[second], quality=90, exif=build_camera_exif())
    for quality in (30, 100):
        target, _ = compress_file(source, quality, keep_metadata=False)
        with Image.open(target) as image:
            assert (image.format, dict(image.getexif())) == ("JPEG", {})
        assert compute_psnr(read_pixels(target).astype(np.uint8), np.asarray(first)) > 25


def test_a_requested_resolution_is_written(tmp_path: Path) -> None:
    for kind in ("jpg", "png"):
        target, _ = compress_file(save_photo("coffee.png", tmp_path, kind, side=64), 100, Output(dpi=300))
        with Image.open(target) as image:
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_another_format_may_be_requested(tmp_path: Path) -> None:
    target, outcome = compress_file(save_photo("coffee.png", tmp_path, "png", side=96), 50, Output(format="jpg"))
    assert outcome.format == "jpg"
    assert Image.open(target).format == "JPEG"


def test_the_output_quality_is_a_limit_too(tmp_path: Path) -> None:
    source = save_photo("coffee.png", tmp_path, "jpg", side=96, quality=98)
    twenty = compress_file(source, 20)[0].read_bytes()
    assert compress_file(source, 80, Output(quality=20))[0].read_bytes() == twenty
    assert compress_file(source, 20, Output(quality=80))[0].read_bytes() == twenty


def test_the_result_of_another_step_is_written_small_as_well(tmp_path: Path) -> None:
    source = save_photo("coffee.png", tmp_path, "jpg", side=64, quality=95)
    target = tmp_path / "result"
    flip = Step("denoise", {"auto_params": False, "remove_noise": 0, "sharpen": 80})
    for steps in ([flip, Step("compress", {"quality": 30})], [Step("compress", {"quality": 30}), flip]):
        process_file(source, target, steps, Output(), networks=NO_MODELS, report=lambda done: None)
        assert get_size(target) < 0.5 * get_size(source)
        assert (read_pixels(target) != read_pixels(source)).any()


def make_odd_file(folder: Path, kind: str) -> Path:
    """Make a file of the kind, one of `ODD`."""
    suffix, make = ODD[kind]
    return make(folder / f"odd.{suffix}")


def save_16_bit_noise(path: Path) -> Path:
    noise = np.random.default_rng(3).integers(0, 65536, (20, 24)).astype(np.uint16)
    return save_picture(Image.fromarray(noise), path)


def save_grey_photo(path: Path) -> Path:
    return save_picture(Image.fromarray(load_photo("camera.png", side=64)).convert("L"), path)


ODD: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "one px": ("png", lambda p: save_picture(Image.new("RGB", (1, 1), (9, 8, 7)), p)),
    "one px jpg": ("jpg", lambda p: save_picture(Image.new("L", (1, 1), 9), p)),
    "one column": ("png", lambda p: save_picture(make_halves(1, 30), p)),
    "one row jpg": ("jpg", lambda p: save_picture(make_halves(40, 1), p)),
    "grey": ("png", save_grey_photo),
    "grey jpg": ("jpg", save_grey_photo),
    "grey and alpha": ("png", lambda p: save_picture(draw_graphic().convert("LA"), p)),
    "one bit": ("png", lambda p: save_picture(make_halves(left=0, right=1, mode="1"), p)),
    "16 bit": ("png", make_16_bit_png),
    "16 bit noise": ("png", save_16_bit_noise),
    "palette": ("png", lambda p: save_picture(make_halves().quantize(2), p)),
    "alpha": ("png", lambda p: save_picture(draw_graphic(), p)),
    "all transparent": ("png", lambda p: save_picture(Image.new("RGBA", (16, 16), (200, 0, 0, 0)), p)),
    "cmyk": (
        "jpg",
        lambda p: save_picture(Image.fromarray(load_photo("coffee.png", side=64)).convert("CMYK"), p, quality=95),
    ),
    "animated": ("png", make_animated_png),
    "sequel": (
        "jpg",
        lambda p: save_picture(
            make_halves(), p, format="MPO", save_all=True, append_images=[make_halves(left=(0, 9, 9))]
        ),
    ),
}


def read_frames(path: Path) -> list[np.ndarray[Any, Any]]:
    with Image.open(path) as image:
        found = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            found.append(to_levels(image))
        return found


def to_levels(image: Image.Image) -> np.ndarray[Any, Any]:
    """Convert to RGBA of 0..65535: a file may store 16-bit levels as 8 bits if they lose nothing."""
    if image.mode.startswith("I"):
        grey = np.asarray(image).astype(int)
        return np.dstack([grey, grey, grey, np.full_like(grey, 65535)])
    return np.asarray(image.convert("RGBA")).astype(int) * 257


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(sorted(ODD)), quality=st.integers(0, 100))
def test_odd_pictures_keep_size_and_format_and_never_grow(tmp_path: Path, kind: str, quality: int) -> None:
    source = make_odd_file(tmp_path, kind)
    target, outcome = compress_file(source, quality)
    with Image.open(source) as before, Image.open(target) as after:
        assert after.size == before.size == (outcome.width, outcome.height)
        assert (after.format == "PNG") == (before.format == "PNG")
        after.load()
    assert get_size(target) <= get_size(source)


@pytest.mark.parametrize("kind", sorted(ODD))
def test_nothing_is_lost_at_100(tmp_path: Path, kind: str) -> None:
    source = make_odd_file(tmp_path, kind)
    target, _ = compress_file(source, 100)
    for before, after in zip(read_frames(source), read_frames(target), strict=True):
        assert (before == after).all()


def test_moving_pictures_keep_their_frames(tmp_path: Path) -> None:
    source = make_animated_png(tmp_path / "a.png")
    target, _ = compress_file(source, 10)
    assert len(read_frames(target)) == len(read_frames(source)) > 1


def test_a_damaged_trailer_does_not_stop_it(tmp_path: Path) -> None:
    file = io.BytesIO()
    make_halves().save(file, "PNG")
    source = tmp_path / "p.png"
    source.write_bytes(file.getvalue() + b"something behind the end")
    assert get_size(compress_file(source, 100)[0]) <= get_size(source)


@pytest.mark.parametrize("quality", [60, 100])
def test_damage_at_which_libjpeg_ends_its_process_does_not_end_the_worker(tmp_path: Path, quality: int) -> None:
    source = save_picture(Image.linear_gradient("L").resize((32, 32)), tmp_path / "p.jpg", quality=95)
    file = source.read_bytes()
    symbols = bytes((0x01, 0x02, 0x03, 0x00, 0x04, 0x11))  # the first of the usual Huffman table for AC coefficients
    # Coefficients of 15 bits, which decoders take and encoders refuse.
    source.write_bytes(file.replace(symbols, b"\x0f" + symbols[1:]))
    for keep_metadata in (True, False):
        target, outcome = compress_file(source, quality, keep_metadata=keep_metadata)
        assert (outcome.width, outcome.height) == (32, 32)
        assert Image.open(target).format == "JPEG"
