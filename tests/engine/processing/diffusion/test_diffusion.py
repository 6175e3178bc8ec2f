"""img2anime and sd_recolor with a tiny Stable Diffusion of random weights, which is saved, loaded and run.

`make test-diffusion` runs these tests; they are skipped without the packages of requirements/diffusion.in.
"""

import importlib
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.conf import settings

from tests.engine.processing.photos import load_photo
from vanceweb.engine.processing.colour.recolouring import COLOUR_WORDS, DIFFUSED_COLOUR, recolour
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Guide, Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.stylise.redrawing import DIFFUSED_STYLE, DRAWN_STYLE, redraw

for package in ("torch", "diffusers", "transformers", "peft"):
    pytest.importorskip(package, reason=f"{package} is not installed (requirements/diffusion.in)")
tiny = importlib.import_module("tests.engine.processing.diffusion.tiny_diffusion")  # imports these packages

INSTALLED = Path(settings.MODELS_DIR)
KINDS = {"tile": 11, "lineart": 12, "canny": 13, "normal": 14, "recolor": 15}


def ignore_progress(fraction: float) -> None:
    pass


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's own models: one base model under two names, one for colours, a ControlNet of each kind and a LoRA."""
    folder = tmp_path_factory.mktemp("saved") / "diffusion"
    for name in ("toonyou_beta3", "meinamix_meinaV9", "sd_recolor"):
        tiny.save_base(folder / name)
    for kind, seed in KINDS.items():
        tiny.save_control(folder / "controlnet" / kind, seed)
    (folder / "lora").mkdir()
    tiny.save_lora(folder / "lora" / "ghibli_style_offset.safetensors")
    return folder


@pytest.fixture
def brought(saved: Path, tmp_path: Path) -> Path:
    """A models directory with the weights that set-up installs, and a copy of the user's own models."""
    if not (INSTALLED / "realesrgan").is_dir():
        pytest.skip("model weights are not installed: realesrgan")
    for folder in INSTALLED.iterdir():
        if folder.is_dir():
            (tmp_path / folder.name).symlink_to(folder)
    shutil.copytree(saved, tmp_path / "diffusion")
    return tmp_path


@pytest.fixture
def given() -> Pixels:
    return load_photo("astronaut.png")[16:272, 112:368][::4, ::4].copy()


def redraw_photo(
    given: Pixels,
    folder: Path | NetworkRegistry,
    style: str = "style2",
    guides: tuple[Guide, ...] = (),
    *,
    prompt: str = "red",
    overwrite: bool = False,
    strength: float = 0.75,
) -> Picture:
    params = {"model_name": style, "prompt": prompt, "overwrite": overwrite, "denoising_strength": strength}
    networks = folder if isinstance(folder, NetworkRegistry) else NetworkRegistry(folder)
    return redraw(Picture(given, guides=guides), params, networks, ignore_progress)


def measure_difference(one: Pixels, other: Pixels) -> float:
    """Return the mean difference in levels."""
    return float(np.abs(one.astype(int) - other).mean())


def test_a_style_with_its_base_model_is_painted_by_it(given: Pixels, brought: Path) -> None:
    made = redraw_photo(given, brought)
    assert made.made_by == (DIFFUSED_STYLE.name,)
    assert made.notes == ()
    assert made.colours.shape == given.shape
    assert measure_difference(made.colours, given) > 5
    assert np.array_equal(redraw_photo(given, brought).colours, made.colours)


def test_a_style_without_its_base_model_is_drawn(given: Pixels, brought: Path) -> None:
    made = redraw_photo(given, brought, "style1")
    assert made.made_by[0] == DRAWN_STYLE.name


def test_prompt_and_overwrite_are_passed(given: Pixels, brought: Path) -> None:
    networks = NetworkRegistry(brought)
    red, blue, alone = (
        redraw_photo(given, networks, prompt=prompt, overwrite=overwrite).colours
        for prompt, overwrite in (("red", False), ("a blue night", False), ("red", True))
    )
    assert measure_difference(red, blue) > 0.01
    assert measure_difference(red, alone) > 0.01


def test_strength_is_passed(given: Pixels, brought: Path) -> None:
    networks = NetworkRegistry(brought)
    none, some, much = (redraw_photo(given, networks, strength=strength).colours for strength in (0, 0.3, 1))
    assert measure_difference(none, given) < 12  # only enlarged by the network for drawings and shrunk again
    assert measure_difference(some, much) > 1


