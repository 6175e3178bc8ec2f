"""The training loop of all networks: by minutes or steps, from a seed, with checkpoints to resume from.

A run trains, writes `checkpoint.pt` every SAVE_SECONDS seconds (atomically), exports the averaged weights as ONNX in
half precision, measures that file on the held-out photos and prints the report.

`--minutes` are minutes of two idle cores, derived from the processor time used: on a busy machine, or under `taskset`,
a run takes longer but comes out no worse. They include all training in the same `--out`: a second start continues the
run, and a start after its end only exports and measures. Batches depend on the seed and the step alone. A faster
machine does more steps per minute; `--steps` repeats a run of known length instead.
"""

import argparse
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, process_time
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from training.onnx_export import read_weights
from training.photos import PhotoSplit, read_split

SAVE_SECONDS = 120.0  # seconds of wall time; the most that an interruption costs
PROGRESS_SECONDS = 30.0  # seconds of wall time between two lines of progress
CORES = 2  # whose time `--minutes` counts, whatever the machine has
WARM_UP = 100  # steps until the full learning rate
Batch = tuple[np.ndarray[Any, np.dtype[Any]], ...]


@dataclass(frozen=True)
class TrainingOptions:
    """Options of a training. It ends after `minutes` or `steps`, whichever comes first; `steps` 0 is no limit.

    `start_from` is an exported file with the initial weights of a new run; `only_report` skips training.
    """

    photos: Path
    out: Path
    minutes: float
    steps: int
    seed: int
    start_from: Path | None = None
    only_report: bool = False


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters of the optimisation."""

    rate: float
    weight_decay: float = 0.01
    averaging: float = 0.998
    clip: float = 1.0


class Task(Protocol):
    """A network and its training. A batch is a tuple of arrays whose first axis counts the samples."""

    name: str
    recipe: Recipe

    def prepare(self, split: PhotoSplit) -> None:
        """Analyse the photos once, before the network is built."""

    def build_network(self) -> nn.Module: ...

    def build_parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """Return the parameter groups; `scale` in a group multiplies its learning rate."""

    def make_batch(self, split: PhotoSplit, rng: np.random.Generator) -> Batch: ...

    def compute_loss(self, network: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor: ...

    def export(self, network: nn.Module, path: Path) -> None: ...

    def build_report(self, path: Path, split: PhotoSplit, out: Path) -> str: ...


@dataclass
class TrainingProgress:
    """Progress of a run: steps done, seconds trained (processor time over CORES), running mean of the loss."""

    step: int = 0
    seconds: float = 0.0
    loss: float = 0.0

    def format_line(self) -> str:
        return f"{self.seconds / 60:.1f} min, step {self.step}, loss {self.loss:.4f}"


def read_options(description: str, arguments: list[str] | None = None) -> TrainingOptions:
    """Read the options of a training from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--photos", type=Path, required=True, help="directory of the training photos (*.jpg)")
    parser.add_argument("--out", type=Path, required=True, help="directory for checkpoint, ONNX file and report")
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="total training time, over all starts, of two idle cores"
    )
    parser.add_argument("--steps", type=int, default=0, help="total training steps; 0: minutes decide")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-from", type=Path, help="ONNX file of an earlier run with the initial weights")
    parser.add_argument("--only-report", action="store_true", help="skip training: export and measure the checkpoint")
    told = parser.parse_args(arguments)
    return TrainingOptions(
        told.photos, told.out, told.minutes, told.steps, told.seed, told.start_from, told.only_report
    )


def print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def compute_share_done(progress: TrainingProgress, options: TrainingOptions) -> float:
    """Return the share of the run that is done, 0..1 and beyond."""
    by_time = progress.seconds / max(1e-9, options.minutes * 60)
    return max(by_time, progress.step / options.steps) if options.steps else by_time


def compute_rate_factor(progress: TrainingProgress, options: TrainingOptions) -> float:
    """Return the factor on the learning rate: a short warm-up, then half a cosine down to a hundredth."""
    warm = min(1.0, (progress.step + 1) / WARM_UP)
    return float(warm * (0.01 + 0.99 * (0.5 + 0.5 * np.cos(np.pi * min(1.0, compute_share_done(progress, options))))))


