"""Processing from file to file with the real networks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

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
from tests.lib.peculiar_pictures import build_apng, build_mpo
from vanceweb.catalogue.features import ALL_FEATURES, compute_output_size
from vanceweb.catalogue.output import Format, Output
from vanceweb.catalogue.steps import ControlImage, Step
from vanceweb.engine.processing.errors import ProcessingError, WeightsMissing
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import OPERATIONS, Operation, Outcome, process_file

ENLARGE = Step("enlarge3", {"scale": 2, "suppress_noise": 40, "remove_blur": 60})
DENOISE = Step("denoise", {"auto_params": False, "remove_noise": 75, "sharpen": 75})
MATTING = Step("matting")


def process(
    networks: NetworkRegistry,
    source: Path,
    *steps: Step,
    output: Output | None = None,
    operations: Mapping[str, Operation] = OPERATIONS,
) -> tuple[Path, Outcome]:
    """Return the result's file and the outcome."""
    target = source.parent / "results" / "result"
    target.parent.mkdir(exist_ok=True)
    outcome = process_file(
        source,
        target,
        steps,
        output or Output(),
        networks=networks,
        report=lambda fraction: None,
        operations=operations,
    )
    assert [path.name for path in target.parent.iterdir()] == ["result"]
    return target, outcome


def test_the_outcome_describes_the_result(networks: NetworkRegistry, tmp_path: Path) -> None:
    source = save_picture(make_halves(), tmp_path / "p.jpg", quality=95)
    target, outcome = process(networks, source, DENOISE, ENLARGE)
    assert outcome == Outcome(96, 64, "jpg", target.stat().st_size, "srmd (ncnn), span+waifu2x-photo (ncnn)")
    with Image.open(target) as image:
        assert (image.format, image.size) == ("JPEG", (96, 64))


def cut_off_the_top(picture: Picture, *rest: object) -> Picture:
    """Stand for matting where only the file of a cut-out matters: its network takes a second."""
    alpha = np.full((picture.height, picture.width), 255, dtype=np.uint8)
    alpha[:4] = 0
    return picture.replace_pixels(picture.colours, alpha)


@pytest.mark.parametrize(
    ("suffix", "steps", "output", "expected"),
    [
        ("jpg", [DENOISE], Output(), "JPEG"),
        ("png", [DENOISE], Output(), "PNG"),
        ("jpg", [DENOISE], Output(format="png"), "PNG"),
        ("png", [ENLARGE], Output(format="jpg"), "JPEG"),
        ("jpg", [MATTING], Output(), "PNG"),
        ("jpg", [MATTING], Output(background=(1, 2, 3)), "JPEG"),
        ("jpg", [DENOISE, MATTING], Output(format="jpg"), "JPEG"),
    ],
)
def test_the_format_of_the_result(
    networks: NetworkRegistry, tmp_path: Path, suffix: str, steps: list[Step], output: Output, expected: str
) -> None:
    source = save_picture(make_halves(), tmp_path / f"p.{suffix}")
    target, outcome = process(
        networks, source, *steps, output=output, operations=OPERATIONS | {"matting": cut_off_the_top}
    )
    with Image.open(target) as image:
        assert image.format == expected
        assert image.mode == ("RGBA" if steps == [MATTING] and not output.background else "RGB")
    assert outcome.format == {"JPEG": "jpg", "PNG": "png"}[expected]


