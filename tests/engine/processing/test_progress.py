"""Every feature reports its progress in small steps and stops at any of them, with the real networks."""

import functools
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.engine.processing.damage import add_damage
from tests.engine.processing.photos import add_noise, load_photo
from tests.engine.processing.picture_files import save_picture
from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.engine.processing.colour.prediction import GRAIN_SEARCH, remove_grain
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.progress import ignore_progress, keep_rising, split_report
from vanceweb.engine.processing.inference.interruption import Interruption
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import OPERATIONS, process_file

LEAST_STEPS = 8  # different fractions of each feature, even with a tiny picture
LARGEST_JUMP = 0.7  # of the progress at once: in a tiny picture, filling in its one tile is a single native call
# So is each network's run on one small face.
LARGEST_JUMPS = {"CodeFormer": 0.85, "img2sr": 0.85}
SIDE = 112  # px of the picture; the face in it has to be found
# Tiny pictures suffice where no face is looked for, and enlarging them by 6 or 8 takes a fifth of the time.
SIDES = {"enlarge3": 48, "real_esrgan": 48}
HEAVY = {"CodeFormer", "img2sr"}  # Real-ESRGAN takes seconds for a face
PARAMS = {
    "enlarge3": {"scale": 8},
    "real_esrgan": {"scale": "6x"},
    "img2anime": {"model_name": "Ghibli_boy"},
    "img2sr": {"face_enhancer": True, "strength": 1.0},
    "sd_recolor": {"prompt": "blue sky, red flower", "negative_prompt": "purple"},
    "sharpen3": {
        "autoparams": False,
        "automodel": False,
        "blur_type": 0,
        "remove_blur": 1.0,
        "suppress_noise": 1.0,
        "remove_artifacts": 1.0,
    },
}


class Stop(Exception):
    pass


def build_step(module: str) -> Step:
    return Step(module, get_feature_by_module(module).complete_params(PARAMS.get(module, {})))


@functools.cache
def make_photo() -> Pixels:
    """Make a small, soft, noisy and scratched photo of a face."""
    face = load_photo("astronaut.png")[24:216, 128:320]
    small = Image.fromarray(face).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    scratched, _ = add_damage(np.asarray(small), seed=3)
    return add_noise(scratched, 4)


@pytest.fixture
def source(tmp_path: Path, module: str) -> Path:
    side = SIDES.get(module, SIDE)
    return save_picture(Image.fromarray(make_photo()[:side, :side]), tmp_path / "p.png")


def process(
    networks: NetworkRegistry, source: Path, step: Step, report: Callable[[float], None], interruption: Interruption
) -> None:
    process_file(
        source,
        source.parent / "results" / "r",
        [step],
        Output(),
        networks=networks,
        report=report,
        interruption=interruption,
    )


MODULES = [pytest.param(module, marks=[pytest.mark.slow] if module in HEAVY else []) for module in sorted(OPERATIONS)]


@pytest.mark.parametrize("module", MODULES)
def test_progress_rises_in_small_steps_and_a_run_stops_at_each(
    networks: NetworkRegistry, source: Path, module: str
) -> None:
    results = source.parent / "results"
    results.mkdir()
    told: list[float] = []
    process(networks, source, build_step(module), told.append, Interruption())
    assert (told[0], told[-1]) == (0, 1)
    assert told == sorted(told)
    assert len(set(told)) >= LEAST_STEPS
    assert max(after - before for before, after in pairwise(told)) <= LARGEST_JUMPS.get(module, LARGEST_JUMP)
    (results / "r").unlink()
    # A request is noticed at the next report, and the result is complete before the reports of 1.
    latest = sum(fraction < 1 for fraction in told) - 2
    for last in sorted({1, min(len(told) * 2 // 3, latest)}):
        check_stops_at(networks, source, module, last)
        assert list(results.iterdir()) == []


def check_stops_at(networks: NetworkRegistry, source: Path, module: str, last: int) -> None:
    """Check that an exception of the report with this number ends the run, and that a request then does the same."""
    for requested in (False, True):
        told: list[float] = []
        interruption, error = Interruption(), Stop()

        def report(
            fraction: float,
            told: list[float] = told,
            interruption: Interruption = interruption,
            error: Stop = error,
            requested: bool = requested,
        ) -> None:
            told.append(fraction)
            if len(told) > last:
                if not requested:
                    raise error
                interruption.request(error)

        with pytest.raises(Stop) as stop:
            process(networks, source, build_step(module), report, interruption)
        assert stop.value is error
        assert len(told) == last + 1


def test_a_picture_is_encoded_in_steps(networks: NetworkRegistry, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (900, 900, 3), dtype=np.uint8)
    for suffix in ("png", "jpg"):
        told: list[float] = []
        source = save_picture(Image.fromarray(noise), tmp_path / f"p.{suffix}")
        process_file(
            source,
            tmp_path / "r",
            [Step("denoise")],
            Output(),
            networks=networks,
            report=told.append,
            operations={"denoise": lambda picture, *rest: picture},
        )
        assert len(set(told)) >= 5, suffix


def test_grain_is_removed_in_strips_as_in_one_piece() -> None:
    grey = np.random.default_rng(2).integers(0, 256, (300, 90), dtype=np.uint8)
    whole = cv2.fastNlMeansDenoising(grey, h=12.0, searchWindowSize=GRAIN_SEARCH)
    assert (remove_grain(grey, 12.0, ignore_progress) == whole).all()


def test_parts_of_the_progress_join_without_a_gap() -> None:
    told: list[float] = []
    for part in split_report(told.append, (1, 0, 3)):
        part(0.0)
        part(1.0)
    assert told == [0, 0.25, 0.25, 0.25, 0.25, 1]


def test_progress_never_falls() -> None:
    told: list[float] = []
    report = keep_rising(told.append)
    for fraction in (0.2, 0.1, 1.2, 0.5):
        report(fraction)
    assert told == [0.2, 0.2, 1.0, 1.0]
