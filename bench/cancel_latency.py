"""The time from a cancellation to the end of the work, for each feature on a photo of one megapixel.

A run stops at its next report of progress, so the longest time between two reports is the longest wait.
`python -m bench.cancel_latency MODELS_DIR [MODULE…]` prints, in seconds, the median and the longest time between
reports, the fraction after which the longest began, and the time of the whole run.
"""

import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from PIL import Image

from bench.memory import JOBS
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import OPERATIONS, process_file

PHOTO = Path(__file__).parents[1] / "tests" / "photos" / "astronaut.png"  # with a face
SIDE = 1024  # px
SPECIAL_JOBS = {"img2sr": JOBS["restore"], "sharpen3": JOBS["mend"], "sd_recolor": JOBS["recolour"]}


@dataclass(frozen=True)
class Latency:
    """Times between reports of progress, in seconds, and the fraction done before the longest."""

    median: float
    longest: float
    fraction: float
    total: float


def write_photo(path: Path) -> None:
    """Write the photo enlarged to one megapixel, which makes it soft, as a PNG."""
    with Image.open(PHOTO) as photo:
        photo.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)


def measure_latency(step: Step, source: Path, networks: NetworkRegistry) -> Latency:
    """Run the step and return the times between its reports, from the start to the end of the run."""
    told = [(0.0, time.perf_counter())]
    with tempfile.TemporaryDirectory() as folder:
        process_file(
            source,
            Path(folder) / "result",
            [step],
            Output(),
            networks=networks,
            report=lambda fraction: told.append((fraction, time.perf_counter())),
        )
    told.append((1.0, time.perf_counter()))
    pauses = [(after - before, fraction) for (fraction, before), (_, after) in pairwise(told)]
    longest, fraction = max(pauses)
    return Latency(statistics.median(pause for pause, _ in pauses), longest, fraction, told[-1][1] - told[0][1])


def measure_features(networks: NetworkRegistry, modules: list[str]) -> dict[str, Latency]:
    """Return the latency of each of these modules, with their networks loaded before."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "photo.png"
        write_photo(source)
        return {
            module: measure_latency(SPECIAL_JOBS.get(module) or JOBS[module], source, networks) for module in modules
        }


def print_latencies(networks: NetworkRegistry, modules: list[str]) -> None:
    """Print a line for each module and one for all."""
    found = []
    for module in modules:
        latency = measure_features(networks, [module])[module]
        found.append(latency.longest)
        print(
            f"cancel_latency {module:12}  median {latency.median:.2f} s   longest {latency.longest:.2f} s "
            f"at {latency.fraction:.0%}   of {latency.total:.1f} s",
            flush=True,
        )
    print(f"cancel_latency of all features  median {statistics.median(found):.2f} s   longest {max(found):.2f} s")


if __name__ == "__main__":
    print_latencies(NetworkRegistry(Path(sys.argv[1])), sys.argv[2:] or list(OPERATIONS))
