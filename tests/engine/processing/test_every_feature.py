"""Every feature on odd pictures with any parameters and the real networks: right size and mode, no exception.

Only cut-outs of most odd pictures, and those of which only the file is looked at, use a tiny network, while those with
any parameters use the real one.
"""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.conf import settings as site
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.catalogue.strategies import complete_steps
from tests.engine.processing.picture_files import build_camera_exif, get_srgb_profile, save_picture
from tests.engine.processing.sweeps import mark_slow
from tests.engine.processing.tiny_networks import write_tiny_network
from tests.png_samples import build_grey_profile, build_png, build_profile_chunk
from vanceweb.catalogue.features import compute_output_size, get_feature_by_module
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step, collect_guide_uids
from vanceweb.engine.processing.cutout.matting import U2NET
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import OPERATIONS, Outcome, process_file
from vanceweb.engine.processing.slots import BACKENDS
from vanceweb.lib.colour_profiles import build_grey_table

MODULES = sorted(OPERATIONS)
# These may colour a grey picture; the others keep it grey.
COLOURING_MODULES = {"deoldify2", "sd_recolor", "img2anime", "cartoonize", "animegan2"}
BACKEND_NAMES = {part for backend in BACKENDS for part in backend.name.split(", ")}
SavePicture = Callable[[int, int, Path], Path]


