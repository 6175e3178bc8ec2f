"""The deblurring network: motion and defocus blur under noise and JPEG.

    python -m training.deblurring --photos DIR --out DIR --minutes 90 --seed 1

The network has two halves. The first estimates the blur's kernel from the picture's spectrum and removes the blur with
a Wiener filter (`wiener.py`), the part that a plain network learns most slowly. The second is a small NAFNet (Chen et
al. 2022, "Simple Baselines for Image Restoration"), a U-Net of blocks without activations, gated by products. Its input
is the picture with a sharply and a cautiously filtered one. It blends them in each place and adds a correction, at half
the side (2x2 blocks as channels). Input `image` (1, 3, H, W), RGB 0..1, of any size; output `result`, the same shape.
The blur is assumed to be the same in the whole picture.
"""

from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from training.degradations import (
    add_noise,
    blur_image,
    build_defocus_kernel,
    build_gaussian_kernel,
    build_motion_kernel,
    recompress,
)
from training.loop import Batch, Recipe, read_options, train
from training.metrics import compute_psnr, write_sheet
from training.onnx_export import export_onnx
from training.onnx_inference import load_network
from training.photos import PhotoSplit, crop_middle, crop_randomly, to_float
from training.wiener import KERNEL, MARGIN, STEP, BlurReader, FourierTransform, WienerFilter, decode_kernel

WIDTHS = (32, 64, 128)
BLOCKS = (1, 1, 4)  # of the encoder; the decoder has the same without the deepest
WHOLE, CROP = 256, 2 * STEP  # px: the side that the blur is estimated from, and the side that is restored
BATCH, RESTORED_COUNT = 16, 8  # pictures of a batch, and the number of them that are restored
READING = 2.0  # weight of the kernel's cross entropy, relative to the result's dB
FILTERING = 0.3  # weight of the sharply filtered picture's dB
INITIAL_SHARE = 0.2  # initial weights of a block's outputs, relative to a plain convolution's
ERROR_FLOOR = 1e-4  # 40 dB: the loss gains nothing from smaller errors
REPORT_SEED = 40_000
MEASURED_EVERY = 2  # of the held-out photos: each is restored several times
SHEET_EVERY = 20

Image = NDArray[np.float32]


