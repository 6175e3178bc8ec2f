"""One way to train for all networks: by minutes or steps, from a seed, with checkpoints, going on where it was cut off.

A run learns, writes `checkpoint.pt` every SAVE_EVERY seconds of learning (whole or not at all), exports the averaged
weights as ONNX in half precision, measures that file on the kept-out photos and prints what it found.

`--minutes` are minutes of two idle cores, told from the processor time used: a busy machine makes a run longer, not
worse, and so does `taskset`, which leaves other cores to other runs. They count all learning in the same `--out`
together: a second start goes on, and one more after the end only exports and measures. Batches depend on the seed and
the step alone. Minutes buy more steps on a faster machine; `--steps` repeats a run of known length instead.
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

from training.exporting import weights_of
from training.photos import Split, read_split

SAVE_EVERY = 120.0  # seconds by the clock that a cut at the wrong minute costs at most
SAY_EVERY = 30.0  # seconds by the clock between two lines of progress
CORES = 2  # whose time `--minutes` counts, however many there are
WARM_UP = 100  # steps until the full learning rate
Batch = tuple[np.ndarray[Any, np.dtype[Any]], ...]


@dataclass(frozen=True)
class Options:
    """What a training is told. `minutes` and `steps` end it, whichever comes first; `steps` 0 is no limit.

    `start_from` is an exported file whose weights a fresh run begins with; `only_report` learns nothing further.
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
    """What differs between trainings of the same network's kind."""

    rate: float
    weight_decay: float = 0.01
    averaging: float = 0.998
    clip: float = 1.0