def make_noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Make noise of this mode, always the same for a size."""
    values = np.random.default_rng(width * 31 + height).integers(0, 256, (height, width, 4), dtype=np.uint8)
    image = Image.fromarray(values)
    return image if mode == "RGBA" else image.convert("L").quantize(7) if mode == "P" else image.convert(mode)


def save_16_bit(width: int, height: int, folder: Path) -> Path:
    values = np.asarray(make_noise(width, height, "L")).astype(np.uint16) * 257
    return save_picture(Image.fromarray(values), folder / "p.png")


def save_animation(width: int, height: int, folder: Path) -> Path:
    frames = [make_noise(width, height), Image.new("RGB", (width, height), (0, 255, 0))]
    frames[0].save(folder / "p.png", save_all=True, append_images=frames[1:], duration=100)
    return folder / "p.png"


def save_in_mode(mode: str, width: int, height: int, folder: Path) -> Path:
    return save_picture(make_noise(width, height, mode), folder / ("p.jpg" if mode == "CMYK" else "p.png"))


def save_turned(width: int, height: int, folder: Path) -> Path:
    """Save a picture that is stored turned; its upright size is `width` x `height`."""
    return save_picture(make_noise(height, width), folder / "p.jpg", exif=build_camera_exif(6), quality=95)


def save_with_profile(width: int, height: int, folder: Path) -> Path:
    return save_picture(make_noise(width, height), folder / "p.jpg", icc_profile=get_srgb_profile(), quality=95)


KINDS: Mapping[str, SavePicture] = {
    **{mode: functools.partial(save_in_mode, mode) for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "CMYK")},
    "16 bit": save_16_bit,
    "animated": save_animation,
    "turned": save_turned,
    "profile": save_with_profile,
}
GREY, WITH_ALPHA = {"L", "LA", "1", "16 bit"}, {"RGBA", "LA"}


# Each kind once, among them a single px, lines of px and very small pictures.
ODD_PICTURES = [("RGB", (1, 1)), ("RGBA", (1, 40)), ("L", (40, 1)), ("LA", (19, 13)), ("16 bit", (2, 3)),
                ("CMYK", (19, 13)), ("animated", (13, 19)), ("turned", (19, 13)), ("profile", (19, 13))]  # fmt: skip


def process(
    networks: NetworkRegistry, source: Path, steps: list[Step], output: Output | None = None
) -> tuple[Image.Image, Outcome, list[float]]:
    """Return the opened result, the outcome and the reported fractions. The source also serves as every guide."""
    told: list[float] = []
    target = source.with_name("result")
    guides = dict.fromkeys(collect_guide_uids(steps), source)
    outcome = process_file(
        source, target, steps, output or Output(), networks=networks, report=told.append, guides=guides
    )
    assert outcome.filesize == target.stat().st_size
    with Image.open(target) as image:
        image.load()
    return image, outcome, told


def check_result(
    networks: NetworkRegistry, folder: Path, kind: str, size: tuple[int, int], step: Step, output: Output | None = None
) -> None:
    output = output or Output()
    image, outcome, told = process(networks, KINDS[kind](*size, folder), [step], output)
    shown = image.size[::-1] if step.module == "compress" and image.getexif().get(0x0112) == 6 else image.size
    assert shown == (outcome.width, outcome.height) == compute_output_size([step], *size)
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 1)
    assert outcome.backend or outcome.notes
    assert set(outcome.backend.split(", ")) - {""} <= BACKEND_NAMES
    if step.module == "compress":
        return  # the result may be the unchanged source file
    see_through = kind in WITH_ALPHA or step.module == "matting"
    alpha = see_through and outcome.format == "png" and output.background is None
    modes = {"RGBA"} if alpha else {"RGB"}
    if kind in GREY:
        grey = {"LA"} if alpha else {"L"}
        modes = modes | grey if step.module in COLOURING_MODULES or output.background else grey
    assert image.mode in modes, kind


def build_default_step(module: str) -> Step:
    return Step(module, get_feature_by_module(module).complete_params({}))


# Their networks work at a fixed size: a single px takes them as long as a photo.
FIXED_SIZE_MODULES = {"matting", "deoldify2", "sd_recolor"}
QUICK_AND_SLOW_MODULES = [*sorted(set(MODULES) - FIXED_SIZE_MODULES), *mark_slow(*sorted(FIXED_SIZE_MODULES))]
QUICK_KINDS = {"LA"}
ODD_CASES = [
    pytest.param(
        module,
        kind,
        size,
        marks=[pytest.mark.slow] if module in FIXED_SIZE_MODULES and kind not in QUICK_KINDS else [],
        id=f"{module}-{kind}-{size[0]}x{size[1]}",
    )
    for module in MODULES
    for kind, size in ODD_PICTURES
]


@pytest.fixture(scope="module")
def brightness_as_mask(tmp_path_factory: pytest.TempPathFactory) -> NetworkRegistry:
    """A tiny network that finds the subject. The real one takes seconds and never sees a picture's size or mode."""
    folder = tmp_path_factory.mktemp("models")
    assert U2NET.interface
    write_tiny_network(folder / U2NET.files[0], U2NET.interface)
    return NetworkRegistry(folder, site.ENGINE_MODEL_THREADS)


@pytest.mark.parametrize(("module", "kind", "size"), ODD_CASES)
def test_odd_pictures(
    networks: NetworkRegistry,
    brightness_as_mask: NetworkRegistry,
    tmp_path: Path,
    module: str,
    kind: str,
    size: tuple[int, int],
) -> None:
    if module == "matting" and kind not in QUICK_KINDS:
        networks = brightness_as_mask
    check_result(networks, tmp_path, kind, size, build_default_step(module))