def make_odd_files(folder: Path) -> dict[str, tuple[Path, int, int]]:
    """Save pictures of every odd kind, red or dark on the left; return them with the red levels left and right."""
    grey = {"left": 40, "right": 200}
    palette = make_halves().quantize(2)
    return {
        "grey": (save_picture(make_halves(**grey, mode="L"), folder / "l.png"), 40, 200),
        "grey and alpha": (save_picture(make_halves(left=(40, 255), right=(200, 255), mode="LA"), folder / "la.png"),
                           40, 200),
        "one bit": (save_picture(make_halves(left=0, right=1, mode="1"), folder / "1.png"), 0, 255),
        "16 bit": (make_16_bit_png(folder / "16.png"), 51, 204),
        "palette": (save_picture(palette, folder / "p.png"), 220, 20),
        "palette and alpha": (save_picture(palette, folder / "pa.png", transparency=bytes([255, 250])), 220, 20),
        "cmyk": (save_picture(make_halves().convert("CMYK"), folder / "c.jpg", quality=100), 220, 20),
        "animated": (make_animated_png(folder / "a.png"), 220, 20),
        "turned": (save_picture(make_halves().transpose(Image.Transpose.ROTATE_90), folder / "t.jpg", quality=100,
                         exif=build_camera_exif(6)), 220, 20),
        "with profile": (save_picture(make_halves(), folder / "i.png", icc_profile=get_srgb_profile()), 220, 20),
    }  # fmt: skip


@pytest.mark.parametrize("step", [ENLARGE, DENOISE], ids=lambda step: step.module)
def test_odd_files_are_processed_correctly(networks: NetworkRegistry, tmp_path: Path, step: Step) -> None:
    for kind, (source, left, right) in make_odd_files(tmp_path).items():
        target, outcome = process(networks, source, step)
        assert (outcome.width, outcome.height) == compute_output_size([step], 48, 32), kind
        pixels = read_pixels(target)
        zoom = outcome.width // 48
        found = pixels[10 * zoom : 22 * zoom, 8 * zoom, 0].mean(), pixels[10 * zoom : 22 * zoom, 40 * zoom, 0].mean()
        assert found == pytest.approx((left, right), abs=10), kind


def test_a_file_with_a_palette_and_alpha_can_be_cut_out(networks: NetworkRegistry, tmp_path: Path) -> None:
    target, outcome = process(networks, make_odd_files(tmp_path)["palette and alpha"][0], MATTING)
    with Image.open(target) as image:
        assert image.has_transparency_data
        assert image.size == (outcome.width, outcome.height) == (48, 32)


MODES = st.sampled_from(["RGB", "RGBA", "L", "LA", "P", "1"])


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    width=st.integers(1, 24),
    height=st.integers(1, 24),
    mode=MODES,
    module=st.sampled_from(["enlarge3", "denoise"]),
    scale=st.sampled_from([2, 4, 6, 8]),
    quality=st.none() | st.integers(0, 100),
    dpi=st.none() | st.integers(0, 2000),
    file_format=st.none() | st.sampled_from(["jpg", "png"]),
)
def test_any_small_picture_is_processed(
    networks: NetworkRegistry, tmp_path: Path, width: int, height: int, mode: str, module: str, scale: int, **out: Any
) -> None:
    noise = np.random.default_rng(width * 31 + height).integers(0, 256, (height, width, 4), dtype=np.uint8)
    source = save_picture(Image.fromarray(noise).convert(mode), tmp_path / "p.png")
    step = Step(module, {"scale": scale, "suppress_noise": 40, "remove_blur": 60, **DENOISE.params})
    output = Output(quality=out["quality"], dpi=out["dpi"], format=out["file_format"])
    target, outcome = process(networks, source, step, output=output)
    with Image.open(target) as image:
        image.load()
        assert image.size == (outcome.width, outcome.height) == compute_output_size([step], width, height)


def test_progress_rises_to_one(networks: NetworkRegistry, tmp_path: Path) -> None:
    told: list[float] = []
    source = save_picture(make_halves(400, 40), tmp_path / "p.png")
    process_file(source, tmp_path / "r", [DENOISE, ENLARGE], Output(), networks=networks, report=told.append)
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 1)
    assert len(told) >= 6


@pytest.mark.parametrize("step", [ENLARGE, DENOISE, *mark_slow(MATTING)], ids=lambda step: step.module)
def test_an_exception_in_report_stops_the_work_and_leaves_no_file(
    networks: NetworkRegistry, tmp_path: Path, step: Step
) -> None:
    class Cancelled(Exception):
        pass

    def cancel(fraction: float) -> None:
        if fraction > 0:
            raise Cancelled

    folder = tmp_path / "results"
    folder.mkdir()
    with pytest.raises(Cancelled):
        process_file(
            save_picture(make_halves(), tmp_path / "p.png"),
            folder / "r",
            [step],
            Output(),
            networks=networks,
            report=cancel,
        )
    assert list(folder.iterdir()) == []