class Task(Protocol):
    """A network and how it is learnt. A batch is a tuple of arrays whose first axis counts the samples."""

    name: str
    recipe: Recipe

    def prepare(self, split: Split) -> None:
        """Looks at the photos once, before the network is made."""

    def network(self) -> nn.Module: ...

    def groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """Parameter groups; `scale` in a group multiplies its learning rate."""

    def batch(self, split: Split, rng: np.random.Generator) -> Batch: ...

    def loss(self, network: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor: ...

    def export(self, network: nn.Module, path: Path) -> None: ...

    def report(self, path: Path, split: Split, out: Path) -> str: ...


@dataclass
class Progress:
    """Where a run stands: steps done, seconds learnt (processor time over CORES), a running mean of the loss."""

    step: int = 0
    seconds: float = 0.0
    loss: float = 0.0

    def line(self) -> str:
        return f"{self.seconds / 60:.1f} min, step {self.step}, loss {self.loss:.4f}"


def read_options(description: str, arguments: list[str] | None = None) -> Options:
    """The options of a training from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--photos", type=Path, required=True, help="directory of the training photos (*.jpg)")
    parser.add_argument("--out", type=Path, required=True, help="directory for checkpoint, ONNX file and report")
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="learning time in all, over all starts, of two idle cores"
    )
    parser.add_argument("--steps", type=int, default=0, help="learning steps in all; 0: minutes decide")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--start-from", type=Path, help="ONNX file of an earlier run to begin with instead of at random"
    )
    parser.add_argument("--only-report", action="store_true", help="learn no further: export and measure what is there")
    told = parser.parse_args(arguments)
    return Options(told.photos, told.out, told.minutes, told.steps, told.seed, told.start_from, told.only_report)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def share_done(progress: Progress, options: Options) -> float:
    """How much of the run is behind, 0..1 and beyond."""
    by_time = progress.seconds / max(1e-9, options.minutes * 60)
    return max(by_time, progress.step / options.steps) if options.steps else by_time


def rate_now(progress: Progress, options: Options) -> float:
    """The factor on the learning rate: a short warm-up, then half a cosine down to a hundredth."""
    warm = min(1.0, (progress.step + 1) / WARM_UP)
    return float(warm * (0.01 + 0.99 * (0.5 + 0.5 * np.cos(np.pi * min(1.0, share_done(progress, options))))))


class Run:
    """The state of one training: network, averaged weights, optimiser, progress."""

    def __init__(self, task: Task, options: Options) -> None:
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        torch.manual_seed(options.seed)
        self.task, self.options, self.progress = task, options, Progress()
        self.network = task.network()
        if options.start_from:
            self.network.load_state_dict(weights_of(options.start_from, self.network.state_dict()))
        self.network = self.network.to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.AdamW(
            task.groups(self.network), lr=task.recipe.rate, betas=(0.9, 0.99), weight_decay=task.recipe.weight_decay
        )
        self.averaged = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.path = options.out / "checkpoint.pt"

    def save(self) -> None:
        """Writes the checkpoint beside the old one, then puts it in its place."""
        state = {
            "network": self.network.state_dict(),
            "averaged": self.averaged,
            "optimiser": self.optimiser.state_dict(),
            "progress": vars(self.progress),
            "seed": self.options.seed,
        }
        fresh = self.path.with_suffix(".new")
        torch.save(state, fresh)
        fresh.replace(self.path)

    def load(self) -> None:
        """Goes on from the last checkpoint, if there is one. Raises ValueError where that had another seed."""
        if not self.path.exists():
            return
        state = torch.load(self.path, weights_only=True)
        if state["seed"] != self.options.seed:
            raise ValueError(f"The checkpoint was begun with seed {state['seed']}.")
        self.network.load_state_dict(state["network"])
        self.averaged = state["averaged"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])

    def step(self, batch: Batch) -> None:
        """One step of learning; a batch whose loss is no number is left out."""
        factor = rate_now(self.progress, self.options)
        for group in self.optimiser.param_groups:
            group["lr"] = self.task.recipe.rate * group.get("scale", 1.0) * factor
        tensors = tuple(torch.from_numpy(array) for array in batch)
        torch.manual_seed(self.options.seed * 1_000_003 + self.progress.step)
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.task.loss(self.network, tensors)
        self.progress.step += 1
        if not torch.isfinite(loss):
            say(f"step {self.progress.step}: loss is not finite, left out")
            return
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.task.recipe.clip)
        self.optimiser.step()
        self.average()
        value = float(loss.detach())
        weight = max(0.01, 1 / self.progress.step)
        self.progress.loss += (value - self.progress.loss) * weight

    def average(self) -> None:
        """Moves the averaged weights a little towards those of now."""
        keep = min(self.task.recipe.averaging, (1 + self.progress.step) / (10 + self.progress.step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                if value.dtype.is_floating_point:
                    self.averaged[name].lerp_(value, 1 - keep)
                else:
                    self.averaged[name].copy_(value)

    def learn(self, make: Callable[[int], Batch]) -> None:
        """Steps until the time or the steps are used up; the next batch is made while this one is learnt."""
        saved = said = monotonic()
        self.network.train()
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(make, self.progress.step)
            while share_done(self.progress, self.options) < 1:
                begun = process_time()
                batch = coming.result()
                coming = pool.submit(make, self.progress.step + 1)
                self.step(batch)
                self.progress.seconds += (process_time() - begun) / CORES
                now = monotonic()
                if now - said > SAY_EVERY:
                    said = now
                    say(self.progress.line())
                if now - saved > SAVE_EVERY:
                    saved = now
                    self.save()
        self.save()


def train(task: Task, options: Options) -> str:
    """Learns, exports, measures; gives the report that it also prints and writes to `report.txt`."""
    options.out.mkdir(parents=True, exist_ok=True)
    split = read_split(options.photos)
    task.prepare(split)
    run = Run(task, options)
    run.load()
    if share_done(run.progress, options) < 1 and not options.only_report:
        run.learn(lambda step: task.batch(split, np.random.default_rng((options.seed, step))))
    run.network.load_state_dict(run.averaged)
    path = options.out / f"{task.name}.onnx"
    task.export(run.network.eval(), path)
    size = sum(parameter.numel() for parameter in run.network.parameters())
    head = (
        f"{task.name}: {size / 1e6:.2f} M parameters, {path.stat().st_size / 1e6:.2f} MB, {run.progress.step} steps, "
        f"{run.progress.seconds / 60:.0f} minutes, seed {options.seed}, loss {run.progress.loss:.4f}"
        f"{f', started from {options.start_from.name}' if options.start_from else ''}\n"
    )
    report = head + task.report(path, split, options.out)
    (options.out / "report.txt").write_text(report + "\n", encoding="utf-8")
    say(report)
    return report
