"""The twelve styles of img2anime on three photos, for docs/models.md; part of `make samples`.

`python -m bench.style_sheet` writes docs/images/styles.jpg, at most 400 kB: first the photos, then each style with the
API's defaults. The photos are redistributable (CC0 and public domain).
"""

import io
import os
from pathlib import Path

import django
import numpy as np
from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from tests.engine.processing.photos import load_photo
from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.catalogue.styles import STYLES
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.stylise.redrawing import redraw

FILE = Path(__file__).parents[1] / "docs" / "images" / "styles.jpg"
LARGEST = 400_000  # bytes
SIDE = 250  # px of each picture
CAPTION = 20  # px
COLUMNS = 2
# Photo, then left, top and side of the displayed square, in px.
PHOTOS = (("astronaut.png", 60, 0, 330), ("chelsea.png", 60, 0, 296), ("coffee.png", 120, 0, 400))


def draw_contact_sheet(photos: list[Pixels], networks: NetworkRegistry) -> Image.Image:
    """Draw square photos of one size, and each of them in all styles."""
    defaults = get_feature_by_module("img2anime").complete_params({})
    rows = [_draw_row("the photos", photos)]
    for style in STYLES:
        params = {**defaults, "model_name": style.name}
        drawn = [redraw(Picture(pixels), params, networks, lambda fraction: None).colours for pixels in photos]
        rows.append(_draw_row(f"{style.name} ({style.title})", drawn))
    width, height = rows[0].size
    sheet = Image.new("RGB", (COLUMNS * width, -(-len(rows) // COLUMNS) * height), (255, 255, 255))
    for number, row in enumerate(rows):
        sheet.paste(row, (number % COLUMNS * width, number // COLUMNS * height))
    return sheet


def _draw_row(title: str, pictures: list[Pixels]) -> Image.Image:
    joined = Image.fromarray(np.hstack(pictures))
    row = Image.new("RGB", (joined.width, joined.height + CAPTION), (255, 255, 255))
    row.paste(joined, (0, CAPTION))
    ImageDraw.Draw(row).text((4, 3), title, fill=(0, 0, 0), font=ImageFont.load_default(12))
    return row


def _crop_square(name: str, left: int, top: int, side: int) -> Pixels:
    part = Image.fromarray(load_photo(name)[top : top + side, left : left + side])
    return np.asarray(part.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def main() -> None:
    """Write the sheet."""
    sheet = draw_contact_sheet([_crop_square(*part) for part in PHOTOS], NetworkRegistry(settings.MODELS_DIR))
    for quality in range(88, 40, -4):
        file = io.BytesIO()
        sheet.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
        if file.tell() <= LARGEST:
            break
    FILE.write_bytes(file.getvalue())


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vanceweb.settings")
    django.setup()
    main()