class ChannelLayerNorm(nn.LayerNorm):
    """Layer normalisation over the channels of (N, C, H, W), without a copy of channels-last memory."""

    def forward(self, here: torch.Tensor) -> torch.Tensor:
        return super().forward(here.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def apply_gate(here: torch.Tensor) -> torch.Tensor:
    """Multiply one half of the channels by the other."""
    one, other = here.chunk(2, 1)
    return one * other


class NAFBlock(nn.Module):
    """NAFNet's block: residual mixing in space, then across channels. Its scales are part of the weights."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = ChannelLayerNorm(width), ChannelLayerNorm(width)
        self.widen = nn.Conv2d(width, 2 * width, 1)
        self.spread = nn.Conv2d(2 * width, 2 * width, 3, padding=1, groups=2 * width)
        self.attend, self.narrow = nn.Conv2d(width, width, 1), nn.Conv2d(width, width, 1)
        self.open, self.close = nn.Conv2d(width, 2 * width, 1), nn.Conv2d(width, width, 1)
        with torch.no_grad():
            self.narrow.weight *= INITIAL_SHARE
            self.close.weight *= INITIAL_SHARE
            nn.init.ones_(self.attend.bias)

    def forward(self, here: torch.Tensor) -> torch.Tensor:
        inner = apply_gate(self.spread(self.widen(self.before(here))))
        here = here + self.narrow(inner * self.attend(inner.mean((2, 3), keepdim=True)))
        return here + self.close(apply_gate(self.open(self.between(here))))


class Refiner(nn.Module):
    """The deblurred picture from the blurred one and two filtered ones, (N, 9, H, W) to (N, 3, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(36, WIDTHS[0], 3, padding=1)
        self.down = nn.ModuleList(
            nn.Sequential(*(NAFBlock(width) for _ in range(count))) for width, count in zip(WIDTHS, BLOCKS, strict=True)
        )
        steps = list(pairwise(WIDTHS))
        self.shrink = nn.ModuleList(nn.Conv2d(upper, lower, 2, 2) for upper, lower in steps)
        self.grow = nn.ModuleList(nn.Conv2d(lower, upper * 4, 1) for upper, lower in steps[::-1])
        self.up = nn.ModuleList(
            nn.Sequential(*(NAFBlock(width) for _ in range(count)))
            for width, count in zip(WIDTHS[-2::-1], BLOCKS[-2::-1], strict=True)
        )
        self.last = nn.Conv2d(WIDTHS[0], 20, 3, padding=1)  # a correction in RGB and two shares, for 2x2 pixels
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        here = self.first(functional.pixel_unshuffle(pictures - 0.5, 2))
        passed: list[torch.Tensor] = []
        for index, blocks in enumerate(self.down):
            here = blocks(self.shrink[index - 1](here) if index else here)
            passed.append(here)
        for grow, blocks, beside in zip(self.grow, self.up, passed[-2::-1], strict=True):
            here = blocks(functional.pixel_shuffle(grow(here), 2) + beside)
        told = functional.pixel_shuffle(self.last(here), 2)
        image, sharp, cautious = pictures.chunk(3, 1)
        shares = told[:, 3:] + torch.tensor([[[[0.7]], [[0.0]]]])
        return image + told[:, :3] + shares[:, :1] * (sharp - image) + shares[:, 1:] * (cautious - image)


class DeblurNet(nn.Module):
    """The deblurred picture, (N, 3, H, W) to the same."""

    def __init__(self) -> None:
        super().__init__()
        fourier = FourierTransform()
        self.reader, self.wiener, self.refiner = BlurReader(fourier), WienerFilter(fourier), Refiner()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        logits, noise = self.reader(image)
        sharp, cautious = self.wiener(pad_border(image), decode_kernel(logits), noise)
        return self.refiner(torch.cat([image, sharp, cautious], 1))


class AnySizeNetwork(nn.Module):
    """The network for pictures of any size, mirrored up to sides that are multiples of STEP and at least twice STEP."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        height, width = torch._shape_as_tensor(image)[2:]
        whole = image[:, :, mirror_indices(height)][..., mirror_indices(width)]
        change = self.network(whole) - whole
        change = change - change.mean((2, 3), keepdim=True)  # a blur keeps the mean
        return image + change[:, :, torch.arange(height)][..., torch.arange(width)]


def mirror_indices(length: torch.Tensor) -> torch.Tensor:
    """Return the indices that mirror a side up to a longer one, with the first repeated if mirroring is not enough."""
    places = torch.arange(torch.clamp((length + STEP - 1) // STEP, min=2) * STEP)
    return torch.clamp(length - 1 - torch.abs(length - 1 - places), min=0)


def pad_border(image: torch.Tensor) -> torch.Tensor:
    """Mirror the picture beyond its border, as far as the filter reaches."""
    return functional.pad(image, (MARGIN,) * 4, mode="reflect")


def centre_kernel(kernel: Image | None) -> Image:
    """Place the kernel in the middle of KERNEL x KERNEL places. Without a kernel, return a single point: no blur."""
    places = np.zeros((KERNEL, KERNEL), np.float32)
    kernel = np.ones((1, 1), np.float32) if kernel is None else kernel
    start = (KERNEL - len(kernel)) // 2
    places[start : start + len(kernel), start : start + len(kernel)] = kernel
    return places


def choose_kernel(rng: np.random.Generator) -> Image | None:
    """Return a random kernel: mostly shake, often defocus or softness, sometimes None for a sharp picture."""
    kind = rng.random()
    if kind < 0.6:
        return build_motion_kernel(rng, rng.uniform(3, 20), bend=float(rng.choice([0.0, 0.0, 0.4, 1.2])))
    if kind < 0.8:
        return build_defocus_kernel(rng.uniform(0.7, 4.5))
    if kind < 0.9:
        return build_gaussian_kernel(rng.uniform(0.6, 3))
    return None


def degrade_patch(sharp: Image, rng: np.random.Generator, kernel: Image | None) -> Image:
    """Blur the patch, then mostly add a little noise and compress it."""
    worn = sharp if kernel is None else blur_image(sharp, kernel)
    if rng.random() < 0.6:
        worn = add_noise(worn, rng, rng.exponential(2.5))
    return recompress(worn, int(rng.integers(60, 99))) if rng.random() < 0.5 else worn


class DeblurTask:
    """Training of the deblurring network."""

    name = "deblurring"
    recipe = Recipe(rate=1.5e-3, weight_decay=1e-3, averaging=0.998, clip=0.5)

    def prepare(self, split: PhotoSplit) -> None:
        """Do nothing: the photos need no analysis."""

    def build_network(self) -> nn.Module:
        return DeblurNet()

    def build_parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        return [{"params": list(network.parameters())}]

    def make_batch(self, split: PhotoSplit, rng: np.random.Generator) -> Batch:
        given, wanted, kernels = [], [], []
        for _ in range(BATCH):
            photo = split.training[int(rng.integers(len(split.training)))]
            sharp = to_float(crop_randomly(photo, rng, WHOLE, WHOLE * 0.8, WHOLE * 1.5))
            if rng.random() < 0.5:
                sharp = np.ascontiguousarray(sharp.transpose(1, 0, 2))
            kernel = choose_kernel(rng)
            given.append(degrade_patch(sharp, rng, kernel).transpose(2, 0, 1))
            wanted.append(sharp.transpose(2, 0, 1))
            kernels.append(centre_kernel(kernel))
        places = rng.integers(0, WHOLE - CROP + 1, (BATCH, 2))
        return np.stack(given), np.stack(wanted), np.stack(kernels), places

    def compute_loss(self, network: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the negative PSNR (dB, floored) of result and sharp filter, plus the kernel's cross entropy."""
        given, wanted, kernels, places = batch
        logits, noise = network.reader(given)
        reading = -(kernels.flatten(1) * functional.log_softmax(logits, 1)).sum(1).mean()
        shown, around = [], []
        for picture, (top, left) in zip(pad_border(given[:RESTORED_COUNT]), places.tolist(), strict=False):
            around.append(picture[:, top : top + CROP + 2 * MARGIN, left : left + CROP + 2 * MARGIN])
            shown.append((slice(None), slice(top, top + CROP), slice(left, left + CROP)))
        chosen = slice(None, RESTORED_COUNT)
        sharp, cautious = network.wiener(torch.stack(around), decode_kernel(logits[chosen]), noise[chosen])
        image, truth = (
            torch.stack([picture[place] for picture, place in zip(pictures, shown, strict=False)])
            for pictures in (given, wanted)
        )
        with torch.autocast("cpu", torch.bfloat16):
            result = network.refiner(torch.cat([image, sharp, cautious], 1).to(memory_format=torch.channels_last))
        return (
            compute_negative_psnr(result.float(), truth)
            + FILTERING * compute_negative_psnr(sharp, truth)
            + READING * reading
        )

    def export(self, network: nn.Module, path: Path) -> None:
        export_onnx(AnySizeNetwork(network), path, channels=3)

    def build_report(self, path: Path, split: PhotoSplit, out: Path) -> str:
        return "\n".join(build_deblurring_report(path, split, out))


def compute_negative_psnr(result: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the mean of the pictures' negative PSNR."""
    return torch.log10((result - truth).square().mean((1, 2, 3)) + ERROR_FLOOR).mean() * 10


def build_report_kernels(rng: np.random.Generator) -> dict[str, Image | None]:
    """Return the kernels that the report applies to each held-out photo."""
    return {
        "motion 9-17 px": build_motion_kernel(rng, rng.uniform(9, 17)),
        "curved motion 9-17 px": build_motion_kernel(rng, rng.uniform(9, 17), bend=1.2),
        "defocus radius 2-4 px": build_defocus_kernel(rng.uniform(2, 4)),
        "softness of deviation 1-3 px": build_gaussian_kernel(rng.uniform(1, 3)),
        "sharp": None,
    }


def build_deblurring_report(path: Path, split: PhotoSplit, out: Path) -> list[str]:
    """Return mean gains in dB for each blur and for sharp photos, clean and with noise σ 2 and JPEG 85, and seconds."""
    run = load_network(path)
    figures: dict[str, list[tuple[float, float]]] = {}
    rows: list[list[Image]] = []
    for index, photo in list(enumerate(split.held_out))[::MEASURED_EVERY]:
        rng = np.random.default_rng((REPORT_SEED, index))
        sharp = to_float(crop_middle(photo, 256))
        row = [sharp]
        for kind, kernel in build_report_kernels(rng).items():
            plain = sharp if kernel is None else blur_image(sharp, kernel)
            for worn, wear in ((plain, ""), (recompress(add_noise(plain, rng, 2), 85), ", noise and JPEG")):
                better = restore_image(run, worn)
                figures.setdefault(kind + wear, []).append((compute_psnr(worn, sharp), compute_psnr(better, sharp)))
                row += [worn, better] if kernel is not None and wear else []
        rows += [row] if index % SHEET_EVERY == 0 else []
    write_sheet(out / "sheet.png", rows)
    lines = [format_gain(kind, pairs) for kind, pairs in figures.items()]
    large = np.zeros((512, 512, 3), np.float32)
    restore_image(run, large)
    started = monotonic()
    restore_image(run, large)
    return [*lines, f"512x512: {monotonic() - started:.2f} s"]


def format_gain(kind: str, pairs: list[tuple[float, float]]) -> str:
    before, after = np.array(pairs).T
    gain, share = (after - before).mean(), np.mean(after > before)
    return f"{kind}: {before.mean():.2f} -> {after.mean():.2f} dB ({gain:+.2f}), better on {share:.0%}"


def restore_image(run: Any, image: Image) -> Image:
    """Return the network's result for a picture, HxWx3 to the same."""
    result = run(np.ascontiguousarray(image.transpose(2, 0, 1)[None]))[0]
    return np.clip(result.transpose(1, 2, 0), 0, 1).astype(np.float32)


if __name__ == "__main__":
    train(DeblurTask(), read_options("Train the deblurring network."))