def test_steps_are_reported_and_a_stop_is_passed_on(given: Pixels, brought: Path) -> None:
    class StopNow(Exception):
        pass

    fractions: list[float] = []

    def report(fraction: float) -> None:
        fractions.append(fraction)
        if len(fractions) == 3:
            raise StopNow

    params = {"model_name": "style2", "prompt": "", "overwrite": False, "denoising_strength": 0.75}
    with pytest.raises(StopNow):
        redraw(Picture(given), params, NetworkRegistry(brought), report)
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < 0.2


@pytest.mark.parametrize("cn_name", ["cartoon_tile", "cartoon_lineart", "cartoon_canny", "cartoon_normal"])
def test_the_guide_s_own_controlnet_is_used_with_the_guide_s_picture(
    cn_name: str, given: Pixels, brought: Path
) -> None:
    networks = NetworkRegistry(brought)
    other = Picture(load_photo("coffee.png", side=64))
    without = redraw_photo(given, networks).colours
    itself = redraw_photo(given, networks, guides=(Guide(cn_name, None),))
    guided = redraw_photo(given, networks, guides=(Guide(cn_name, other),))
    assert itself.notes == guided.notes == ()
    assert measure_difference(itself.colours, without) > 0.5
    assert measure_difference(guided.colours, itself.colours) > 0.1


def test_two_guides_together(given: Pixels, brought: Path) -> None:
    networks = NetworkRegistry(brought)
    both = redraw_photo(given, networks, guides=(Guide("cartoon_lineart", None), Guide("cartoon_tile", None))).colours
    one = redraw_photo(given, networks, guides=(Guide("cartoon_tile", None),)).colours
    assert measure_difference(both, one) > 0.1


def test_a_missing_controlnet_is_left_out_and_named(given: Pixels, brought: Path) -> None:
    shutil.rmtree(brought / "diffusion" / "controlnet" / "tile")
    made = redraw_photo(given, brought, guides=(Guide("cartoon_tile", None),))
    assert made.made_by == (DIFFUSED_STYLE.name,)
    assert made.notes == ("The guide cartoon_tile was left out: diffusion/controlnet/tile is not installed.",)


def test_the_style_s_lora_is_used_if_present(given: Pixels, brought: Path) -> None:
    with_lora = redraw_photo(given, brought, "Ghibli_boy").colours
    (brought / "diffusion" / "lora" / "ghibli_style_offset.safetensors").unlink()
    assert measure_difference(redraw_photo(given, brought, "Ghibli_boy").colours, with_lora) > 0.01


@pytest.mark.parametrize("file", ["unet/config.json", "unet/diffusion_pytorch_model.safetensors", "model_index.json"])
def test_a_broken_folder_is_skipped_and_reported_with_the_reason(file: str, given: Pixels, brought: Path) -> None:
    (brought / "diffusion" / "toonyou_beta3" / file).write_bytes(b"broken")
    made = redraw_photo(given, brought)
    assert made.made_by[0] == DRAWN_STYLE.name
    assert made.notes[0].startswith("diffusion/toonyou_beta3 cannot be used: it is damaged or not a diffusers folder")


def test_colours_from_words_keep_the_lightness_of_the_picture(given: Pixels, brought: Path) -> None:
    grey = np.dstack([cv2.cvtColor(given, cv2.COLOR_RGB2GRAY)] * 3)
    networks = NetworkRegistry(brought)
    params = {"prompt": "red", "negative_prompt": "blue"}
    made = recolour(Picture(grey, grey=True), params, networks, ignore_progress)
    assert made.made_by == (DIFFUSED_COLOUR.name,)
    assert not made.grey
    light = [cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[..., 0].astype(int) for pixels in (grey, made.colours)]
    assert np.abs(light[0] - light[1]).mean() < 4
    shutil.rmtree(brought / "diffusion" / "controlnet" / "recolor")
    assert (
        measure_difference(
            recolour(Picture(grey), params, NetworkRegistry(brought), ignore_progress).colours, made.colours
        )
        > 0.01
    )


def test_colours_from_words_fall_back_to_the_engine_s_own_if_the_folder_is_broken(given: Pixels, brought: Path) -> None:
    (brought / "diffusion" / "sd_recolor" / "model_index.json").unlink()
    made = recolour(Picture(given), {"prompt": "", "negative_prompt": ""}, NetworkRegistry(brought), ignore_progress)
    assert COLOUR_WORDS.name in made.made_by
    assert made.notes[0].startswith("diffusion/sd_recolor")


def test_odd_sizes(brought: Path) -> None:
    networks = NetworkRegistry(brought)
    for shape in ((1, 1), (1, 90), (70, 3)):
        pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
        assert redraw_photo(pixels, networks, guides=(Guide("cartoon_canny", None),)).colours.shape == pixels.shape
