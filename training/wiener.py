"""Network layers that estimate a blur from a picture's spectrum and remove it with a Wiener filter.

The spectrum of a blurred picture is the spectrum of the sharp picture times that of the blur. A shaken or defocused
picture has bands and rings of zeros, and its cepstrum (the spectrum of the log spectrum) peaks at the blur's length. A
small network estimates the blur's kernel and the noise from both. The Wiener filter for that kernel removes the blur,
with the 1/f spectrum of natural pictures as prior. A Fourier transform treats a tile as periodic. Each tile is
therefore faded, towards its edges, into a periodically blurred copy of itself, which prevents most echoes. All Fourier
transforms are matrix products over tiles of TILE px: ONNX supports them, and they are fast on processors.
"""

import math

import torch
from torch import nn
from torch.nn import functional

TILE, STEP = 128, 64  # px; a filtered tile is valid in its middle STEP px
MARGIN = (TILE - STEP) // 2
FADE = 40  # px from a tile's edge within which it is faded into its blurred copy
KERNEL = 25  # px, odd: the side of the kernels that can be estimated
REACH = 20  # px: the part of the cepstrum that is used
POOLING = 8  # neighbouring frequencies averaged to reduce noise
HIDDEN_UNITS = 512
MIN_POWER = 1e-3  # added to the power, so that its logarithm stays finite
INITIAL_NOISE = 0.1  # noise that an untrained network assumes, relative to the picture's power at one cycle per pixel
CAUTION = 10.0  # factor on the noise that the second, softer filter assumes

ComplexPair = tuple[torch.Tensor, torch.Tensor]  # real and imaginary part


def compute_waves(places: torch.Tensor, frequencies: torch.Tensor) -> ComplexPair:
    """Return cosine and sine of each frequency (cycles per TILE) at each place, (places, frequencies)."""
    turns = torch.remainder(places[:, None] * frequencies[None], TILE)  # small angles, for the precision of float32
    angles = turns * (2 * math.pi / TILE)
    return torch.cos(angles), torch.sin(angles)


