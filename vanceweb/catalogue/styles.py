"""The twelve drawn styles of ``img2anime``, with the guides (``cn_name``) for the two looks of each.

The base models are those that the hosted service names; they belong to the Stable Diffusion 1.5 family.
"""

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from vanceweb.catalogue.parameters import Choice

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Look(enum.Enum):
    """The two looks of a drawn style."""

    CARTOONISH = "cartoonish"
    REALISTIC = "realistic"


LOOKS = (
    Choice(Look.CARTOONISH.value, _("More cartoonish")),
    Choice(Look.REALISTIC.value, _("More realistic")),
)


@dataclass(frozen=True, slots=True)
class Guides:
    """The guides of one look, with its ``denoising_strength`` if the look depends on it."""

    cn_names: tuple[str, ...]
    strength: float | None = None


@dataclass(frozen=True, slots=True)
class Looks:
    """The guides of a style's two looks."""

    cartoonish: Guides
    realistic: Guides


@dataclass(frozen=True, slots=True)
class Style:
    """A style: its ``model_name`` in the API, its title, its two looks and the models on which it is based."""

    name: str
    title: "StrOrPromise"
    looks: Looks
    base_model: str
    lora: str | None = None

    def get_guides(self, look: Look) -> Guides:
        """Return the guides of one look."""
        return self.looks.cartoonish if look is Look.CARTOONISH else self.looks.realistic

    def find_look(self, cn_names: tuple[str, ...], strength: object) -> Look | None:
        """Return the look that a step's guides produce, or None if they produce neither.

        Looks that have the same guides differ by ``strength``; the nearer one is returned.
        """
        matching = [look for look in Look if set(self.get_guides(look).cn_names) == set(cn_names)]
        if len(matching) < len(Look):
            return matching[0] if matching else None
        return min(matching, key=lambda look: _measure_distance(self.get_guides(look).strength, strength))


def _measure_distance(own: float | None, given: object) -> float:
    return abs(own - given) if own is not None and isinstance(given, int | float) else 0.0


_NUMBERED = Looks(Guides(("cartoon_tile",)), Guides(("cartoon_lineart", "cartoon_tile")))
_COMIC = Looks(Guides(("cartoon_normal",)), Guides(("cartoon_canny",)))
_ANIMATED = Looks(Guides(("more_cartoon_lineart",)), Guides(("more_real_lineart",)))
_GHIBLI = Looks(Guides(("cartoon_normal_noforge",), strength=0.75), Guides(("cartoon_normal_noforge",), strength=0.65))

STYLES: tuple[Style, ...] = (
    Style("style1", _("Style 1"), _NUMBERED, "darkSushiMixMix_225D"),
    Style("style2", _("Style 2"), _NUMBERED, "toonyou_beta3"),
    Style("style3", _("Style 3"), _NUMBERED, "meinamix_meinaV9"),
    Style("style4", _("Style 4"), _NUMBERED, "deepboys25D_v30"),
    Style("style5", _("Style 5"), _NUMBERED, "pastelboys2D_v30"),
    Style("style6", _("Style 6"), _NUMBERED, "blueboys2D_v30"),
    Style("us_comic_boy", _("US comic, boy"), _COMIC, "comicBabes_v2"),
    Style("us_comic_girl", _("US comic, girl"), _COMIC, "comicBabes_v2"),
    Style("disney_boy", _("Disney, boy"), _ANIMATED, "disneyPixarCartoon_v10"),
    Style("disney_girl", _("Disney, girl"), _ANIMATED, "disneyPixarCartoon_v10"),
    Style("Ghibli_boy", _("Ghibli, boy"), _GHIBLI, "meinamix_meinaV9", lora="ghibli_style_offset"),
    Style("Ghibli_girl", _("Ghibli, girl"), _GHIBLI, "meinamix_meinaV9", lora="ghibli_style_offset"),
)

CN_NAMES: tuple[str, ...] = tuple(
    sorted({name for style in STYLES for look in Look for name in style.get_guides(look).cn_names})
)


def get_style(name: object) -> Style:
    """Return the style with this ``model_name``; raise LookupError if there is none."""
    for style in STYLES:
        if style.name == name:
            return style
    raise LookupError("Unknown style.")
