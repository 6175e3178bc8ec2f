"""The deblurring network: motion and defocus blur under noise and JPEG.

    python -m training.deblurring --photos DIR --out DIR --minutes 90 --seed 1

Two halves. The first reads the blur's kernel from the picture's spectrum and takes it back by Wiener's filter
(`wiener.py`): what a plain network learns slowest, it need not learn. The second is a small NAFNet (Chen et al. 2022,
"Simple Baselines for Image Restoration"), a U-Net of blocks without activations, gated by products. It sees the picture
beside two filtered ones, a sharp and a cautious one, chooses between them in each place and adds a correction; it works
on half the side (2x2 blocks as channels). Input `image` (1, 3, H, W), RGB 0..1, of any size; output `result`, the same
shape. The blur is taken to be the same all over the picture.
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
    blur,
    defocus_kernel,
    motion_kernel,
    recompress,
    soft_kernel,
)
from training.exporting import export_onnx
from training.measures import psnr, write_sheet
from training.photos import Split, middle_crop, random_crop, to_float
from training.running import runner
from training.runs import Batch, Recipe, read_options, train
from training.wiener import KERNEL, MARGIN, STEP, BlurReader, Fourier, WienerFilter, kernel_of

WIDTHS = (32, 64, 128)
BLOCKS = (1, 1, 4)  # on the way down; on the way up the same without the deepest
WHOLE, CROP = 256, 2 * STEP  # px: what the blur is read from, and what is restored of it
BATCH, RESTORED = 16, 8  # pictures whose blur is read, and how many of them are restored
READING = 2.0  # weight of the kernel's cross entropy beside the result's dB
FILTERING = 0.3  # weight of the sharply filtered picture's dB
FIRST_SHARE = 0.2  # how much a fresh block adds, against a fresh convolution
ERROR_FLOOR = 1e-4  # 40 dB: below this a patch is good enough, its loss grows no further
REPORT_SEED = 40_000
MEASURED_EVERY = 2  # of the kept-out photos: a picture is restored eight times
SHEET_EVERY = 20

Image = NDArray[np.float32]


class Normalised(nn.LayerNorm):
    """Layer normalisation over the channels of (N, C, H, W); costs no copy where channels lie last in memory."""

    def forward(self, here: torch.Tensor) -> torch.Tensor:
        return super().forward(here.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def gate(here: torch.Tensor) -> torch.Tensor:
    """Half of the channels times the other half."""
    one, other = here.chunk(2, 1)
    return one * other


class Block(nn.Module):
    """NAFNet's block: mixing in space, then across channels, each added; its scales lie in the weights."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = Normalised(width), Normalised(width)
        self.widen = nn.Conv2d(width, 2 * width, 1)
        self.spread = nn.Conv2d(2 * width, 2 * width, 3, padding=1, groups=2 * width)
        self.attend, self.narrow = nn.Conv2d(width, width, 1), nn.Conv2d(width, width, 1)
        self.open, self.close = nn.Conv2d(width, 2 * width, 1), nn.Conv2d(width, width, 1)
        with torch.no_grad():
            self.narrow.weight *= FIRST_SHARE
            self.close.weight *= FIRST_SHARE
            nn.init.ones_(self.attend.bias)

    def forward(self, here: torch.Tensor) -> torch.Tensor:
        inner = gate(self.spread(self.widen(self.before(here))))
        here = here + self.narrow(inner * self.attend(inner.mean((2, 3), keepdim=True)))
        return here + self.close(gate(self.open(self.between(here))))


