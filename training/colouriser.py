"""The colouriser: colours for a grey picture, as chances over bins of Lab's ab plane.

    python -m training.colouriser --photos DIR --out DIR --minutes 30 --seed 1

A decoder on an EfficientNet-Lite2 that stays as ImageNet taught it (Apache-2.0, from PyPI): with so few photos it
serves as well as one that learns, at half the time. Classes are rebalanced as in Zhang et al. 2016, "Colorful Image
Colorization", only less, a term for the decoded colour keeps the chroma true, another the colour of one thing even.
Input `image` (1, 1, H, W), Lab's L of 0..100, sides a multiple of 32; outputs `result` (1, 2, H/4, W/4), ab, and
`logits` (1, bins, H/4, W/4); the bins' ab stand in the file's metadata as JSON under `bins`.
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

from training.colour_network import ColourNet, Decoded, Shape
from training.colour_report import report_lines
from training.degradations import DAMAGE_KINDS, add_noise, age, damage, scan
from training.exporting import export_onnx
from training.photos import Split, random_crop, to_float
from training.runs import Batch, Recipe, read_options, train

GRID = 10  # ab between neighbouring bins
SMOOTHING = 10.0  # deviation in ab of the prior's smoothing
NEAREST, SOFTNESS = 4, 5.0  # bins a target is spread over, and the deviation in ab
TEMPERATURE = 0.38  # at which the learning decodes
REACHES = (1, 2, 4, 8)  # cells between those whose colours are compared
SEEN_FIRST = 30  # batches the encoder's normalisation is measured on

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ColourRecipe:
    """What was tried to colour better than at first."""

    shape: Shape = field(default_factory=Shape)
    rarest: float = 1e-5  # share of the pixels a bin must hold to become one
    uniform: float = 0.95  # how far the classes' prior is drawn to an even one; 1 rebalances nothing
    shown_temperature: float = 0.6  # at which the file decodes: the sharper, the more smooth things fall into patches
    gain: float = 1.67  # on the decoded colours: a mean over possible colours is paler than each of them
    clothes: float = 0.35  # how often these are learnt from: nobody can tell a shirt's colour from its grey
    regression: float = 0.02  # weight of the decoded colour's distance (in ab) beside the cross entropy
    evenness: float = 0.03  # weight of colours changing where the truth doesn't: one thing, one colour
    crops: tuple[int, ...] = (192, 224, 256, 352)  # px; the engine looks at pictures in two sizes
    smallest: float = 0.5  # of a photo's short side that a crop is cut from
    batch: int = 24  # crops of the first size; of larger ones as many as have as many px
    worn: float = 0.2  # share of pictures aged and scratched, so that old greys are no surprise


def to_lab(rgb: Floats) -> Floats:
    """Lab (L 0..100) of RGB 0..1, HxWx3."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)


