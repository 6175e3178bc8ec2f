"""The scratch detector: a mask of scratches, creases, folds, dust and spots from a grey picture of about 512 px.

    python -m training.scratches --photos DIR --out DIR --minutes 40 --seed 1

A U-Net at half the side (each 2x2 block as four channels) with a mask of full size. Input `image`
(1, 1, H, W), grey 0..1, sides a multiple of 16; output `result` (1, 1, H, W), the probability of damage, 0..1.
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
    add_damage,
    age_image,
    apply_scanner_lens,
    discolour_image,
    find_visible_damage,
    simulate_scan,
)
from training.distractors import add_distractors
from training.loop import Batch, Recipe, read_options, train
from training.metrics import DetectionCounts, compute_psnr, write_sheet
from training.onnx_export import export_onnx
from training.onnx_inference import load_network
from training.photos import PhotoSplit, crop_middle, crop_randomly, to_grey

WIDTHS = (32, 48, 96, 128)  # at strides 2, 4, 8, 16
CROP, WORKING = 256, 512  # px: the side of training crops, and the working size of the report
BATCH = 8
CUT_SIDES = (110, 420)  # px cut for a crop; photos of 256 px limit it, so that half of the crops are not enlarged
CLEAN_SHARE = 0.2  # share of pictures without any damage
DISTRACTOR_SHARE = 0.4  # share of pictures with wires, hair, branches, text or edges drawn in
THRESHOLDS = (0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
TOLERANCE = 1  # px: the exact rim of a soft line is ambiguous
REPORT_SEED = 20_000

Image = NDArray[np.float32]


def build_layer(inner: int, outer: int) -> nn.Sequential:
    """Build a 3x3 convolution with normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inner, outer, 3, padding=1, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True)
    )


def build_layer_pair(inner: int, outer: int) -> nn.Sequential:
    return nn.Sequential(build_layer(inner, outer), build_layer(outer, outer))


class ScratchNet(nn.Module):
    """Logits of damage, (N, 1, H, W) to (N, 1, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        deeper = (4, *WIDTHS[:-1])
        self.down = nn.ModuleList(build_layer_pair(before, width) for before, width in zip(deeper, WIDTHS, strict=True))
        around = list(zip(WIDTHS[1:], WIDTHS[:-1], strict=True))[::-1]
        self.up = nn.ModuleList([build_layer_pair(below + width, width) for below, width in around])
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


def degrade_picture(
    grey: Image, rng: np.random.Generator, kinds: tuple[str, ...]
) -> tuple[Image, Image, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return an aged, scanned picture without and with damage of some kinds, and masks of damage and of judged pixels.

    Damage is what is visible behind the scanner's lens, which dims and widens hairlines.
    """
    aged = discolour_image(age_image(grey, rng), rng)
    worn = add_damage(aged, rng, kinds)[0]
    scanner = int(rng.integers(2**32))
    behind_lens = (apply_scanner_lens(image, np.random.default_rng(scanner)) for image in (worn, aged))
    undamaged_scan, damaged_scan = (simulate_scan(image, np.random.default_rng(scanner)) for image in (aged, worn))
    return undamaged_scan, damaged_scan, *find_visible_damage(*behind_lens)