def test_guides_are_no_larger_than_a_drawing_can_follow(networks: NetworkRegistry, tmp_path: Path) -> None:
    seen = []

    def record(picture: Picture, *rest: object) -> Picture:
        seen.extend((guide.picture.width, guide.picture.height) for guide in picture.guides if guide.picture)
        return picture

    source, large = (
        save_picture(make_halves(), tmp_path / "p.png"),
        save_picture(Image.new("RGB", (3000, 1500)), tmp_path / "large.png"),
    )
    step = Step("img2anime", {}, tuple(ControlImage(uid, "cartoon_tile") for uid in ("small", "large")))
    process_file(source, tmp_path / "r", [step], Output(), networks=networks, report=lambda fraction: None,
                 guides={"small": source, "large": large}, operations={"img2anime": record})  # fmt: skip
    assert seen == [(48, 32), (2048, 1024)]


def test_an_unknown_module_is_refused(tmp_path: Path) -> None:
    source = save_picture(make_halves(), tmp_path / "p.png")
    with pytest.raises(ProcessingError, match="mirror"):
        process_file(
            source, tmp_path / "r", [Step("mirror")], Output(), networks=NetworkRegistry(tmp_path), report=print
        )


def test_missing_weights_are_named_with_the_remedy(tmp_path: Path) -> None:
    source = save_picture(make_halves(), tmp_path / "p.png")
    for step in (ENLARGE, DENOISE, MATTING):
        with pytest.raises(WeightsMissing, match=r"manage\.py install_models"):
            process_file(
                source,
                tmp_path / "r",
                [step],
                Output(),
                networks=NetworkRegistry(tmp_path),
                report=lambda fraction: None,
            )


def test_a_result_too_long_for_jpg_is_refused_before_any_work(tmp_path: Path) -> None:
    source = save_picture(Image.new("RGB", (9000, 1)), tmp_path / "p.jpg")
    step = Step("enlarge3", {"scale": 8, "suppress_noise": 0, "remove_blur": 0})
    with pytest.raises(ProcessingError, match="72000 x 8 px"):
        process_file(
            source, tmp_path / "r", [step], Output(), networks=NetworkRegistry(tmp_path), report=lambda fraction: None
        )


def test_every_feature_of_the_catalogue_has_an_operation() -> None:
    assert set(OPERATIONS) == {feature.module for feature in ALL_FEATURES}


PECULIAR = {"mpo": build_mpo(), "apng": build_apng()}


@pytest.mark.parametrize(("kind", "count"), [("mpo", 2), ("apng", 3)])
def test_dropped_pictures_are_told(networks: NetworkRegistry, tmp_path: Path, kind: str, count: int) -> None:
    source = tmp_path / "source"
    source.write_bytes(PECULIAR[kind])
    unchanged = Step("denoise", {"auto_params": False, "remove_noise": 0, "sharpen": 0})
    _target, outcome = process(networks, source, unchanged)
    assert f"The file has {count} pictures: only the first was worked on." in outcome.notes


@pytest.mark.parametrize("kind", list(PECULIAR))
@pytest.mark.parametrize(("format", "dropped"), [(None, False), ("other", True)])
def test_pictures_that_compress_keeps_are_not_called_dropped(
    networks: NetworkRegistry, tmp_path: Path, kind: str, format: str | None, dropped: bool
) -> None:
    source = tmp_path / "source"
    source.write_bytes(PECULIAR[kind])
    other: Format = "jpg" if kind == "apng" else "png"
    step = Step("compress", {"quality": 100, "keep_metadata": True})
    _target, outcome = process(networks, source, step, output=Output(format=other if format else None))
    assert any("only the first" in note for note in outcome.notes) is dropped
