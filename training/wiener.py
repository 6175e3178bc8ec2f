"""A blur read from a picture's spectrum, and the picture freed from it as far as noise allows, inside a network.

The spectrum of a blurred picture is that of the sharp one times that of the blur; a shaken or defocused picture shows
bands and rings of zeros, and its cepstrum (the spectrum of the log spectrum) peaks at the blur's length. A small
network reads the blur's kernel and the noise from it; Wiener's filter for that kernel (with the 1/f spectrum of
natural pictures as prior) takes the blur back. A Fourier transform takes a tile for one that goes on at its opposite
side; so towards its edges each tile is faded into itself blurred that way, which spares most of the echoes. All
Fourier transforms are products with matrices over tiles of TILE px, which ONNX has and processors like.
"""

import math

import torch
from torch import nn
from torch.nn import functional

TILE, STEP = 128, 64  # px; a filtered tile is right in its middle STEP px
MARGIN = (TILE - STEP) // 2
FADE = 40  # px from a tile's edge within which it is faded into itself blurred
KERNEL = 25  # px, odd: the side of the kernels that can be read
REACH = 20  # px: how far the cepstrum is looked at
POOLED = 8  # neighbouring frequencies averaged for the noise's sake
HIDDEN = 512
FAINTEST = 1e-3  # power below which a frequency is silence
LEVEL = 0.1  # the noise a fresh network assumes, against the picture's power at one cycle per pixel
CAUTION = 10.0  # how much more noise the second, softer filter assumes

Pair = tuple[torch.Tensor, torch.Tensor]  # real and imaginary part


def waves(places: torch.Tensor, frequencies: torch.Tensor) -> Pair:
    """Cosine and sine of each frequency (cycles per TILE) at each place, (places, frequencies)."""
    turns = torch.remainder(places[:, None] * frequencies[None], TILE)  # small angles: float32 has no digits to waste
    angles = turns * (2 * math.pi / TILE)
    return torch.cos(angles), torch.sin(angles)


