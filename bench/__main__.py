"""`make bench`: figures with their references, measured one after the other on the same machine.

`python -m bench full` also runs every feature on one megapixel for the time that a cancellation takes, and on 34
megapixels for its memory: half an hour on fast cores, hours on slow ones.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable

import django
import numpy as np
from django.conf import settings
from PIL import Image

from bench.cancel_latency import print_latencies
from bench.idle_memory import MEGABYTE, measure_idle_site
from bench.memory import JOBS
from bench.usage_figures import measure_usage
from bench.waiting import measure_waiting
from vanceweb.engine.processing.cutout.matting import cut_out
from vanceweb.engine.processing.denoise.denoising import denoise
from vanceweb.engine.processing.enlarge.photos import enlarge_photo
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import OPERATIONS


def measure_seconds(work: Callable[[], object]) -> float:
    """Return the seconds of the faster of two runs."""
    runs = []
    for _ in range(2):
        before = time.perf_counter()
        work()
        runs.append(time.perf_counter() - before)
    return min(runs)


def enlarge_by_lanczos(pixels: Pixels, scale: int) -> Image.Image:
    image = Image.fromarray(pixels)
    return image.resize((image.width * scale, image.height * scale), Image.Resampling.LANCZOS)


def measure_speed(networks: NetworkRegistry) -> None:
    """Print the seconds for 512 x 512 px, compared with Pillow's LANCZOS to the same size."""
    from_file = Image.open(settings.BASE_DIR / "tests" / "photos" / "astronaut.png").convert("RGB")
    picture = Picture(np.asarray(from_file))
    plain = {"suppress_noise": 40, "remove_blur": 60}
    for scale in (2, 4):
        ours = measure_seconds(
            lambda scale=scale: enlarge_photo(picture, {"scale": scale, **plain}, networks, lambda f: None)
        )
        reference = measure_seconds(lambda scale=scale: enlarge_by_lanczos(picture.colours, scale))
        print(f"enlarge3 {scale}x  {ours:6.2f} s   LANCZOS {reference:.3f} s   {ours / reference:.0f} times as long")
    for name, work in (
        ("denoise", lambda: denoise(picture, {"auto_params": True}, networks, lambda f: None)),
        ("matting", lambda: cut_out(picture, {}, networks, lambda f: None)),
    ):
        print(f"{name}      {measure_seconds(work):6.2f} s")


def measure_idle_memory() -> None:
    """Print the proportional memory of the idle site, with all its processes."""
    processes = measure_idle_site()
    used = sum(process.size for process in processes) / MEGABYTE
    print(f"idle site, {len(processes)} processes  {used:.0f} MB of 400")


def measure_memory(job: str) -> None:
    """Print the peak resident memory of a job at 34 megapixels, run in its own process."""
    command = [sys.executable, "-m", "bench.memory", str(settings.MODELS_DIR), job]
    used, took = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    print(f"{job} of 34 megapixels  {used} MB of 3000  {took} s")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vanceweb.settings")
    django.setup()
    measure_speed(NetworkRegistry(settings.MODELS_DIR))
    measure_idle_memory()
    print_latencies(
        NetworkRegistry(settings.MODELS_DIR), list(OPERATIONS) if "full" in sys.argv else ["denoise", "matting"]
    )
    measure_waiting()
    measure_usage()
    for job in JOBS if "full" in sys.argv else ("matting", "sharpen"):
        measure_memory(job)
