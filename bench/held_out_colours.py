"""Accuracy of deoldify2's colours on the photos held out from training (docs/training.md).

`python -m bench.held_out_colours PHOTOS [MODELS_DIR]` prints the share of pixels nearer to the truth than grey is, ab
distance and chroma ratio on all 200 photos at 256 px and on each kind of them, as the engine colours them and at equal
chroma. PHOTOS is the directory of the training photos. This takes some minutes.
"""

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from training.colour_report import format_figures, list_held_out_kinds, prepare_held_out_lab
from training.photos import read_split
from vanceweb.engine.processing.colour.colourisation import colourise
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.registry import NetworkRegistry

RENDER_FACTOR = 30  # the form's default


def colourise_by_engine(lab: npt.NDArray[np.float32], networks: NetworkRegistry) -> npt.NDArray[np.float32]:
    """Return the colours (ab) that deoldify2 gives to the lightness of a photo."""
    grey = cv2.cvtColor(np.dstack([lab[..., 0], np.zeros_like(lab[..., 1:])]), cv2.COLOR_LAB2RGB)
    pixels = np.clip(np.rint(grey * 255), 0, 255).astype(np.uint8)
    made = colourise(Picture(pixels, grey=True), {"render_factor": RENDER_FACTOR}, networks, lambda share: None)
    return np.asarray(cv2.cvtColor(made.colours.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[..., 1:], np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("models", type=Path, nargs="?", help="MODELS_DIR; default: the networks of the repository only")
    told = parser.parse_args()
    photos = prepare_held_out_lab(read_split(told.photos))
    with tempfile.TemporaryDirectory() as empty:
        networks = NetworkRegistry(told.models or Path(empty))
        made = [colourise_by_engine(lab, networks) for lab in photos]
    for line in format_figures(made, [lab[..., 1:] for lab in photos], list_held_out_kinds()):
        print(line)


if __name__ == "__main__":
    main()
