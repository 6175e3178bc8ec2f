"""The ncnn networks the engine can run, as data: files, blob names, scale, border.

`border` is how many px on each side of a network's input its output cannot be trusted in. It was measured: a tile
with this border agrees with the same place of the whole picture to less than a hundredth of a level (SPAN, 19 3x3
convolutions, of which the outermost hardly matter, is off by 0.9 levels at 10 px and by 0.006 at 16 px; SRMD has 12
convolutions). waifu2x's networks have no padding of their own and return a picture smaller by their border. CUNET
weighs its channels by their mean over the tile, so that no border makes it independent of the rest of the picture:
tiles of 256 px are off by 0.1 levels in the mean, 9 at single px of the steepest lines.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class NcnnNetwork:
    """A network for ncnn. `path` is relative to the models directory, without `.param` and `.bin`."""

    path: str
    source: str
    result: str
    scale: int
    border: int
    eats_border: bool = False
    multiple: int = 1  # px that the sides of the input must be multiples of


NCNN: dict[str, NcnnNetwork] = {
    "span-x2": NcnnNetwork("span/spanx2_ch48", "data", "output", scale=2, border=16),
    "span-x4": NcnnNetwork("span/spanx4_ch48", "data", "output", scale=4, border=16),
    "srmd-x2": NcnnNetwork("srmd/srmd_x2", "input", "output", scale=2, border=12),
    "realesrgan-x4plus": NcnnNetwork("realesrgan/realesrgan-x4plus", "data", "output", scale=4, border=16),
    "animevideov3-x2": NcnnNetwork("realesrgan/realesr-animevideov3-x2", "data", "output", scale=2, border=16),
    **{
        f"waifu2x-photo-{level}": NcnnNetwork(
            f"waifu2x/WAIFU2X_PHOTO_UP2X_DENOISE{level}X", "Input1", "Eltwise4", scale=2, border=7, eats_border=True
        )
        for level in range(4)
    },
    **{
        f"waifu2x-cunet-{name}": NcnnNetwork(
            f"waifu2x/WAIFU2X_CUNET_{file}", "Input1", "Eltwise4", scale, border, eats_border=True, multiple=4
        )
        for name, file, scale, border in (
            ("x1-1", "UP1X_DENOISE1X", 1, 28),
            ("x1-3", "UP1X_DENOISE3X", 1, 28),
            ("x2", "UP2X", 2, 18),
            ("x2-1", "UP2X_DENOISE1X", 2, 18),
            ("x2-3", "UP2X_DENOISE3X", 2, 18),
        )
    },
}
