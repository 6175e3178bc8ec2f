"""34 megapixels fit into 2.5 GB of resident memory, measured in separate processes.

Denoising such a picture takes minutes (`python -m bench full` does it; docs/models.md has the figure). Its peak is at
most the sum of two parts: the same job from file to file without the network, and the network on tiles of the same
picture. These tests measure both parts and check that their sum stays below the limit.

The networks' part reaches its peak within the first tiles. Up to this share of the job, in MB:

    denoise      736 at 0.0007   896 at 0.0009   929 at 0.0037   930 at 0.03
    enlarge3     828 at 0.0013   936 at 0.0018   944 at 0.0036   944 at 0.03
    chainner    1094 at 0.0018  1168 at 0.0025  1171 at 0.0054  1175 at 0.03

sharpen3 without its network reaches its peak, 682 MB, while the picture is read and measured, before the first tile.
Then 200 MB remain, which the results of its passes let grow evenly: 273 MB at 0.05, 354 at 0.47, 468 at 0.52 with the
second pass, 562 at 0.97. The shipped network adds 98 MB to that, at 0.05 as at 0.36.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from bench.memory import HEIGHT, WIDTH, write_picture
from tests.engine.processing.tiny_networks import write_tiny_network
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.sharpen.deblurrers import NAFNET

LIMIT_MB, LIMIT_OF_LARGE_RESULTS_MB = 2500, 3000
# The share of a job that covers some tiles of its network: from there to 0.03, no peak rises by more than 7 MB.
SOME_TILES = 0.005
ROOT = Path(__file__).parents[3]

MeasurePeak = Callable[..., int]


@pytest.fixture(scope="module")
def measure_peak(networks: NetworkRegistry, tmp_path_factory: pytest.TempPathFactory) -> MeasurePeak:
    """A function that returns the peak of resident memory in MB until this share of the job is done."""
    picture = tmp_path_factory.mktemp("memory") / "large.jpg"
    write_picture(picture)

    def measure(job: str, share: float = 1, directory: Path = settings.MODELS_DIR) -> int:
        command = [sys.executable, "-m", "bench.memory", str(directory), job, str(share), str(picture)]
        # Threads that wait for each other would do so busily, beside other tests.
        environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment)
        return int(done.stdout.split()[0])

    return measure


@pytest.mark.slow
def test_matting(measure_peak: MeasurePeak) -> None:
    assert measure_peak("matting") < LIMIT_MB


@pytest.mark.slow
@pytest.mark.parametrize("job", ["colour", "recolour"])
def test_colour(measure_peak: MeasurePeak, job: str) -> None:
    assert measure_peak(job) < LIMIT_MB


@pytest.mark.slow
def test_denoise(measure_peak: MeasurePeak) -> None:
    assert measure_peak("sharpen") + measure_peak("denoise", SOME_TILES) < LIMIT_MB


@pytest.mark.slow
@pytest.mark.parametrize("module", ["enlarge3", "chainner", "real_esrgan"])
def test_twice_as_large(measure_peak: MeasurePeak, module: str) -> None:
    """Add the memory of the result: its px, and Pillow's copy of four bytes per px during writing."""
    result = 4 * WIDTH * HEIGHT * (3 + 4) // 1024**2
    assert measure_peak(module, SOME_TILES) + result < LIMIT_OF_LARGE_RESULTS_MB


@pytest.mark.slow
def test_sharpen3(measure_peak: MeasurePeak, tmp_path: Path) -> None:
    """Run the whole job with a tiny network in place of the shipped one, and both shipped networks on some tiles."""
    assert NAFNET.interface
    write_tiny_network(tmp_path / NAFNET.files[0], NAFNET.interface)
    whole = measure_peak("deconvolve", directory=tmp_path)
    assert whole + measure_peak("deconvolve", SOME_TILES) + measure_peak("mend", SOME_TILES) < LIMIT_MB
