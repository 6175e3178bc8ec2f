"""Palettes of a picture's colours, and the picture in the colours of a palette, dithered or not.

Colours are RGBA, float32, 0..255, multiplied by their alpha: all fully transparent px have the same colour, and errors
in almost transparent px count little.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from vanceweb.engine.processing.image.progress import Report, ignore_progress, report_each, split_report

Samples = npt.NDArray[np.uint8]  # height x width x 4, RGBA, not multiplied by alpha
Colours = npt.NDArray[np.float32]  # count x 4, multiplied by alpha

BIN_BITS = np.array([6, 6, 6, 4])  # per channel: 4 million bins of the histogram
STRIP_ROWS = 256  # rows processed at once
# Weight of an error in a channel: the eye sees green best and blue worst; roughly ITU-R BT.601's luma, softened.
CHANNEL_WEIGHTS = np.sqrt(np.array([0.8, 1.4, 0.5, 1.3], dtype=np.float32))
REFINEMENTS = 4  # rounds of k-means after splitting; more change hardly anything
MAX_BINS = 60_000  # the fullest ones, from which the palette is chosen
BATCH_SIZE = 8192  # bins compared with the palette at once: 8 MB


@dataclass(frozen=True)
class Histogram:
    """The colours of a picture, grouped into bins: their codes (sorted), mean colours and numbers of px."""

    codes: npt.NDArray[np.int64]
    means: Colours
    counts: npt.NDArray[np.float64]


def build_histogram(picture: Samples, report: Report = ignore_progress) -> Histogram:
    """Build the histogram of a picture; the memory needed does not grow with its size."""
    bins = 1 << int(BIN_BITS.sum())
    counts = np.zeros(bins)
    sums = np.zeros((4, bins))
    for rows in report_each(_split_into_strips(picture), report):
        colours, codes = _assign_bins(rows)
        counts += np.bincount(codes, minlength=bins)
        for channel in range(4):
            sums[channel] += np.bincount(codes, colours[:, channel], minlength=bins)
    codes = np.flatnonzero(counts)
    return Histogram(codes, (sums[:, codes] / counts[codes]).T.astype(np.float32), counts[codes])


def find_palettes(colours: Histogram, sizes: tuple[int, ...], report: Report = ignore_progress) -> dict[int, Colours]:
    """Return the best palette for each of `sizes`, found by splitting at the largest error and then by k-means."""
    fullest = np.argsort(colours.counts)[-MAX_BINS:]
    points, counts = colours.means[fullest] * CHANNEL_WEIGHTS, colours.counts[fullest]
    found = {}
    clusters = [np.arange(len(points))]
    errors = [_compute_error(points, counts)]
    for size, size_report in zip(sorted(sizes), split_report(report, sorted(sizes)), strict=True):
        while len(clusters) < size and max(errors) > 0:
            worst = int(np.argmax(errors))
            for part in _split(points, counts, clusters[worst]):
                clusters.append(part)
                errors.append(_compute_error(points[part], counts[part]))
            del clusters[worst], errors[worst]
            size_report(0.0)
        centres = np.stack([_compute_mean(points[part], counts[part]) for part in clusters])
        found[size] = np.asarray(_refine(points, counts, centres, size_report) / CHANNEL_WEIGHTS, dtype=np.float32)
    return found


@dataclass(frozen=True)
class IndexedPicture:
    """A picture in few colours: indices (height x width) into a palette of colours (count x 4, RGBA)."""

    indices: npt.NDArray[np.uint8]
    palette: Samples

    @property
    def samples(self) -> Samples:
        """The picture, height x width x 4."""
        return self.palette[self.indices]

    def to_image(self) -> Image.Image:
        """Convert to an image of mode P, with transparency where the palette has it."""
        image = Image.fromarray(self.indices, "L")
        image.putpalette(self.palette[:, :3].tobytes(), "RGB")
        alpha = self.palette[self.palette[:, 3] < 255, 3]
        if len(alpha):
            image.info["transparency"] = alpha.tobytes()
        return image


def apply_palette(picture: Samples, colours: Histogram, palette: Colours, *, dithered: bool) -> IndexedPicture:
    """Return the picture in a palette's colours; `colours` contain at least those of the picture.

    Floyd-Steinberg dithering spreads the errors of opaque px among their neighbours.
    """
    palette = np.rint(palette).clip(0, 255)
    # Transparent colours come first, because the file stores alpha up to the last of them.
    palette = palette[np.argsort(palette[:, 3], kind="stable")]
    table = np.zeros(1 << int(BIN_BITS.sum()), dtype=np.uint8)
    table[colours.codes] = _find_nearest(colours.means * CHANNEL_WEIGHTS, palette * CHANNEL_WEIGHTS)
    indices = np.concatenate([table[_assign_bins(rows)[1]] for rows in _split_into_strips(picture)]).reshape(
        picture.shape[:2]
    )
    plain = _divide_by_alpha(palette)
    if dithered:
        _dither(picture, plain, indices)
    return IndexedPicture(indices, plain)


def _dither(picture: Samples, palette: Samples, indices: npt.NDArray[np.uint8]) -> None:
    """Dither the opaque px of `indices` in place, with the palette's opaque colours."""
    first = int(np.count_nonzero(palette[:, 3] < 255))
    if first == len(palette):
        return
    opaque = Image.new("P", (1, 1))
    opaque.putpalette(palette[first:, :3].tobytes(), "RGB")
    colours = Image.fromarray(np.ascontiguousarray(picture[:, :, :3]))
    spread = np.asarray(colours.quantize(palette=opaque, dither=Image.Dither.FLOYDSTEINBERG))
    np.copyto(indices, spread + np.uint8(first), where=picture[:, :, 3] == 255)