def measure_lightness(image: Image.Image) -> float:
    """Return the mean of L*."""
    lab = cv2.cvtColor(np.asarray(image.convert("RGB")).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return float(lab[..., 0].mean())


# With a step of each, a grey picture becomes coloured. The other modules keep it grey, with its profile.
COLOURING_OUTPUTS = {
    **dict.fromkeys(("deoldify2", "sd_recolor", "img2anime"), Output()),
    "matting": Output(background=(0, 80, 200)),
}


@pytest.mark.parametrize("module", QUICK_AND_SLOW_MODULES)
def test_a_grey_profile_stays_or_is_applied_in_every_feature(
    networks: NetworkRegistry, brightness_as_mask: NetworkRegistry, tmp_path: Path, module: str
) -> None:
    """Coloured, the picture looks like one that was converted to sRGB before."""
    profile = build_grey_profile(1.8)
    # A soft gradient counts as blurred, and img2sr takes half a minute to restore it.
    noise = np.asarray(make_noise(19, 13, "L"))[..., None].astype(int)
    levels = np.linspace(30, 220, 19 * 13).astype(int).reshape(13, 19, 1) if module in COLOURING_OUTPUTS else noise
    images = []
    for grey, chunks in ((levels, [build_profile_chunk(profile)]), (np.array(build_grey_table(profile))[levels], [])):
        source = tmp_path / "p.png"
        source.write_bytes(build_png(grey, *chunks))
        step, output = build_default_step(module), COLOURING_OUTPUTS.get(module, Output())
        images.append(process(brightness_as_mask if module == "matting" else networks, source, [step], output)[0])
        if module not in COLOURING_OUTPUTS:
            break
    image = images[0]
    if module not in COLOURING_OUTPUTS:
        assert (image.mode in ("L", "LA"), image.info["icc_profile"]) == (True, profile)
        return
    assert (image.mode, image.info.get("icc_profile")) == ("RGB", None)
    if module != "matting":  # its mask follows the samples
        assert measure_lightness(image) == pytest.approx(measure_lightness(images[1]), abs=0.5)


CHANNELS = st.integers(0, 255)


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
@settings(
    max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), width=st.integers(1, 24), height=st.integers(1, 24), kind=st.sampled_from(sorted(KINDS)))
def test_any_parameters(
    networks: NetworkRegistry, tmp_path: Path, module: str, data: st.DataObject, width: int, height: int, kind: str
) -> None:
    step = data.draw(complete_steps(get_feature_by_module(module)))
    output = Output(
        quality=data.draw(st.none() | st.integers(0, 100)),
        dpi=data.draw(st.none() | st.integers(0, 2000)),
        format=data.draw(st.sampled_from([None, "jpg", "png"])),
        background=data.draw(st.none() | st.tuples(CHANNELS, CHANNELS, CHANNELS)) if module == "matting" else None,
    )
    check_result(networks, tmp_path, kind, (width, height), step, output)


@pytest.mark.parametrize("module", QUICK_AND_SLOW_MODULES)
def test_output_settings_are_applied(
    networks: NetworkRegistry, brightness_as_mask: NetworkRegistry, tmp_path: Path, module: str
) -> None:
    networks = brightness_as_mask if module == "matting" else networks
    source = save_picture(make_noise(40, 30), tmp_path / "p.png")
    step = build_default_step(module)
    sizes = []
    for quality in (10, 100):
        output = Output(quality=quality, dpi=144, format="jpg", background=(9, 8, 7) if module == "matting" else None)
        image, outcome, _ = process(networks, source, [step], output)
        assert (image.format, image.mode, image.info["dpi"]) == ("JPEG", "RGB", (144, 144))
        sizes.append(outcome.filesize)
    if module != "compress":  # its own quality is a limit too
        assert sizes[0] < sizes[1]
    image, _, _ = process(networks, source, [step], Output(dpi=72, format="png"))
    assert image.format == "PNG"
    assert image.info["dpi"] == pytest.approx((72, 72), abs=0.1)


@pytest.mark.slow
def test_a_background_lies_behind_the_cut_out(networks: NetworkRegistry, tmp_path: Path) -> None:
    source = save_picture(make_noise(30, 20, "RGBA"), tmp_path / "p.png")
    image, _, _ = process(networks, source, [Step("matting")], Output(format="png", background=(9, 8, 7)))
    assert image.mode == "RGB"
    clear, _, _ = process(networks, source, [Step("matting")], Output(format="png"))
    nothing = np.asarray(clear.getchannel("A")) == 0
    assert nothing.any()
    assert (np.asarray(image)[nothing] == (9, 8, 7)).all()