class Refiner(nn.Module):
    """The picture without its blur, from itself and two filtered ones, (N, 9, H, W) to (N, 3, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(36, WIDTHS[0], 3, padding=1)
        self.down = nn.ModuleList(
            nn.Sequential(*(Block(width) for _ in range(count))) for width, count in zip(WIDTHS, BLOCKS, strict=True)
        )
        steps = list(pairwise(WIDTHS))
        self.shrink = nn.ModuleList(nn.Conv2d(upper, lower, 2, 2) for upper, lower in steps)
        self.grow = nn.ModuleList(nn.Conv2d(lower, upper * 4, 1) for upper, lower in steps[::-1])
        self.up = nn.ModuleList(
            nn.Sequential(*(Block(width) for _ in range(count)))
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
    """The picture without its blur, (N, 3, H, W) to the same."""

    def __init__(self) -> None:
        super().__init__()
        fourier = Fourier()
        self.reader, self.wiener, self.refiner = BlurReader(fourier), WienerFilter(fourier), Refiner()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        logits, noise = self.reader(image)
        sharp, cautious = self.wiener(bordered(image), kernel_of(logits), noise)
        return self.refiner(torch.cat([image, sharp, cautious], 1))


class AnySize(nn.Module):
    """The network for pictures of any size: mirrored up to sides that are multiples of STEP, two of them at least."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        height, width = torch._shape_as_tensor(image)[2:]
        whole = image[:, :, mirrored(height)][..., mirrored(width)]
        change = self.network(whole) - whole
        change = change - change.mean((2, 3), keepdim=True)  # a blur leaves the mean as it is
        return image + change[:, :, torch.arange(height)][..., torch.arange(width)]