class TrainingRun:
    """The state of one training: network, averaged weights, optimiser, progress."""

    def __init__(self, task: Task, options: TrainingOptions) -> None:
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        torch.manual_seed(options.seed)
        self.task, self.options, self.progress = task, options, TrainingProgress()
        self.network = task.build_network()
        if options.start_from:
            self.network.load_state_dict(read_weights(options.start_from, self.network.state_dict()))
        self.network = self.network.to(memory_format=torch.channels_last)
        recipe, groups = task.recipe, task.build_parameter_groups(self.network)
        self.optimiser = torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.99), weight_decay=recipe.weight_decay)
        self.averaged = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.checkpoint = options.out / "checkpoint.pt"

    def save(self) -> None:
        """Write the checkpoint next to the old one, then replace that."""
        state = {
            "network": self.network.state_dict(),
            "averaged": self.averaged,
            "optimiser": self.optimiser.state_dict(),
            "progress": vars(self.progress),
            "seed": self.options.seed,
        }
        fresh = self.checkpoint.with_suffix(".new")
        torch.save(state, fresh)
        fresh.replace(self.checkpoint)

    def load(self) -> None:
        """Resume from the last checkpoint, if there is one. Raises ValueError if it has another seed."""
        if not self.checkpoint.exists():
            return
        state = torch.load(self.checkpoint, weights_only=True)
        if state["seed"] != self.options.seed:
            raise ValueError(f"The checkpoint was started with seed {state['seed']}.")
        self.network.load_state_dict(state["network"])
        self.averaged = state["averaged"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = TrainingProgress(**state["progress"])

    def take_step(self, batch: Batch) -> None:
        """Train on one batch, or skip it if its loss is not finite."""
        factor = compute_rate_factor(self.progress, self.options)
        for group in self.optimiser.param_groups:
            group["lr"] = self.task.recipe.rate * group.get("scale", 1.0) * factor
        tensors = tuple(torch.from_numpy(array) for array in batch)
        torch.manual_seed(self.options.seed * 1_000_003 + self.progress.step)
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.task.compute_loss(self.network, tensors)
        self.progress.step += 1
        if not torch.isfinite(loss):
            print_line(f"step {self.progress.step}: loss is not finite, skipped")
            return
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.task.recipe.clip)
        self.optimiser.step()
        self.update_average()
        value = float(loss.detach())
        weight = max(0.01, 1 / self.progress.step)
        self.progress.loss += (value - self.progress.loss) * weight

    def update_average(self) -> None:
        """Move the averaged weights a little towards the current ones."""
        keep = min(self.task.recipe.averaging, (1 + self.progress.step) / (10 + self.progress.step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                if value.dtype.is_floating_point:
                    self.averaged[name].lerp_(value, 1 - keep)
                else:
                    self.averaged[name].copy_(value)

    def learn(self, make: Callable[[int], Batch]) -> None:
        """Train until the time or the steps are used up. Each batch is made while the one before is trained on."""
        saved = printed = monotonic()
        self.network.train()
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(make, self.progress.step)
            while compute_share_done(self.progress, self.options) < 1:
                started = process_time()
                batch = coming.result()
                coming = pool.submit(make, self.progress.step + 1)
                self.take_step(batch)
                self.progress.seconds += (process_time() - started) / CORES
                now = monotonic()
                if now - printed > PROGRESS_SECONDS:
                    printed = now
                    print_line(self.progress.format_line())
                if now - saved > SAVE_SECONDS:
                    saved = now
                    self.save()
        self.save()


def train(task: Task, options: TrainingOptions) -> str:
    """Train, export and measure. Print the report, write it to `report.txt` and return it."""
    options.out.mkdir(parents=True, exist_ok=True)
    split = read_split(options.photos)
    task.prepare(split)
    run = TrainingRun(task, options)
    run.load()
    if compute_share_done(run.progress, options) < 1 and not options.only_report:
        run.learn(lambda step: task.make_batch(split, np.random.default_rng((options.seed, step))))
    run.network.load_state_dict(run.averaged)
    path = options.out / f"{task.name}.onnx"
    task.export(run.network.eval(), path)
    size = sum(parameter.numel() for parameter in run.network.parameters())
    head = (
        f"{task.name}: {size / 1e6:.2f} M parameters, {path.stat().st_size / 1e6:.2f} MB, {run.progress.step} steps, "
        f"{run.progress.seconds / 60:.0f} minutes, seed {options.seed}, loss {run.progress.loss:.4f}"
        f"{f', started from {options.start_from.name}' if options.start_from else ''}\n"
    )
    report = head + task.build_report(path, split, options.out)
    (options.out / "report.txt").write_text(report + "\n", encoding="utf-8")
    print_line(report)
    return report
