"""Peak memory of one job on a picture of 34 megapixels, in a process of its own.

`python -m bench.memory MODELS_DIR JOB [SHARE [PICTURE]]` prints MB and seconds; with SHARE, the job ends once that
share is done. A job is a feature's module, with its defaults, or one of the special jobs in `JOBS`. PICTURE is a file
that `write_picture` has written before, for several jobs.
"""

import contextlib
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import FEATURES
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import ControlImage, Step
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import process_file

WIDTH, HEIGHT = 6720, 5056  # 33,976,320 px, the largest upload being 34,000,000


def build_default_step(feature: Feature) -> Step:
    """Return a step of the feature with its defaults, with the picture itself as control image for styles."""
    guides = (ControlImage(None, "cartoon_lineart"), ControlImage(None, "cartoon_tile")) if feature.styles else ()
    return Step(feature.module, feature.complete_params({}), guides)


JOBS = {
    **{feature.module: build_default_step(feature) for feature in FEATURES},
    "denoise": Step("denoise", {"auto_params": True}),
    "sharpen": Step("denoise", {"auto_params": False, "remove_noise": 0, "sharpen": 50}),
    "mend": Step(
        "sharpen3",
        {
            "autoparams": False,
            "automodel": True,
            "blur_type": 0,
            "remove_blur": 1.0,
            "suppress_noise": 1.0,
            "remove_artifacts": 1.0,
        },
    ),
    "deconvolve": Step(
        "sharpen3",
        {
            "autoparams": False,
            "automodel": False,
            "blur_type": 0,
            "remove_blur": 1.0,
            "suppress_noise": 0.0,
            "remove_artifacts": 0.0,
        },
    ),
    "restore": Step("img2sr", {"face_enhancer": True, "strength": 1.0}),
    "colour": Step("deoldify2", {"render_factor": 70}),
    "recolour": Step("sd_recolor", {"prompt": "blue sky, red flower, green", "negative_prompt": "purple"}),
}


SOFT = ("restore",)  # jobs that skip sharp pictures
SOFT_EDGE, SOFT_NOISE = 12.0, 2.0  # width of the disc's edge in px, and noise in levels, of a soft picture


class ShareDone(Exception):
    """The requested share of the job is done."""


def write_picture(path: Path, *, soft: bool = False) -> None:
    """Write a noisy disc on a gradient as a JPG, strip by strip, so that this costs little memory itself.

    A `soft` disc has an edge out of focus and little noise.
    """
    edge, noise = (SOFT_EDGE, SOFT_NOISE) if soft else (1e-3, 6.0)
    image = Image.new("RGB", (WIDTH, HEIGHT))
    rng = np.random.default_rng(34)
    across = np.arange(WIDTH)
    for top in range(0, HEIGHT, 128):
        rows = np.arange(top, min(top + 128, HEIGHT))[:, None]
        within = HEIGHT / 3 - np.hypot(rows - HEIGHT / 2, across - WIDTH / 2)
        inside = np.clip(within / edge + 0.5, 0, 1)[:, :, None]
        strip = inside * [200, 80, 40] + (1 - inside) * [60, 90, 150] + (rows / 100)[:, :, None]
        strip = strip + rng.normal(0, noise, strip.shape)
        image.paste(Image.fromarray(np.clip(strip, 0, 255).astype(np.uint8)), (0, top))
    image.save(path, quality=88)


def read_peak_megabytes() -> int:
    """Return this process's peak resident memory, in MB of 1024 x 1024 bytes.

    It comes from the kernel's record of this program: `ru_maxrss` includes the memory of the parent process.
    """
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def main(directory: str, job: str, share: str = "1", picture: str = "") -> None:
    """Run the job and print peak MB and seconds."""

    def report(fraction: float) -> None:
        if float(share) <= fraction < 1:
            raise ShareDone

    with tempfile.TemporaryDirectory() as folder:
        source = Path(picture or Path(folder) / "large.jpg")
        if not picture:
            write_picture(source, soft=job in SOFT)
        before = time.perf_counter()
        with contextlib.suppress(ShareDone):
            networks = NetworkRegistry(Path(directory))
            process_file(source, Path(folder) / "r", [JOBS[job]], Output(), networks=networks, report=report)
        seconds = time.perf_counter() - before
    print(read_peak_megabytes(), round(seconds, 1))


if __name__ == "__main__":
    main(*sys.argv[1:])