def _split_into_strips(picture: Samples) -> Sequence[Samples]:
    return [picture[top : top + STRIP_ROWS] for top in range(0, picture.shape[0], STRIP_ROWS)]


def _assign_bins(rows: Samples) -> tuple[Colours, npt.NDArray[np.int64]]:
    """Return the colours of the px and the codes of their bins."""
    colours = rows.reshape(-1, 4).astype(np.float32)
    colours[:, :3] *= colours[:, 3:] / np.float32(255)
    levels = colours.astype(np.int64) >> (8 - BIN_BITS)
    return colours, levels @ (1 << np.concatenate([np.cumsum(BIN_BITS[:0:-1])[::-1], [0]]))


def _compute_mean(points: Colours, counts: npt.NDArray[np.float64]) -> Colours:
    return np.average(points, axis=0, weights=counts).astype(np.float32)


def _compute_error(points: Colours, counts: npt.NDArray[np.float64]) -> float:
    return (
        float((((points - _compute_mean(points, counts)) ** 2).sum(axis=1) * counts).sum()) if len(points) > 1 else 0.0
    )


def _split(
    points: Colours, counts: npt.NDArray[np.float64], part: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Split a cluster at its mean, across the direction in which it is longest."""
    from_mean = points[part] - _compute_mean(points[part], counts[part])
    _, directions = np.linalg.eigh((from_mean * counts[part, None]).T @ from_mean)
    above = from_mean @ directions[:, -1] > 0
    if above.all() or not above.any():  # equal up to rounding
        above = np.arange(len(part)) < len(part) // 2
    return part[above], part[~above]


def _refine(points: Colours, counts: npt.NDArray[np.float64], centres: Colours, report: Report) -> Colours:
    for _ in report_each(range(REFINEMENTS), report):
        nearest = _find_nearest(points, centres)
        total = np.bincount(nearest, counts, minlength=len(centres))
        sums = np.stack([np.bincount(nearest, points[:, c] * counts, minlength=len(centres)) for c in range(4)])
        used = total > 0
        centres = centres.copy()
        centres[used] = (sums[:, used] / total[used]).T
    return centres


def _find_nearest(points: Colours, centres: Colours) -> npt.NDArray[np.uint8]:
    squares = (centres**2).sum(axis=1)
    found = np.empty(len(points), dtype=np.uint8)
    for start in range(0, len(points), BATCH_SIZE):
        some = slice(start, start + BATCH_SIZE)
        found[some] = np.argmin(squares - 2 * points[some] @ centres.T, axis=1)
    return found


def _divide_by_alpha(palette: Colours) -> Samples:
    alpha = palette[:, 3:]
    colours = palette[:, :3] * (255 / np.maximum(alpha, 1))
    return np.asarray(np.hstack([np.rint(colours).clip(0, 255), alpha]), dtype=np.uint8)
