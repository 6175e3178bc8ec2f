"""34 megapixels fit into 2.5 GB of resident memory, measured in processes of their own.

Denoising all of it takes minutes (`python -m bench full` does, and docs/models.md has the figure). What it needs is at
most what the same job needs without the network, from the file to the file, and what the network needs over tiles
of the same picture: both are measured here, and their sum is held below the limit.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from bench.memory import HEIGHT, WIDTH
from vanceweb.engine.processing.inference.registry import NetworkRegistry

LIMIT_MB, LIMIT_OF_LARGE_RESULTS_MB = 2500, 3000
ROOT = Path(__file__).parents[3]


def peak(job: str, tiles: int = 0) -> int:
    command = [sys.executable, "-m", "bench.memory", str(settings.MODELS_DIR), job, str(tiles)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return int(done.stdout.split()[0])


@pytest.mark.slow
def test_matting(networks: NetworkRegistry) -> None:
    assert peak("matting") < LIMIT_MB


@pytest.mark.slow
@pytest.mark.parametrize("job", ["colour", "recolour"])
def test_colour(networks: NetworkRegistry, job: str) -> None:
    assert peak(job) < LIMIT_MB


@pytest.mark.slow
def test_denoise(networks: NetworkRegistry) -> None:
    assert peak("sharpen") + peak("denoise", tiles=5) < LIMIT_MB


@pytest.mark.slow
@pytest.mark.parametrize("module", ["enlarge3", "chainner", "real_esrgan"])
def test_twice_as_large(networks: NetworkRegistry, module: str) -> None:
    """With what the result takes beside: its px, and Pillow's copy of four bytes a px while it is written."""
    result = 4 * WIDTH * HEIGHT * (3 + 4) // 1024**2
    assert peak(module, tiles=4) + result < LIMIT_OF_LARGE_RESULTS_MB


@pytest.mark.slow
def test_sharpen3(networks: NetworkRegistry) -> None:
    assert peak("deconvolve") + peak("mend", tiles=5) < LIMIT_MB
