"""The colouriser's network before training. Skipped without torch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch belongs to requirements/training.txt")
pytest.importorskip("onnx", reason="onnx belongs to requirements/training.txt")

from training.baseline_colouriser import BASELINE_RECIPE  # noqa: E402
from training.colour_network import ColourDecoder, ColourNet, ColourNetConfig  # noqa: E402
from training.colouriser import ColourRecipe, ColourTask, measure_unevenness  # noqa: E402
from training.photos import PhotoSplit  # noqa: E402

BINS = np.array([[-20, 0], [0, 0], [20, 20]], np.float32)
SEEN = torch.linspace(0, 100, 64 * 96).reshape(1, 1, 64, 96)


@pytest.mark.parametrize(("config", "stride"), [(ColourNetConfig(), 8), (BASELINE_RECIPE.config, 4)])
def test_files_answer_at_a_quarter_however_coarse_the_network_is(config: ColourNetConfig, stride: int) -> None:
    network = ColourNet(len(BINS), config).eval()
    assert network(SEEN).shape == (1, 3, 64 // stride, 96 // stride)
    ab, logits = ColourDecoder(network, BINS, 0.6, 1.0)(SEEN)
    assert (ab.shape, logits.shape) == ((1, 2, 16, 24), (1, 3, 16, 24))


def test_an_encoder_that_does_not_learn_stays_as_it_was() -> None:
    encoder = ColourNet(len(BINS), ColourNetConfig()).train().encoder
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    encoder(SEEN)
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    assert not any(value.requires_grad for value in encoder.parameters())
    assert not encoder.training


def test_normalisation_is_measured_on_the_pictures_given() -> None:
    encoder = ColourNet(len(BINS), ColourNetConfig()).encoder
    first = next(module for module in encoder.modules() if isinstance(module, torch.nn.BatchNorm2d))
    encoder.measure_norms([torch.full((2, 1, 64, 64), 50.0)])
    even = first.running_var.mean()
    encoder.measure_norms([SEEN, SEEN.flip(2)])
    assert first.running_var.mean() > even
    assert not first.training


@pytest.mark.parametrize("recipe", [ColourRecipe(batch_size=4), BASELINE_RECIPE])
def test_a_step_can_be_learnt(recipe: ColourRecipe) -> None:
    photos = tuple(np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8) for seed in range(3))
    task = ColourTask(recipe)
    task.prepare(PhotoSplit(photos, (), ("things", "scenes", "clothes")))
    network = task.build_network().train()
    loss = task.compute_loss(
        network, tuple(map(torch.from_numpy, task.make_batch(PhotoSplit(photos, ()), np.random.default_rng(1))))
    )
    loss.backward()
    learnt = [name for name, value in network.named_parameters() if value.grad is not None]
    assert learnt
    assert any(name.startswith("encoder.") for name in learnt) is recipe.config.trainable


def test_colours_are_uneven_where_they_change_otherwise_than_the_truth() -> None:
    torch.manual_seed(1)
    true = torch.randn(2, 2, 12, 12) * 20
    patches = torch.zeros(2, 2, 12, 12)
    patches[:, 0, :6, :6] = 30
    assert float(measure_unevenness(true, true)) == pytest.approx(1)  # the square root's floor
    assert float(measure_unevenness(true + 10, true)) == pytest.approx(1)
    assert float(measure_unevenness(true + patches, true)) > 2
