"""Every older config in the API's list that clients still send, parsed and processed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.engine.processing.photos import load_photo
from tests.engine.processing.picture_files import save_picture
from vanceweb.catalogue.jconfig import parse_jconfig
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import process_file

SIDE = 48
# Enlarging is most of the work: a smaller picture is enlarged by 16.
LONGEST_RESULT_SIDE = 384


def build_config(name: str, module: str, model: str, **params: Any) -> dict[str, Any]:
    """Build a config with `job` instead of `name`, the older spelling."""
    return {"job": name, "config": {"module": module, "module_params": {"model_name": model, **params}}}


# The config, the current module that does it (the first of two), and the scale of the result.
CONFIGS = [
    (build_config("enlarge", "enlarge", "EnlargeStable", scale="2x", suppress_noise=26, remove_blur=26), "enlarge3", 2),
    (build_config("enlarge", "enlarge", "EnlargeStable", scale="4x", auto_params=True), "enlarge3", 4),
    (build_config("sharpen", "sharpen", "SharpenStable", sharpness=80, suppress_noise=10, auto_params=False),
     "sharpen3", 1),
    (build_config("sharpen", "sharpen", "SharpenStable", auto_params=True), "sharpen3", 1),
    (build_config("debouncing", "debouncing", "DebouncingStable", sharpness=50, suppress_noise=50), "sharpen3", 1),
    (build_config("portrait_matting", "portrait_matting", "PortraitMattingStable", no_face_blur=True), "matting", 1),
    (build_config("matting", "matting", "MattingStable", rescale=532), "matting", 1),
    (build_config("waifu", "waifu", "models-cunet", noise_level=1, scale="2x"), "real_esrgan", 2),
    (build_config("waifu", "waifu", "models-upconv_7_anime_style_art_rgb", noise_level=0, scale="2x"), "chainner", 2),
    (build_config("jpeg_artifact", "hinet_jpeg", "HinetStable"), "sharpen3", 1),
    (build_config("deblur", "hinet_jpeg", "HinetStable"), "sharpen3", 1),
    (build_config("waifu", "waifu", "models-cunet", noise_level=0, scale="16x"), "chainner", 16),
    (build_config("enlarge", "enlarge", "enlargestable", scale="1x", suppress_noise=20, remove_blur=20), "denoise", 1),
    (build_config("chainner", "chainner", "Text_4x_TextSharpV1", scale=2), "chainner", 2),
    (build_config("sharpen", "sharpen3", "SharpenMotionBlurStable", remove_blur=0.4), "sharpen3", 1),
    (build_config("sharpen_auto", "sharpen_auto", "DpedSharpenStable"), "sharpen3", 1),
    (build_config("dehazing", "dehazing", "DehazingStable", contrast=1, brightness=20), "dehazing", 1),
    (build_config("se-dehazing", "se-dehazing", "DehazingStable"), "dehazing", 1),
    (build_config("perfect", "perfect", "perfect_2k"), "perfect", 1),
    (build_config("sketch", "sketch", "SketchStable", single_face=False, sigma=0, alpha=0), "sketch", 1),
    (build_config("portrait", "portrait", "PortraitStable"), "sketch", 1),
    (build_config("repair", "repair", "RepairStable", with_scratch=True, inpainting=False), "crease_repair", 1),
    (build_config("repair", "repair", "RepairStable", with_scratch=False, inpainting=False), "img2sr", 1),
    (build_config("colorize", "deoldify", "ColorizeStable_pth", render_factor=20), "deoldify2", 1),
    (build_config("colorize", "colorize", "ColorizeStable", render_factor=35), "deoldify2", 1),
    ({"name": "compress", "config": {"module": "compress", "kind": "toolkit", "dist": "image",
                                     "module_params": {"quality": 40}}}, "compress", 1),
]  # fmt: skip


# Their networks take a second for the smallest picture.
SLOW_MODULES = {"matting", "deoldify2"}
QUICK_AND_SLOW_CONFIGS = [
    pytest.param(*config, marks=[pytest.mark.slow] if config[1] in SLOW_MODULES else []) for config in CONFIGS
]


@pytest.mark.parametrize(
    ("sent", "module", "scale"),
    QUICK_AND_SLOW_CONFIGS,
    ids=lambda value: value["config"]["module"] if isinstance(value, dict) else "",
)
def test_an_older_config_is_done_by_a_current_feature(
    networks: NetworkRegistry, tmp_path: Path, sent: dict[str, Any], module: str, scale: int
) -> None:
    side = min(SIDE, LONGEST_RESULT_SIDE // scale)
    source = save_picture(Image.fromarray(load_photo("coffee.png", side=side)), tmp_path / "p.jpg", quality=60)
    steps, output = parse_jconfig(sent)
    assert steps[0].module == module
    outcome = process_file(source, tmp_path / "r", steps, output, networks=networks, report=lambda fraction: None)
    with Image.open(tmp_path / "r") as image:
        assert image.size == (outcome.width, outcome.height) == (side * scale, side * scale)
        small = image.convert("RGB").resize((side, side), Image.Resampling.BOX)
    with Image.open(source) as before:
        # Still the same picture: the feature changes it, but doesn't replace it.
        assert np.corrcoef(np.asarray(small).ravel(), np.asarray(before).ravel())[0, 1] > 0.7