def mirrored(length: torch.Tensor) -> torch.Tensor:
    """The places of a side that make up a longer one; the first again and again where mirroring is not enough."""
    places = torch.arange(torch.clamp((length + STEP - 1) // STEP, min=2) * STEP)
    return torch.clamp(length - 1 - torch.abs(length - 1 - places), min=0)


def bordered(image: torch.Tensor) -> torch.Tensor:
    """The picture mirrored beyond its border, as far as a filter looks."""
    return functional.pad(image, (MARGIN,) * 4, mode="reflect")


def centred(kernel: Image | None) -> Image:
    """The kernel amid KERNEL x KERNEL places; no blur is a single point."""
    places = np.zeros((KERNEL, KERNEL), np.float32)
    kernel = np.ones((1, 1), np.float32) if kernel is None else kernel
    start = (KERNEL - len(kernel)) // 2
    places[start : start + len(kernel), start : start + len(kernel)] = kernel
    return places


def random_kernel(rng: np.random.Generator) -> Image | None:
    """Mostly shake, often defocus or softness, sometimes nothing: sharp pictures must be left alone."""
    kind = rng.random()
    if kind < 0.6:
        return motion_kernel(rng, rng.uniform(3, 20), bend=float(rng.choice([0.0, 0.0, 0.4, 1.2])))
    if kind < 0.8:
        return defocus_kernel(rng.uniform(0.7, 4.5))
    if kind < 0.9:
        return soft_kernel(rng.uniform(0.6, 3))
    return None


def worn_patch(sharp: Image, rng: np.random.Generator, kernel: Image | None) -> Image:
    """The patch blurred, then mostly a little noisy and compressed."""
    worn = sharp if kernel is None else blur(sharp, kernel)
    if rng.random() < 0.6:
        worn = add_noise(worn, rng, rng.exponential(2.5))
    return recompress(worn, int(rng.integers(60, 99))) if rng.random() < 0.5 else worn


class DeblurTask:
    """Learning to deblur."""

    name = "deblurring"
    recipe = Recipe(rate=1.5e-3, weight_decay=1e-3, averaging=0.998, clip=0.5)

    def prepare(self, split: Split) -> None:
        """Nothing to learn beforehand."""

    def network(self) -> nn.Module:
        return DeblurNet()

    def groups(self, network: nn.Module) -> list[dict[str, Any]]:
        return [{"params": list(network.parameters())}]

    def batch(self, split: Split, rng: np.random.Generator) -> Batch:
        given, wanted, kernels = [], [], []
        for _ in range(BATCH):
            photo = split.learnt[int(rng.integers(len(split.learnt)))]
            sharp = to_float(random_crop(photo, rng, WHOLE, WHOLE * 0.8, WHOLE * 1.5))
            if rng.random() < 0.5:
                sharp = np.ascontiguousarray(sharp.transpose(1, 0, 2))
            kernel = random_kernel(rng)
            given.append(worn_patch(sharp, rng, kernel).transpose(2, 0, 1))
            wanted.append(sharp.transpose(2, 0, 1))
            kernels.append(centred(kernel))
        places = rng.integers(0, WHOLE - CROP + 1, (BATCH, 2))
        return np.stack(given), np.stack(wanted), np.stack(kernels), places

    def loss(self, network: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Negative PSNR in dB, with a floor under the error, of the result and of what it begins with; the kernel."""
        given, wanted, kernels, places = batch
        logits, noise = network.reader(given)
        reading = -(kernels.flatten(1) * functional.log_softmax(logits, 1)).sum(1).mean()
        shown, around = [], []
        for picture, (top, left) in zip(bordered(given[:RESTORED]), places.tolist(), strict=False):
            around.append(picture[:, top : top + CROP + 2 * MARGIN, left : left + CROP + 2 * MARGIN])
            shown.append((slice(None), slice(top, top + CROP), slice(left, left + CROP)))
        chosen = slice(None, RESTORED)
        sharp, cautious = network.wiener(torch.stack(around), kernel_of(logits[chosen]), noise[chosen])
        image, truth = (
            torch.stack([picture[place] for picture, place in zip(pictures, shown, strict=False)])
            for pictures in (given, wanted)
        )
        with torch.autocast("cpu", torch.bfloat16):
            result = network.refiner(torch.cat([image, sharp, cautious], 1).to(memory_format=torch.channels_last))
        return decibels(result.float(), truth) + FILTERING * decibels(sharp, truth) + READING * reading

    def export(self, network: nn.Module, path: Path) -> None:
        export_onnx(AnySize(network), path, channels=3)

    def report(self, path: Path, split: Split, out: Path) -> str:
        return "\n".join(report_lines(path, split, out))


def decibels(result: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """The mean of the pictures' negative PSNR."""
    return torch.log10((result - truth).square().mean((1, 2, 3)) + ERROR_FLOOR).mean() * 10


def kernels_to_measure(rng: np.random.Generator) -> dict[str, Image | None]:
    """What each kept-out photo suffers in the report."""
    return {
        "motion 9-17 px": motion_kernel(rng, rng.uniform(9, 17)),
        "curved motion 9-17 px": motion_kernel(rng, rng.uniform(9, 17), bend=1.2),
        "defocus radius 2-4 px": defocus_kernel(rng.uniform(2, 4)),
        "softness of deviation 1-3 px": soft_kernel(rng.uniform(1, 3)),
        "sharp": None,
    }


def report_lines(path: Path, split: Split, out: Path) -> list[str]:
    """Mean gain in dB for each kind of blur, clean and with noise σ 2 and JPEG 85, what sharp photos keep, seconds."""
    run = runner(path)
    figures: dict[str, list[tuple[float, float]]] = {}
    rows: list[list[Image]] = []
    for index, photo in list(enumerate(split.kept_out))[::MEASURED_EVERY]:
        rng = np.random.default_rng((REPORT_SEED, index))
        sharp = to_float(middle_crop(photo, 256))
        row = [sharp]
        for kind, kernel in kernels_to_measure(rng).items():
            plain = sharp if kernel is None else blur(sharp, kernel)
            for worn, wear in ((plain, ""), (recompress(add_noise(plain, rng, 2), 85), ", noise and JPEG")):
                better = restored(run, worn)
                figures.setdefault(kind + wear, []).append((psnr(worn, sharp), psnr(better, sharp)))
                row += [worn, better] if kernel is not None and wear else []
        rows += [row] if index % SHEET_EVERY == 0 else []
    write_sheet(out / "sheet.png", rows)
    lines = [figure_line(kind, pairs) for kind, pairs in figures.items()]
    large = np.zeros((512, 512, 3), np.float32)
    restored(run, large)
    begun = monotonic()
    restored(run, large)
    return [*lines, f"512x512: {monotonic() - begun:.2f} s"]


def figure_line(kind: str, pairs: list[tuple[float, float]]) -> str:
    before, after = np.array(pairs).T
    gain, share = (after - before).mean(), np.mean(after > before)
    return f"{kind}: {before.mean():.2f} -> {after.mean():.2f} dB ({gain:+.2f}), better on {share:.0%}"


def restored(run: Any, image: Image) -> Image:
    """The picture as the network gives it back, HxWx3 to the same."""
    result = run(np.ascontiguousarray(image.transpose(2, 0, 1)[None]))[0]
    return np.clip(result.transpose(1, 2, 0), 0, 1).astype(np.float32)


if __name__ == "__main__":
    train(DeblurTask(), read_options("Trains the deblurring network."))
