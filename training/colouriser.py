"""The colouriser: colours for a grey picture, as probabilities over bins of Lab's ab plane.

    python -m training.colouriser --photos DIR --out DIR --minutes 30 --seed 1

A decoder on a frozen EfficientNet-Lite2 pretrained on ImageNet (Apache-2.0, from PyPI): with this few photos, it is as
good as a trained one, in half the time. Classes are rebalanced as in Zhang et al. 2016, "Colorful Image Colorization",
but less strongly. One loss term on the decoded colour keeps the chroma true, another keeps the colour of each thing
even. Input `image` (1, 1, H, W), Lab's L of 0..100, sides a multiple of 32; outputs `result` (1, 2, H/4, W/4), ab, and
`logits` (1, bins, H/4, W/4). The bins' ab are in the file's metadata as JSON under `bins`.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from training.colour_network import ColourDecoder, ColourNet, ColourNetConfig
from training.colour_report import build_colour_report
from training.degradations import DAMAGE_KINDS, add_damage, add_noise, age_image, simulate_scan
from training.loop import Batch, Recipe, read_options, train
from training.onnx_export import export_onnx
from training.photos import PhotoSplit, crop_randomly, to_float

GRID = 10  # ab between neighbouring bins
SMOOTHING = 10.0  # deviation in ab of the prior's smoothing
NEAREST, SOFTNESS = 4, 5.0  # bins a target is spread over, and the deviation in ab
TEMPERATURE = 0.38  # of the decoding in training
REACHES = (1, 2, 4, 8)  # distances between the cells whose colours are compared, in cells
CALIBRATION_BATCHES = 30  # batches the encoder's normalisation is measured on

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ColourRecipe:
    """Hyperparameters of a colouriser."""

    config: ColourNetConfig = field(default_factory=ColourNetConfig)
    min_bin_share: float = 1e-5  # share of the pixels a bin must hold to become one
    uniform_share: float = 0.95  # share of the uniform prior mixed into the classes' prior; 1 rebalances nothing
    decoding_temperature: float = 0.6  # of the exported file; lower ones break smooth things into patches
    gain: float = 1.67  # of the decoded colours: the mean of possible colours is paler than each of them
    clothes_weight: float = 0.35  # relative frequency of clothes: nobody can tell a shirt's colour from its grey
    regression_weight: float = 0.02  # weight of the decoded colour's distance (in ab) beside the cross entropy
    evenness_weight: float = 0.03  # weight of colour changes where the true colour is constant
    crop_sides: tuple[int, ...] = (192, 224, 256, 352)  # px; the engine runs the network at two sizes
    min_crop_share: float = 0.5  # of a photo's short side, for the square that a crop is made from
    batch_size: int = 24  # crops of the first size; fewer of the larger ones, with as many px in all
    degraded_share: float = 0.2  # share of pictures aged and scratched, to prepare for old prints


def to_lab(rgb: Floats) -> Floats:
    """Convert RGB 0..1 to Lab (L 0..100), HxWx3."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)