class ScratchTask:
    """Training of the scratch detector."""

    name = "scratches"
    recipe = Recipe(rate=2e-3, averaging=0.997)

    def prepare(self, split: PhotoSplit) -> None:
        """Do nothing: the photos need no analysis."""

    def build_network(self) -> nn.Module:
        return ScratchNet()

    def build_parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        return [{"params": list(network.parameters())}]

    def make_batch(self, split: PhotoSplit, rng: np.random.Generator) -> Batch:
        pictures, masks, counts = [], [], []
        for _ in range(BATCH):
            photo = split.training[int(rng.integers(len(split.training)))]
            grey = to_grey(crop_randomly(photo, rng, CROP, *CUT_SIDES))
            if rng.random() < DISTRACTOR_SHARE:
                grey = add_distractors(grey, rng)
            kinds = tuple(kind for kind in DAMAGE_KINDS if rng.random() < 0.5) if rng.random() > CLEAN_SHARE else ()
            _, worn, damaged, judged = degrade_picture(grey, rng, kinds)
            pictures.append(worn[None])
            masks.append(damaged[None])
            counts.append(judged[None])
        return tuple(np.stack(arrays).astype(np.float32) for arrays in (pictures, masks, counts))

    def compute_loss(self, network: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the cross entropy plus the Dice loss, over the judged pixels."""
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

    def build_report(self, path: Path, split: PhotoSplit, out: Path) -> str:
        return "\n".join(build_scratch_report(path, split, out))


def detect_damage(run: Any, grey: Image) -> Image:
    """Return the probability of damage for each pixel of a grey picture."""
    return np.asarray(run(np.ascontiguousarray(grey[None, None]))[0, 0], np.float32)


def fill_damage(worn: Image, mask: NDArray[np.bool_]) -> Image:
    """Fill the masked pixels, and one pixel around them, from their surroundings (Telea)."""
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    pixels = (np.clip(worn, 0, 1) * 255 + 0.5).astype(np.uint8)
    return np.asarray(cv2.inpaint(pixels, wide, 3, cv2.INPAINT_TELEA), np.float32) / np.float32(255)


def build_scratch_report(path: Path, split: PhotoSplit, out: Path) -> list[str]:
    """Return recall and precision on damaged held-out photos, marks on clean ones, and gains in dB by filling."""
    run = load_network(path)
    found = {(threshold, tolerance): DetectionCounts() for threshold in THRESHOLDS for tolerance in (TOLERANCE, 0)}
    strict, alone = DetectionCounts(), {kind: DetectionCounts() for kind in DAMAGE_KINDS}
    quiet, similar, gains, kept = [], [], [], []
    rows: list[list[Image]] = []
    for index, photo in enumerate(split.held_out):
        rng = np.random.default_rng((REPORT_SEED, index))
        grey = to_grey(crop_middle(photo, WORKING))
        kinds = tuple(kind for kind in DAMAGE_KINDS if rng.random() < 0.6) or ("scratches",)
        aged, worn, damaged, judged = degrade_picture(grey, rng, kinds)
        chance = detect_damage(run, worn)
        for (threshold, tolerance), counted in found.items():
            counted.add(chance >= threshold, damaged, judged, tolerance)
        strict.add(chance >= 0.5, damaged, np.ones_like(damaged), TOLERANCE)
        gains.append(compute_psnr(fill_damage(worn, chance >= 0.5), aged) - compute_psnr(worn, aged))
        clean = detect_damage(run, grey)
        quiet.append(float(np.mean(clean >= 0.5)))
        kept.append(compute_psnr(fill_damage(grey, clean >= 0.5), grey))
        drawn = simulate_scan(add_distractors(grey, rng), rng)
        similar.append(float(np.mean(detect_damage(run, drawn) >= 0.5)))
        kind = DAMAGE_KINDS[index % len(DAMAGE_KINDS)]
        _, single_worn, single_damaged, single_judged = degrade_picture(grey, rng, (kind,))
        alone[kind].add(detect_damage(run, single_worn) >= 0.5, single_damaged, single_judged, TOLERANCE)
        if index % 12 == 0:
            mended = fill_damage(worn, chance >= 0.5)
            rows.append([worn, damaged.astype(np.float32), chance, mended, drawn, detect_damage(run, drawn)])
    write_sheet(out / "sheet.png", [[np.asarray(cv2.resize(i, (256, 256)), np.float32) for i in row] for row in rows])
    return [
        *(f"threshold {at}, tolerance {px} px: {format_counts(counted)}" for (at, px), counted in found.items()),
        f"0.5, tolerance {TOLERANCE} px, faint damage counted as none: {format_counts(strict)}",
        *(f"only {kind}, 0.5, tolerance {TOLERANCE} px: {format_counts(counted)}" for kind, counted in alone.items()),
        f"filled with the mask at 0.5: {np.mean(gains):+.2f} dB mean, {np.median(gains):+.2f} median",
        f"clean photos: {np.mean(kept):.1f} dB mean, {np.mean(np.array(kept) >= 38):.0%} at 38 dB or more, "
        f"marked {np.mean(quiet):.3%}; with drawn wires, hair, branches, text, edges {np.mean(similar):.3%}",
    ]


def format_counts(counted: DetectionCounts) -> str:
    return f"recall {counted.recall:.3f}, precision {counted.precision:.3f}"


if __name__ == "__main__":
    train(ScratchTask(), read_options("Train the scratch detector."))
