"""The scratch detector: a mask of scratches, creases, folds, dust and spots from a grey picture of about 512 px.

    python -m training.scratches --photos DIR --out DIR --minutes 40 --seed 1

A U-Net that works on half the side (each 2x2 block as four channels) and gives its mask in full size. Input `image`
(1, 1, H, W), grey 0..1, sides a multiple of 16; output `result` (1, 1, H, W), the chance of damage, 0..1.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from training.degradations import (
    DAMAGE_KINDS,
    age,
    damage,
    discolour,
    scan,
    scanner_lens,
    seen_change,
)
from training.exporting import export_onnx
from training.lookalikes import add_lookalikes
from training.measures import Found, psnr, write_sheet
from training.photos import Split, middle_crop, random_crop, to_grey
from training.running import runner
from training.runs import Batch, Recipe, read_options, train

WIDTHS = (32, 48, 96, 128)  # at strides 2, 4, 8, 16
CROP, WORKING = 256, 512  # px: learnt on crops, measured at the working size
BATCH = 8
CUT = (110, 420)  # px cut for a crop; a photo's own 256 px end it, so that half of the crops are not enlarged
CLEAN = 0.2  # share of pictures without any damage
LOOKALIKES = 0.4  # share of pictures with wires, hair, branches, text or edges drawn in
THRESHOLDS = (0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
TOLERANCE = 1  # px: which pixel at the rim of a soft line counts as damaged is a matter of taste
REPORT_SEED = 20_000

Image = NDArray[np.float32]


def single(inner: int, outer: int) -> nn.Sequential:
    """A 3x3 convolution, normalised and rectified."""
    return nn.Sequential(
        nn.Conv2d(inner, outer, 3, padding=1, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True)
    )


def pair(inner: int, outer: int) -> nn.Sequential:
    return nn.Sequential(single(inner, outer), single(outer, outer))


class ScratchNet(nn.Module):
    """Logits of damage, (N, 1, H, W) to (N, 1, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        deeper = (4, *WIDTHS[:-1])
        self.down = nn.ModuleList([pair(before, width) for before, width in zip(deeper, WIDTHS, strict=True)])
        around = list(zip(WIDTHS[1:], WIDTHS[:-1], strict=True))[::-1]
        self.up = nn.ModuleList([pair(below + width, width) for below, width in around])
        self.last = nn.Conv2d(WIDTHS[0], 4, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        here = functional.pixel_unshuffle(image - 0.5, 2)
        passed: list[torch.Tensor] = []
        for index, block in enumerate(self.down):
            here = block(functional.max_pool2d(here, 2) if index else here)
            passed.append(here)
        for block, beside in zip(self.up, passed[-2::-1], strict=True):
            larger = functional.interpolate(here, scale_factor=2.0, mode="nearest")
            here = block(torch.cat([larger, beside], 1))
        return functional.pixel_shuffle(self.last(here), 2)


def worn_picture(
    grey: Image, rng: np.random.Generator, kinds: tuple[str, ...]
) -> tuple[Image, Image, NDArray[np.bool_], NDArray[np.bool_]]:
    """An aged, scanned picture without and with damage of some kinds, where it is damaged, and where that counts.

    Damage is what can be seen behind the scanner's lens: that dims hairlines and widens them.
    """
    aged = discolour(age(grey, rng), rng)
    worn = damage(aged, rng, kinds)[0]
    scanner = int(rng.integers(2**32))
    damaged, judged = seen_change(*(scanner_lens(image, np.random.default_rng(scanner)) for image in (worn, aged)))
    return scan(aged, np.random.default_rng(scanner)), scan(worn, np.random.default_rng(scanner)), damaged, judged


class ScratchTask:
    """Learning the detector."""

    name = "scratches"
    recipe = Recipe(rate=2e-3, averaging=0.997)

    def prepare(self, split: Split) -> None:
        """Nothing to learn beforehand."""

    def network(self) -> nn.Module:
        return ScratchNet()

    def groups(self, network: nn.Module) -> list[dict[str, Any]]:
        return [{"params": list(network.parameters())}]

    def batch(self, split: Split, rng: np.random.Generator) -> Batch:
        pictures, masks, counts = [], [], []
        for _ in range(BATCH):
            photo = split.learnt[int(rng.integers(len(split.learnt)))]
            grey = to_grey(random_crop(photo, rng, CROP, *CUT))
            if rng.random() < LOOKALIKES:
                grey = add_lookalikes(grey, rng)
            kinds = tuple(kind for kind in DAMAGE_KINDS if rng.random() < 0.5) if rng.random() > CLEAN else ()
            _, worn, damaged, judged = worn_picture(grey, rng, kinds)
            pictures.append(worn[None])
            masks.append(damaged[None])
            counts.append(judged[None])
        return tuple(np.stack(arrays).astype(np.float32) for arrays in (pictures, masks, counts))

    def loss(self, network: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Cross entropy plus Dice, over the pixels that count."""
        pictures, masks, counts = batch
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(pictures.to(memory_format=torch.channels_last))
        logits = logits.float()
        entropy = functional.binary_cross_entropy_with_logits(logits, masks, counts, reduction="sum") / counts.sum()
        chance = torch.sigmoid(logits) * counts
        overlap = 2 * (chance * masks).sum() / (chance.sum() + (masks * counts).sum() + 1)
        return entropy * 4 + 1 - overlap

    def export(self, network: nn.Module, path: Path) -> None:
        export_onnx(nn.Sequential(network, nn.Sigmoid()), path, channels=1)

    def report(self, path: Path, split: Split, out: Path) -> str:
        return "\n".join(report_lines(path, split, out))


def marked_by(run: Any, grey: Image) -> Image:
    """The chance of damage for each pixel of a grey picture."""
    return np.asarray(run(np.ascontiguousarray(grey[None, None]))[0, 0], np.float32)


def filled(worn: Image, mask: NDArray[np.bool_]) -> Image:
    """The picture with the masked pixels, and one around them, filled in from their surroundings (Telea)."""
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    pixels = (np.clip(worn, 0, 1) * 255 + 0.5).astype(np.uint8)
    return np.asarray(cv2.inpaint(pixels, wide, 3, cv2.INPAINT_TELEA), np.float32) / np.float32(255)


def report_lines(path: Path, split: Split, out: Path) -> list[str]:
    """Recall and precision on damaged kept-out photos, marks on clean ones, and what filling gives in dB."""
    run = runner(path)
    found = {(threshold, tolerance): Found() for threshold in THRESHOLDS for tolerance in (TOLERANCE, 0)}
    strict, alone = Found(), {kind: Found() for kind in DAMAGE_KINDS}
    quiet, similar, gains, kept = [], [], [], []
    rows: list[list[Image]] = []
    for index, photo in enumerate(split.kept_out):
        rng = np.random.default_rng((REPORT_SEED, index))
        grey = to_grey(middle_crop(photo, WORKING))
        kinds = tuple(kind for kind in DAMAGE_KINDS if rng.random() < 0.6) or ("scratches",)
        aged, worn, damaged, judged = worn_picture(grey, rng, kinds)
        chance = marked_by(run, worn)
        for (threshold, tolerance), counted in found.items():
            counted.count(chance >= threshold, damaged, judged, tolerance)
        strict.count(chance >= 0.5, damaged, np.ones_like(damaged), TOLERANCE)
        gains.append(psnr(filled(worn, chance >= 0.5), aged) - psnr(worn, aged))
        clean = marked_by(run, grey)
        quiet.append(float(np.mean(clean >= 0.5)))
        kept.append(psnr(filled(grey, clean >= 0.5), grey))
        drawn = scan(add_lookalikes(grey, rng), rng)
        similar.append(float(np.mean(marked_by(run, drawn) >= 0.5)))
        kind = DAMAGE_KINDS[index % len(DAMAGE_KINDS)]
        _, single_worn, single_damaged, single_judged = worn_picture(grey, rng, (kind,))
        alone[kind].count(marked_by(run, single_worn) >= 0.5, single_damaged, single_judged, TOLERANCE)
        if index % 12 == 0:
            mended = filled(worn, chance >= 0.5)
            rows.append([worn, damaged.astype(np.float32), chance, mended, drawn, marked_by(run, drawn)])
    write_sheet(out / "sheet.png", [[np.asarray(cv2.resize(i, (256, 256)), np.float32) for i in row] for row in rows])
    return [
        *(f"threshold {at}, tolerance {px} px: {figure(counted)}" for (at, px), counted in found.items()),
        f"0.5, tolerance {TOLERANCE} px, faint damage counted as none: {figure(strict)}",
        *(f"only {kind}, 0.5, tolerance {TOLERANCE} px: {figure(counted)}" for kind, counted in alone.items()),
        f"filled with the mask at 0.5: {np.mean(gains):+.2f} dB mean, {np.median(gains):+.2f} median",
        f"clean photos: {np.mean(kept):.1f} dB mean, {np.mean(np.array(kept) >= 38):.0%} at 38 dB or more, "
        f"marked {np.mean(quiet):.3%}; with drawn wires, hair, branches, text, edges {np.mean(similar):.3%}",
    ]


def figure(counted: Found) -> str:
    return f"recall {counted.recall:.3f}, precision {counted.precision:.3f}"


if __name__ == "__main__":
    train(ScratchTask(), read_options("Trains the scratch detector."))