def shrink_to_quarter(plane: Floats) -> Floats:
    """Return the picture at a quarter of its sides, each 4x4 block averaged."""
    return np.asarray(
        cv2.resize(plane, (plane.shape[1] // 4, plane.shape[0] // 4), interpolation=cv2.INTER_AREA), np.float32
    )


def count_bins(split: PhotoSplit, min_bin_share: float) -> tuple[Floats, Floats]:
    """Return the bins with more than `min_bin_share` of the pixels, (bins, 2) in ab, and their share of the pixels."""
    side = 2 * (120 // GRID) + 1
    seen = np.zeros((side, side))
    for photo in split.training:
        colours = shrink_to_quarter(to_lab(to_float(photo)))[..., 1:]
        cells = np.round(colours / GRID).astype(int).reshape(-1, 2) + side // 2
        cells = np.clip(cells, 0, side - 1)
        np.add.at(seen, (cells[:, 0], cells[:, 1]), 1 / len(cells))
    share = seen / seen.sum()
    places = np.argwhere(share > min_bin_share)
    bins = ((places - side // 2) * GRID).astype(np.float32)
    prior = share[places[:, 0], places[:, 1]]
    return bins, (prior / prior.sum()).astype(np.float32)


def compute_class_weights(bins: Floats, prior: Floats, uniform_share: float) -> Floats:
    """Return the weight of a pixel of each bin: larger for rare colours, 1 on average."""
    apart = ((bins[:, None] - bins[None]) ** 2).sum(2)
    near = np.exp(-apart / (2 * SMOOTHING**2))
    smooth = (near / near.sum(1, keepdims=True)).T @ prior
    weight = 1 / ((1 - uniform_share) * smooth + uniform_share / len(bins))
    return np.asarray(weight / (weight * prior).sum(), np.float32)


def measure_unevenness(made: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Return the mean error of the colour differences (ab) between cells of the same picture (N, 2, H, W)."""
    wrong = made - true
    steps = [
        (wrong.narrow(axis, reach, wrong.shape[axis] - reach) - wrong.narrow(axis, 0, wrong.shape[axis] - reach))
        for reach in REACHES
        for axis in (2, 3)
    ]
    return torch.stack([step.square().sum(1).add(1).sqrt().mean() for step in steps]).mean()


class ColourTask:
    """Training of the colouriser."""

    name = "colouriser"
    recipe = Recipe(rate=2e-3, weight_decay=0.01, averaging=0.998)

    def __init__(self, colour_recipe: ColourRecipe) -> None:
        self.colour_recipe = colour_recipe

    def prepare(self, split: PhotoSplit) -> None:
        self.bins, prior = count_bins(split, self.colour_recipe.min_bin_share)
        self.weights = torch.from_numpy(compute_class_weights(self.bins, prior, self.colour_recipe.uniform_share))
        self.centres = torch.from_numpy(self.bins)
        shares = np.array([self.colour_recipe.clothes_weight if kind == "clothes" else 1.0 for kind in split.kinds])
        self.shares = shares / shares.sum()

        greys = (self.make_batch(split, np.random.default_rng((index,)))[0] for index in range(CALIBRATION_BATCHES))
        self.greys = [] if self.colour_recipe.config.trainable else [torch.from_numpy(grey) for grey in greys]

    def build_network(self) -> nn.Module:
        network = ColourNet(len(self.bins), self.colour_recipe.config)
        if self.greys:
            network.encoder.measure_norms(self.greys)
        return network

    def build_parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """Return the parameter groups. A trainable encoder, being pretrained, learns at 0.15 of the rate."""
        named = list(network.named_parameters())
        return [
            {"params": [value for name, value in named if name.startswith("encoder.")], "scale": 0.15},
            {"params": [value for name, value in named if not name.startswith("encoder.")]},
        ]

    def make_batch(self, split: PhotoSplit, rng: np.random.Generator) -> Batch:
        side = int(rng.choice(self.colour_recipe.crop_sides))
        lights, colours = [], []
        for _ in range(round(self.colour_recipe.batch_size * (self.colour_recipe.crop_sides[0] / side) ** 2)):
            photo = split.training[int(rng.choice(len(split.training), p=self.shares))]
            limit = min(photo.shape[:2])
            lab = to_lab(to_float(crop_randomly(photo, rng, side, limit * self.colour_recipe.min_crop_share, limit)))
            lights.append(degrade_lightness(lab[..., 0], rng, self.colour_recipe.degraded_share)[None])
            colours.append(shrink_to_quarter(lab[..., 1:]).transpose(2, 0, 1))
        return np.stack(lights).astype(np.float32), np.stack(colours).astype(np.float32)

    def compute_loss(self, network: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the rebalanced cross entropy to the nearest bins, plus the mean colour's distance and unevenness."""
        lights, colours = batch
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(lights.to(memory_format=torch.channels_last))
        colours = functional.avg_pool2d(colours, colours.shape[2] // logits.shape[2])  # as coarse as the logits
        flat = logits.float().permute(0, 2, 3, 1).reshape(-1, len(self.bins))
        truth = colours.permute(0, 2, 3, 1).reshape(-1, 2)
        apart, nearest = torch.cdist(truth, self.centres).topk(NEAREST, dim=1, largest=False)
        soft = torch.softmax(-apart.square() / (2 * SOFTNESS**2), 1)
        weight = self.weights[nearest[:, 0]]
        entropy = -(functional.log_softmax(flat, 1).gather(1, nearest) * soft).sum(1)
        mean = torch.softmax(flat / TEMPERATURE, 1) @ self.centres
        distance = functional.smooth_l1_loss(mean, truth, beta=5.0)
        loss = (entropy * weight).mean() + self.colour_recipe.regression_weight * distance
        if self.colour_recipe.evenness_weight:
            chances = torch.softmax(logits.float() / self.colour_recipe.decoding_temperature, 1)
            loss = loss + self.colour_recipe.evenness_weight * measure_unevenness(
                torch.einsum("nbhw,bk->nkhw", chances, self.centres), colours
            )
        return loss

    def export(self, network: nn.Module, path: Path) -> None:
        metadata = {"bins": json.dumps(self.bins.tolist())}
        decoded = ColourDecoder(
            cast(ColourNet, network), self.bins, self.colour_recipe.decoding_temperature, self.colour_recipe.gain
        )
        export_onnx(decoded, path, channels=1, outputs=("result", "logits"), metadata=metadata)

    def build_report(self, path: Path, split: PhotoSplit, out: Path) -> str:
        return "\n".join(build_colour_report(path, split, out))


def degrade_lightness(lightness: Floats, rng: np.random.Generator, worn: float) -> Floats:
    """Return L as another camera, print or scanner might give it, 0..100."""
    grey = np.clip((lightness - 50) * rng.uniform(0.75, 1.15) + 50 + rng.uniform(-8, 8), 0, 100) / np.float32(100)
    if rng.random() < worn:
        grey = age_image(grey, rng)
        if rng.random() < 0.5:
            grey = add_damage(grey, rng, (str(rng.choice(DAMAGE_KINDS)),))[0]
        grey = simulate_scan(grey, rng)
    return np.asarray(add_noise(grey.astype(np.float32), rng, rng.uniform(0, 4)) * 100, np.float32)


if __name__ == "__main__":
    train(ColourTask(ColourRecipe()), read_options("Train the colouriser."))