def cut_tiles(planes: torch.Tensor, step: int = STEP) -> torch.Tensor:
    """Overlapping tiles, (N, C, H, W) to (N, C, rows, TILE, columns, TILE)."""
    within = torch.arange(TILE)
    rows = torch.arange((planes.shape[2] - TILE) // step + 1) * step
    columns = torch.arange((planes.shape[3] - TILE) // step + 1) * step
    return planes[:, :, rows[:, None] + within][..., columns[:, None] + within]


class Fourier(nn.Module):
    """Discrete Fourier transforms of tiles; of the horizontal frequencies only the half that is needed."""

    def __init__(self) -> None:
        super().__init__()
        whole, across = torch.arange(TILE).float(), torch.arange(TILE // 2 + 1).float()
        self.register_buffer("whole", whole, persistent=False)
        self.register_buffer("across", across, persistent=False)
        doubled = torch.full((TILE // 2 + 1,), 2.0)
        doubled[0] = doubled[-1] = 1.0
        self.register_buffer("doubled", doubled, persistent=False)

    def forward(self, tiles: torch.Tensor) -> Pair:
        """Of (..., TILE, TILE) to (..., TILE, TILE/2+1)."""
        return self.of_places(tiles, self.whole, self.whole)

    def of_places(self, values: torch.Tensor, y: torch.Tensor, x: torch.Tensor) -> Pair:
        """Of values at some places of a tile, (..., y, x)."""
        cos_y, sin_y = (wave.T for wave in waves(y, self.whole))
        cos_x, sin_x = waves(x, self.across)
        real, imaginary = values @ cos_x, values @ sin_x
        return cos_y @ real - sin_y @ imaginary, -(cos_y @ imaginary + sin_y @ real)

    def back(self, spectrum: Pair, y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """The real values at some places, (..., y, x)."""
        cos_y, sin_y = waves(y, self.whole)
        cos_x, sin_x = waves(x, self.across)
        real, imaginary = (part * self.doubled / TILE**2 for part in spectrum)
        return (cos_y @ real - sin_y @ imaginary) @ cos_x.T - (cos_y @ imaginary + sin_y @ real) @ sin_x.T


class BlurReader(nn.Module):
    """Logits of the kernel's places (N, KERNEL * KERNEL) and the log of the noise (N) of pictures (N, 3, H, W).

    Read as chances, the places are the mean of the kernels a picture may have suffered.
    """

    def __init__(self, fourier: Fourier) -> None:
        super().__init__()
        self.fourier = fourier
        self.register_buffer("window", torch.hann_window(TILE), persistent=False)
        self.register_buffer("aside", torch.arange(REACH + 1).float(), persistent=False)
        self.register_buffer("around", torch.arange(-REACH, REACH + 1).float(), persistent=False)
        features = (2 * REACH + 1) * (REACH + 1) + TILE * TILE // 2 // POOLED**2
        self.evened = nn.BatchNorm1d(features, affine=False)
        self.read = nn.Sequential(
            nn.Linear(features, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, KERNEL**2 + 1),
        )

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        read = self.read(self.evened(self.features(image)))
        return read[:, :-1], read[:, -1] + math.log(LEVEL)

    def features(self, image: torch.Tensor) -> torch.Tensor:
        """The middle of the cepstrum and the coarse log spectrum of the mean tile."""
        tiles = cut_tiles(image.mean(1, keepdim=True)).transpose(3, 4)
        real, imaginary = self.fourier(tiles * self.window[:, None] * self.window)
        loud = torch.log(real.square() + imaginary.square() + FAINTEST).mean((1, 2, 3))
        cepstrum = self.fourier.back((loud, torch.zeros_like(loud)), self.around, self.aside)
        coarse = functional.avg_pool2d(loud[:, None, :, :-1], POOLED)
        return torch.cat([cepstrum.flatten(1), coarse.flatten(1)], 1)


def kernel_of(logits: torch.Tensor) -> torch.Tensor:
    """The kernel that a reader's logits mean, (N, KERNEL, KERNEL), sum 1."""
    return torch.softmax(logits, 1).reshape(-1, KERNEL, KERNEL)


class WienerFilter(nn.Module):
    """Pictures (N, 3, H, W; sides multiples of STEP) freed from their kernels: sharply, and with caution."""

    def __init__(self, fourier: Fourier) -> None:
        super().__init__()
        self.fourier = fourier
        half = KERNEL // 2
        self.register_buffer("near", torch.arange(-half, half + 1).float(), persistent=False)
        self.register_buffer("middle", torch.arange(MARGIN, MARGIN + STEP).float(), persistent=False)
        inwards = torch.minimum(fourier.whole + 0.5, TILE - 0.5 - fourier.whole).clamp(max=FADE) / FADE
        kept = torch.sin(inwards * math.pi / 2).square()
        self.register_buffer("kept", kept[:, None] * kept, persistent=False)

    def forward(self, padded: torch.Tensor, kernel: torch.Tensor, noise: torch.Tensor) -> Pair:
        """Of pictures with MARGIN px more to each side."""
        real, imaginary = self.fourier.of_places(kernel, self.near, self.near)
        high = functional.relu(TILE / 2 - (self.fourier.whole - TILE / 2).abs())  # 0, 1, ... 64, ... 1
        power = (high[:, None].square() + self.fourier.across.square()) / TILE**2 + 1e-4
        passed = real.square() + imaginary.square()
        seen_real, seen_imaginary = self.fourier(self.faded(cut_tiles(padded).transpose(3, 4), real, imaginary))
        level = noise.exp()[:, None, None] * power
        return self.filtered(seen_real, seen_imaginary, real, imaginary, passed + level), self.filtered(
            seen_real, seen_imaginary, real, imaginary, passed + level * CAUTION
        )

    def faded(self, tiles: torch.Tensor, real: torch.Tensor, imaginary: torch.Tensor) -> torch.Tensor:
        """The tiles, towards their edges faded into themselves blurred by the kernel of this spectrum all around."""
        a, b = self.fourier(tiles)
        c, d = (part[:, None, None, None] for part in (real, imaginary))
        blurred = self.fourier.back((a * c - b * d, a * d + b * c), self.fourier.whole, self.fourier.whole)
        return blurred + self.kept * (tiles - blurred)

    def filtered(
        self, a: torch.Tensor, b: torch.Tensor, real: torch.Tensor, imaginary: torch.Tensor, divisor: torch.Tensor
    ) -> torch.Tensor:
        """(a + bi) / (real + imaginary i), softened by the divisor, back as a whole picture."""
        c, d = ((part / divisor)[:, None, None, None] for part in (real, -imaginary))
        tiles = self.fourier.back((a * c - b * d, a * d + b * c), self.middle, self.middle)
        rows = tiles.transpose(3, 4)
        return rows.reshape(rows.shape[0], rows.shape[1], rows.shape[2] * STEP, rows.shape[4] * STEP)
