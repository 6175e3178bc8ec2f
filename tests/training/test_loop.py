"""Training with a tiny network: it resumes after an interruption and its file runs. Skipped without torch."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.photos import PhotoSplit

torch = pytest.importorskip("torch", reason="torch belongs to requirements/training.txt")
pytest.importorskip("onnx", reason="onnx belongs to requirements/training.txt")

from training import loop, onnx_export, onnx_inference  # noqa: E402

NOTHING = PhotoSplit((), ())


class Doubling:
    """A network that learns to double its input."""

    name = "doubling"
    recipe = loop.Recipe(rate=0.05, averaging=0.5)

    def prepare(self, split):
        self.seen = []

    def build_network(self):
        return torch.nn.Conv2d(1, 1, 1)

    def build_parameter_groups(self, network):
        return [{"params": list(network.parameters())}]

    def make_batch(self, split, rng):
        given = rng.random((4, 1, 4, 4), dtype=np.float32)
        self.seen.append(float(given.sum()))
        return given, given * 2

    def compute_loss(self, network, batch):
        return (network(batch[0]) - batch[1]).square().mean()


def build_options(out: Path, steps: int) -> loop.TrainingOptions:
    return loop.TrainingOptions(photos=out, out=out, minutes=10, steps=steps, seed=3)


def start_run(out: Path, steps: int) -> loop.TrainingRun:
    task = Doubling()
    task.prepare(NOTHING)
    run = loop.TrainingRun(task, build_options(out, steps))
    run.load()
    run.learn(lambda step: task.make_batch(NOTHING, np.random.default_rng((3, step))))
    return run


def test_an_interrupted_run_resumes_with_the_next_batch(tmp_path: Path) -> None:
    first = start_run(tmp_path, 5)
    second = start_run(tmp_path, 9)
    assert second.progress.step == 9
    whole = [float(np.random.default_rng((3, step)).random((4, 1, 4, 4), dtype=np.float32).sum()) for step in range(10)]
    assert first.task.seen == whole[:6]
    assert second.task.seen == whole[5:]


def test_a_checkpoint_of_another_seed_is_refused(tmp_path: Path) -> None:
    start_run(tmp_path, 2)
    other = loop.TrainingRun(Doubling(), loop.TrainingOptions(tmp_path, tmp_path, 10, 4, seed=4))
    with pytest.raises(ValueError, match="seed 3"):
        other.load()


def test_exported_file_takes_other_sizes_and_holds_half_precision(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 16, 3, padding=1), torch.nn.Conv2d(16, 3, 3, padding=1))
    path = tmp_path / "net.onnx"
    onnx_export.export_onnx(network, path, channels=3, metadata={"bins": "[]"})
    image = np.random.default_rng(1).random((1, 3, 48, 80), dtype=np.float32)
    with torch.no_grad():
        wanted = network(torch.from_numpy(image)).numpy()
    assert np.abs(onnx_inference.load_network(path)(image) - wanted).max() < 2e-3
    assert path.stat().st_size < 4 * sum(value.numel() for value in network.parameters())


class Normalised(Doubling):
    """The same with normalisation, which an export could merge into the weights before it."""

    def build_network(self):
        return torch.nn.Sequential(
            torch.nn.Conv2d(1, 32, 3, padding=1),
            torch.nn.BatchNorm2d(32),
            torch.nn.BatchNorm2d(32),  # its weights still equal those before, and equal weights are stored once
            torch.nn.Conv2d(32, 1, 3, padding=1),
        )


def test_a_run_starts_with_the_weights_of_an_exported_file(tmp_path: Path) -> None:
    learnt = loop.TrainingRun(Normalised(), build_options(tmp_path / "first", 1)).network.train()
    for _ in range(5):
        learnt(torch.rand(8, 1, 8, 8) * 3 + 1)
    path = tmp_path / "normalised.onnx"
    onnx_export.export_onnx(torch.nn.Sequential(learnt.eval(), torch.nn.Sigmoid()), path, channels=1)
    again = loop.TrainingRun(Normalised(), replace(build_options(tmp_path / "second", 1), start_from=path))
    image = torch.rand(1, 1, 32, 32) * 3 + 1
    with torch.no_grad():
        difference = again.network.eval()(image) - learnt.to(memory_format=torch.channels_last)(image)
    assert 0 < difference.abs().max() < 2e-3
    assert all(torch.equal(value, again.averaged[name]) for name, value in again.network.state_dict().items())


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    onnx_export.export_onnx(torch.nn.Conv2d(1, 4, 3), path, channels=1)
    with pytest.raises(ValueError, match=r"other\.onnx holds another network"):
        loop.TrainingRun(Normalised(), replace(build_options(tmp_path, 1), start_from=path))
