"""crease_repair: scratches, creases and spots, found and filled in from their surroundings."""

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import Report, narrow_report
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop
from vanceweb.engine.processing.repair.damage_detection import find_damage
from vanceweb.engine.processing.repair.inpainting import inpaint

FINDING_SHARE = 0.3  # of the time


def repair(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Fill in the damage and leave all other px untouched. No parameters. Raises `WeightsMissing`."""
    colours = get_visible_colours(picture)
    damage, finder = find_damage(colours, networks, narrow_report(report, 0, FINDING_SHARE))
    if not damage.any():
        report(1.0)
        return picture.add_backends(finder).add_note(
            Message(gettext_noop("No scratches or spots were found; the picture was left as it is."))
        )
    result, filler = inpaint(colours, damage, networks, narrow_report(report, FINDING_SHARE, 1))
    return picture.replace_pixels(result, picture.alpha).add_backends(finder, filler)
