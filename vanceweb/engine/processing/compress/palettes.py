"""Fewer colours: palettes of a picture, and the picture drawn with one, dithered or not.

Colours are RGBA, float32, 0..255, multiplied by their alpha: all that is fully transparent is one colour, and an error
in what hardly shows counts little.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Samples = npt.NDArray[np.uint8]  # height x width x 4, RGBA, not multiplied
Colours = npt.NDArray[np.float32]  # count x 4, multiplied by alpha

BITS = np.array([6, 6, 6, 4])  # per channel, of the histogram's bins: 4 million of them
STRIP = 256  # rows looked at at once
# How much an error in a channel counts: the eye sees green best and blue least; roughly ITU-R BT.601's luma, softened.
EYE = np.sqrt(np.array([0.8, 1.4, 0.5, 1.3], dtype=np.float32))
REFINEMENTS = 4  # rounds of k-means after splitting; more hardly change anything
MOST_BINS = 60_000  # of the fullest bins, from which the palette is chosen
NEAREST_AT_ONCE = 8192  # bins compared with the palette at once: 8 MB


@dataclass(frozen=True)
class Histogram:
    """The colours that occur, joined to bins: their codes (sorted), mean colours and numbers of px."""

    codes: npt.NDArray[np.int64]
    means: Colours
    counts: npt.NDArray[np.float64]


def histogram(picture: Samples) -> Histogram:
    """All the colours of a picture, in a memory that does not grow with its size."""
    bins = 1 << int(BITS.sum())
    counts = np.zeros(bins)
    sums = np.zeros((4, bins))
    for rows in _strips(picture):
        colours, codes = _coded(rows)
        counts += np.bincount(codes, minlength=bins)
        for channel in range(4):
            sums[channel] += np.bincount(codes, colours[:, channel], minlength=bins)
    codes = np.flatnonzero(counts)
    return Histogram(codes, (sums[:, codes] / counts[codes]).T.astype(np.float32), counts[codes])


def palettes(colours: Histogram, sizes: tuple[int, ...]) -> dict[int, Colours]:
    """The best palette found for each of `sizes`, by splitting where the error is largest, then k-means."""
    fullest = np.argsort(colours.counts)[-MOST_BINS:]
    points, counts = colours.means[fullest] * EYE, colours.counts[fullest]
    found = {}
    clusters = [np.arange(len(points))]
    errors = [_error(points, counts)]
    for size in sorted(sizes):
        while len(clusters) < size and max(errors) > 0:
            worst = int(np.argmax(errors))
            for part in _split(points, counts, clusters[worst]):
                clusters.append(part)
                errors.append(_error(points[part], counts[part]))
            del clusters[worst], errors[worst]
        centres = np.stack([_mean(points[part], counts[part]) for part in clusters])
        found[size] = np.asarray(_refined(points, counts, centres) / EYE, dtype=np.float32)
    return found


@dataclass(frozen=True)
class Drawn:
    """A picture in few colours: which (height x width), and the colours themselves (count x 4, RGBA)."""

    indices: npt.NDArray[np.uint8]
    palette: Samples

    @property
    def samples(self) -> Samples:
        """The picture, height x width x 4."""
        return self.palette[self.indices]

    def image(self) -> Image.Image:
        """Of mode P, with transparency where the palette has it."""
        image = Image.fromarray(self.indices, "L")
        image.putpalette(self.palette[:, :3].tobytes(), "RGB")
        alpha = self.palette[self.palette[:, 3] < 255, 3]
        if len(alpha):
            image.info["transparency"] = alpha.tobytes()
        return image


def draw(picture: Samples, colours: Histogram, palette: Colours, *, dithered: bool) -> Drawn:
    """The picture in a palette's colours; `colours` are at least those of the picture.

    Dithering (Floyd and Steinberg's) spreads the errors of opaque px among their neighbours.
    """
    palette = np.rint(palette).clip(0, 255)
    palette = palette[
        np.argsort(palette[:, 3], kind="stable")
    ]  # transparent first: the file keeps alpha up to the last
    table = np.zeros(1 << int(BITS.sum()), dtype=np.uint8)
    table[colours.codes] = _nearest(colours.means * EYE, palette * EYE)
    indices = np.concatenate([table[_coded(rows)[1]] for rows in _strips(picture)]).reshape(picture.shape[:2])
    plain = _unmultiplied(palette)
    if dithered:
        _dither(picture, plain, indices)
    return Drawn(indices, plain)


def _dither(picture: Samples, palette: Samples, indices: npt.NDArray[np.uint8]) -> None:
    """Replace the opaque px of `indices` by dithered ones of the palette's opaque colours."""
    first = int(np.count_nonzero(palette[:, 3] < 255))
    if first == len(palette):
        return
    opaque = Image.new("P", (1, 1))
    opaque.putpalette(palette[first:, :3].tobytes(), "RGB")
    colours = Image.fromarray(np.ascontiguousarray(picture[:, :, :3]))
    spread = np.asarray(colours.quantize(palette=opaque, dither=Image.Dither.FLOYDSTEINBERG))
    np.copyto(indices, spread + np.uint8(first), where=picture[:, :, 3] == 255)


def _strips(picture: Samples) -> Iterator[Samples]:
    for top in range(0, picture.shape[0], STRIP):
        yield picture[top : top + STRIP]


def _coded(rows: Samples) -> tuple[Colours, npt.NDArray[np.int64]]:
    """The px' colours and bins."""
    colours = rows.reshape(-1, 4).astype(np.float32)
    colours[:, :3] *= colours[:, 3:] / np.float32(255)
    levels = colours.astype(np.int64) >> (8 - BITS)
    return colours, levels @ (1 << np.concatenate([np.cumsum(BITS[:0:-1])[::-1], [0]]))


def _mean(points: Colours, counts: npt.NDArray[np.float64]) -> Colours:
    return np.average(points, axis=0, weights=counts).astype(np.float32)


def _error(points: Colours, counts: npt.NDArray[np.float64]) -> float:
    return float((((points - _mean(points, counts)) ** 2).sum(axis=1) * counts).sum()) if len(points) > 1 else 0.0


def _split(
    points: Colours, counts: npt.NDArray[np.float64], part: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """A cluster cut at its mean, across the direction in which it is longest."""
    from_mean = points[part] - _mean(points[part], counts[part])
    _, directions = np.linalg.eigh((from_mean * counts[part, None]).T @ from_mean)
    above = from_mean @ directions[:, -1] > 0
    if above.all() or not above.any():  # equal up to rounding
        above = np.arange(len(part)) < len(part) // 2
    return part[above], part[~above]


def _refined(points: Colours, counts: npt.NDArray[np.float64], centres: Colours) -> Colours:
    for _ in range(REFINEMENTS):
        nearest = _nearest(points, centres)
        total = np.bincount(nearest, counts, minlength=len(centres))
        sums = np.stack([np.bincount(nearest, points[:, c] * counts, minlength=len(centres)) for c in range(4)])
        used = total > 0
        centres = centres.copy()
        centres[used] = (sums[:, used] / total[used]).T
    return centres


def _nearest(points: Colours, centres: Colours) -> npt.NDArray[np.uint8]:
    squares = (centres**2).sum(axis=1)
    found = np.empty(len(points), dtype=np.uint8)
    for start in range(0, len(points), NEAREST_AT_ONCE):
        some = slice(start, start + NEAREST_AT_ONCE)
        found[some] = np.argmin(squares - 2 * points[some] @ centres.T, axis=1)
    return found


def _unmultiplied(palette: Colours) -> Samples:
    alpha = palette[:, 3:]
    colours = palette[:, :3] * (255 / np.maximum(alpha, 1))
    return np.asarray(np.hstack([np.rint(colours).clip(0, 255), alpha]), dtype=np.uint8)