def quarter(plane: Floats) -> Floats:
    """The picture at a quarter of its sides, each 4x4 block averaged."""
    return np.asarray(
        cv2.resize(plane, (plane.shape[1] // 4, plane.shape[0] // 4), interpolation=cv2.INTER_AREA), np.float32
    )


def count_bins(split: Split, rarest: float) -> tuple[Floats, Floats]:
    """The bins of which the photos hold more than `rarest`, (bins, 2) in ab, and their share of the pixels."""
    side = 2 * (120 // GRID) + 1
    seen = np.zeros((side, side))
    for photo in split.learnt:
        cells = np.round(quarter(to_lab(to_float(photo)))[..., 1:] / GRID).astype(int).reshape(-1, 2) + side // 2
        cells = np.clip(cells, 0, side - 1)
        np.add.at(seen, (cells[:, 0], cells[:, 1]), 1 / len(cells))
    share = seen / seen.sum()
    places = np.argwhere(share > rarest)
    bins = ((places - side // 2) * GRID).astype(np.float32)
    prior = share[places[:, 0], places[:, 1]]
    return bins, (prior / prior.sum()).astype(np.float32)


def class_weights(bins: Floats, prior: Floats, uniform: float) -> Floats:
    """How much a pixel of each bin counts: more where colours are rare, 1 on the mean."""
    apart = ((bins[:, None] - bins[None]) ** 2).sum(2)
    near = np.exp(-apart / (2 * SMOOTHING**2))
    smooth = (near / near.sum(1, keepdims=True)).T @ prior
    weight = 1 / ((1 - uniform) * smooth + uniform / len(bins))
    return np.asarray(weight / (weight * prior).sum(), np.float32)


def unevenness(made: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """How far apart in ab cells of the same picture are that should not be, or the other way about (N, 2, H, W)."""
    wrong = made - true
    steps = [
        (wrong.narrow(axis, reach, wrong.shape[axis] - reach) - wrong.narrow(axis, 0, wrong.shape[axis] - reach))
        for reach in REACHES
        for axis in (2, 3)
    ]
    return torch.stack([step.square().sum(1).add(1).sqrt().mean() for step in steps]).mean()


class ColourTask:
    """Learning to colour."""

    name = "colouriser"
    recipe = Recipe(rate=2e-3, weight_decay=0.01, averaging=0.998)

    def __init__(self, colour_recipe: ColourRecipe) -> None:
        self.how = colour_recipe

    def prepare(self, split: Split) -> None:
        self.bins, prior = count_bins(split, self.how.rarest)
        self.weights = torch.from_numpy(class_weights(self.bins, prior, self.how.uniform))
        self.centres = torch.from_numpy(self.bins)
        shares = np.array([self.how.clothes if kind == "clothes" else 1.0 for kind in split.kinds])
        self.shares = shares / shares.sum()

        greys = (self.batch(split, np.random.default_rng((index,)))[0] for index in range(SEEN_FIRST))
        self.greys = [] if self.how.shape.learnt else [torch.from_numpy(grey) for grey in greys]

    def network(self) -> nn.Module:
        network = ColourNet(len(self.bins), self.how.shape)
        if self.greys:
            network.encoder.measure_norms(self.greys)
        return network

    def groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """An encoder, which knows much already, learns at 0.15 of the rate, if at all."""
        named = list(network.named_parameters())
        return [
            {"params": [value for name, value in named if name.startswith("encoder.")], "scale": 0.15},
            {"params": [value for name, value in named if not name.startswith("encoder.")]},
        ]

    def batch(self, split: Split, rng: np.random.Generator) -> Batch:
        side = int(rng.choice(self.how.crops))
        lights, colours = [], []
        for _ in range(round(self.how.batch * (self.how.crops[0] / side) ** 2)):
            photo = split.learnt[int(rng.choice(len(split.learnt), p=self.shares))]
            limit = min(photo.shape[:2])
            lab = to_lab(to_float(random_crop(photo, rng, side, limit * self.how.smallest, limit)))
            lights.append(worn_lightness(lab[..., 0], rng, self.how.worn)[None])
            colours.append(quarter(lab[..., 1:]).transpose(2, 0, 1))
        return np.stack(lights).astype(np.float32), np.stack(colours).astype(np.float32)

    def loss(self, network: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Rebalanced cross entropy to the nearest bins, the distance of the mean colour, and its unevenness."""
        lights, colours = batch
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(lights.to(memory_format=torch.channels_last))
        colours = functional.avg_pool2d(colours, colours.shape[2] // logits.shape[2])  # as coarse as is answered
        flat = logits.float().permute(0, 2, 3, 1).reshape(-1, len(self.bins))
        truth = colours.permute(0, 2, 3, 1).reshape(-1, 2)
        apart, nearest = torch.cdist(truth, self.centres).topk(NEAREST, dim=1, largest=False)
        soft = torch.softmax(-apart.square() / (2 * SOFTNESS**2), 1)
        weight = self.weights[nearest[:, 0]]
        entropy = -(functional.log_softmax(flat, 1).gather(1, nearest) * soft).sum(1)
        mean = torch.softmax(flat / TEMPERATURE, 1) @ self.centres
        distance = functional.smooth_l1_loss(mean, truth, beta=5.0)
        loss = (entropy * weight).mean() + self.how.regression * distance
        if self.how.evenness:
            chances = torch.softmax(logits.float() / self.how.shown_temperature, 1)
            loss = loss + self.how.evenness * unevenness(torch.einsum("nbhw,bk->nkhw", chances, self.centres), colours)
        return loss

    def export(self, network: nn.Module, path: Path) -> None:
        facts = {"bins": json.dumps(self.bins.tolist())}
        decoded = Decoded(cast(ColourNet, network), self.bins, self.how.shown_temperature, self.how.gain)
        export_onnx(decoded, path, channels=1, outputs=("result", "logits"), facts=facts)

    def report(self, path: Path, split: Split, out: Path) -> str:
        return "\n".join(report_lines(path, split, out))


def worn_lightness(lightness: Floats, rng: np.random.Generator, worn: float) -> Floats:
    """L as another camera, print or scanner would have given it, 0..100."""
    grey = np.clip((lightness - 50) * rng.uniform(0.75, 1.15) + 50 + rng.uniform(-8, 8), 0, 100) / np.float32(100)
    if rng.random() < worn:
        grey = age(grey, rng)
        if rng.random() < 0.5:
            grey = damage(grey, rng, (str(rng.choice(DAMAGE_KINDS)),))[0]
        grey = scan(grey, rng)
    return np.asarray(add_noise(grey.astype(np.float32), rng, rng.uniform(0, 4)) * 100, np.float32)


if __name__ == "__main__":
    train(ColourTask(ColourRecipe()), read_options("Trains the colouriser."))
