"""34 megapixels fit into 2.5 GB of resident memory, measured in separate processes.

Denoising such a picture takes minutes (`python -m bench full` does it; docs/models.md has the figure). Its peak is at
most the sum of two parts: the same job from file to file without the network, and the network on tiles of the same
picture. These tests measure both parts and check that their sum stays below the limit.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from bench.memory import HEIGHT, WIDTH
from vanceweb.engine.processing.inference.registry import NetworkRegistry

LIMIT_MB, LIMIT_OF_LARGE_RESULTS_MB = 2500, 3000
# The share of a job that covers some tiles of its network: all tiles have one size.
SOME_TILES = 0.02
ROOT = Path(__file__).parents[3]


def measure_peak(job: str, share: float = 1) -> int:
    """Return the peak of resident memory in MB until this share of the job is done."""
    command = [sys.executable, "-m", "bench.memory", str(settings.MODELS_DIR), job, str(share)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return int(done.stdout.split()[0])


@pytest.mark.slow
def test_matting(networks: NetworkRegistry) -> None:
    assert measure_peak("matting") < LIMIT_MB


@pytest.mark.slow
@pytest.mark.parametrize("job", ["colour", "recolour"])
def test_colour(networks: NetworkRegistry, job: str) -> None:
    assert measure_peak(job) < LIMIT_MB


@pytest.mark.slow
def test_denoise(networks: NetworkRegistry) -> None:
    assert measure_peak("sharpen") + measure_peak("denoise", SOME_TILES) < LIMIT_MB


@pytest.mark.slow
@pytest.mark.parametrize("module", ["enlarge3", "chainner", "real_esrgan"])
def test_twice_as_large(networks: NetworkRegistry, module: str) -> None:
    """Add the memory of the result: its px, and Pillow's copy of four bytes per px during writing."""
    result = 4 * WIDTH * HEIGHT * (3 + 4) // 1024**2
    assert measure_peak(module, SOME_TILES) + result < LIMIT_OF_LARGE_RESULTS_MB


@pytest.mark.slow
def test_sharpen3(networks: NetworkRegistry) -> None:
    assert measure_peak("deconvolve") + measure_peak("mend", SOME_TILES) < LIMIT_MB
