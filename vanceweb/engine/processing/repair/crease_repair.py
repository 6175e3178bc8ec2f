"""crease_repair: scratches, creases and spots found, and filled in from what is around them."""

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.image.alpha import visible_colours
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.tiles import Report, part_of
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.repair.damage_detection import find_damage
from vanceweb.engine.processing.repair.inpainting import filled

FINDING = 0.3  # of the time


def repair(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Damage filled in, all other px untouched. No parameters. Raises `WeightsMissing`."""
    colours = visible_colours(picture)
    damage, finder = find_damage(colours, networks, part_of(report, 0, FINDING))
    if not damage.any():
        report(1.0)
        return picture.by(finder).noting("No scratches or spots were found; the picture was left as it is.")
    result, filler = filled(colours, damage, networks, part_of(report, FINDING, 1))
    return picture.with_pixels(result, picture.alpha).by(finder, filler)