def cut_tiles(planes: torch.Tensor, step: int = STEP) -> torch.Tensor:
    """Cut overlapping tiles, (N, C, H, W) to (N, C, rows, TILE, columns, TILE)."""
    within = torch.arange(TILE)
    rows = torch.arange((planes.shape[2] - TILE) // step + 1) * step
    columns = torch.arange((planes.shape[3] - TILE) // step + 1) * step
    return planes[:, :, rows[:, None] + within][..., columns[:, None] + within]


class FourierTransform(nn.Module):
    """Discrete Fourier transforms of tiles, with the needed half of the horizontal frequencies only."""

    def __init__(self) -> None:
        super().__init__()
        whole, across = torch.arange(TILE).float(), torch.arange(TILE // 2 + 1).float()
        self.register_buffer("whole", whole, persistent=False)
        self.register_buffer("across", across, persistent=False)
        doubled = torch.full((TILE // 2 + 1,), 2.0)
        doubled[0] = doubled[-1] = 1.0
        self.register_buffer("doubled", doubled, persistent=False)

    def forward(self, tiles: torch.Tensor) -> ComplexPair:
        """Transform (..., TILE, TILE) to (..., TILE, TILE/2+1)."""
        return self.transform(tiles, self.whole, self.whole)

    def transform(self, values: torch.Tensor, y: torch.Tensor, x: torch.Tensor) -> ComplexPair:
        """Transform values at some places of a tile, (..., y, x)."""
        cos_y, sin_y = (wave.T for wave in compute_waves(y, self.whole))
        cos_x, sin_x = compute_waves(x, self.across)
        real, imaginary = values @ cos_x, values @ sin_x
        return cos_y @ real - sin_y @ imaginary, -(cos_y @ imaginary + sin_y @ real)

    def invert(self, spectrum: ComplexPair, y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Return the real values at some places, (..., y, x)."""
        cos_y, sin_y = compute_waves(y, self.whole)
        cos_x, sin_x = compute_waves(x, self.across)
        real, imaginary = (part * self.doubled / TILE**2 for part in spectrum)
        return (cos_y @ real - sin_y @ imaginary) @ cos_x.T - (cos_y @ imaginary + sin_y @ real) @ sin_x.T


class BlurReader(nn.Module):
    """Logits of the kernel's places (N, KERNEL * KERNEL) and the log of the noise (N) of pictures (N, 3, H, W).

    As probabilities, the places are the mean of the possible kernels of a picture.
    """

    def __init__(self, fourier: FourierTransform) -> None:
        super().__init__()
        self.fourier = fourier
        self.register_buffer("window", torch.hann_window(TILE), persistent=False)
        self.register_buffer("aside", torch.arange(REACH + 1).float(), persistent=False)
        self.register_buffer("around", torch.arange(-REACH, REACH + 1).float(), persistent=False)
        features = (2 * REACH + 1) * (REACH + 1) + TILE * TILE // 2 // POOLING**2
        self.evened = nn.BatchNorm1d(features, affine=False)
        self.read = nn.Sequential(
            nn.Linear(features, HIDDEN_UNITS),
            nn.ReLU(),
            nn.Linear(HIDDEN_UNITS, HIDDEN_UNITS),
            nn.ReLU(),
            nn.Linear(HIDDEN_UNITS, KERNEL**2 + 1),
        )

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        read = self.read(self.evened(self.compute_features(image)))
        return read[:, :-1], read[:, -1] + math.log(INITIAL_NOISE)

    def compute_features(self, image: torch.Tensor) -> torch.Tensor:
        """Return the middle of the cepstrum and the coarse log spectrum of the mean tile."""
        tiles = cut_tiles(image.mean(1, keepdim=True)).transpose(3, 4)
        real, imaginary = self.fourier(tiles * self.window[:, None] * self.window)
        loud = torch.log(real.square() + imaginary.square() + MIN_POWER).mean((1, 2, 3))
        cepstrum = self.fourier.invert((loud, torch.zeros_like(loud)), self.around, self.aside)
        coarse = functional.avg_pool2d(loud[:, None, :, :-1], POOLING)
        return torch.cat([cepstrum.flatten(1), coarse.flatten(1)], 1)


def decode_kernel(logits: torch.Tensor) -> torch.Tensor:
    """Return the kernel given by a reader's logits, (N, KERNEL, KERNEL), sum 1."""
    return torch.softmax(logits, 1).reshape(-1, KERNEL, KERNEL)


class WienerFilter(nn.Module):
    """Wiener filters of pictures (N, 3, H, W; sides multiples of STEP): a sharp and a cautious one."""

    def __init__(self, fourier: FourierTransform) -> None:
        super().__init__()
        self.fourier = fourier
        half = KERNEL // 2
        self.register_buffer("near", torch.arange(-half, half + 1).float(), persistent=False)
        self.register_buffer("middle", torch.arange(MARGIN, MARGIN + STEP).float(), persistent=False)
        inwards = torch.minimum(fourier.whole + 0.5, TILE - 0.5 - fourier.whole).clamp(max=FADE) / FADE
        kept = torch.sin(inwards * math.pi / 2).square()
        self.register_buffer("kept", kept[:, None] * kept, persistent=False)

    def forward(
        self, padded: torch.Tensor, kernel: torch.Tensor, noise: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Filter pictures with MARGIN px more on each side."""
        real, imaginary = self.fourier.transform(kernel, self.near, self.near)
        high = functional.relu(TILE / 2 - (self.fourier.whole - TILE / 2).abs())  # 0, 1, ... 64, ... 1
        power = (high[:, None].square() + self.fourier.across.square()) / TILE**2 + 1e-4
        passed = real.square() + imaginary.square()
        seen_real, seen_imaginary = self.fourier(self.fade_edges(cut_tiles(padded).transpose(3, 4), real, imaginary))
        level = noise.exp()[:, None, None] * power
        return self.divide(seen_real, seen_imaginary, real, imaginary, passed + level), self.divide(
            seen_real, seen_imaginary, real, imaginary, passed + level * CAUTION
        )

    def fade_edges(self, tiles: torch.Tensor, real: torch.Tensor, imaginary: torch.Tensor) -> torch.Tensor:
        """Fade the tiles, towards their edges, into copies blurred periodically by the kernel of this spectrum."""
        a, b = self.fourier(tiles)
        c, d = (part[:, None, None, None] for part in (real, imaginary))
        blurred = self.fourier.invert((a * c - b * d, a * d + b * c), self.fourier.whole, self.fourier.whole)
        return blurred + self.kept * (tiles - blurred)

    def divide(
        self, a: torch.Tensor, b: torch.Tensor, real: torch.Tensor, imaginary: torch.Tensor, divisor: torch.Tensor
    ) -> torch.Tensor:
        """Return (a + bi) / (real + imaginary i), regularised by the divisor, as a whole picture."""
        c, d = ((part / divisor)[:, None, None, None] for part in (real, -imaginary))
        tiles = self.fourier.invert((a * c - b * d, a * d + b * c), self.middle, self.middle)
        rows = tiles.transpose(3, 4)
        return rows.reshape(rows.shape[0], rows.shape[1], rows.shape[2] * STEP, rows.shape[4] * STEP)
