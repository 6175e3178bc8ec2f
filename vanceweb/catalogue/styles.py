"""The twelve drawn styles of ``img2anime``, and the guides (``cn_name``) that pull each towards its two looks.

The base models are those the hosted service names; they belong to the Stable Diffusion 1.5 family.
"""

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from vanceweb.catalogue.parameters import Choice

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Look(enum.Enum):
    """Which way a drawn style leans."""

    CARTOONISH = "cartoonish"
    REALISTIC = "realistic"


LOOKS = (
    Choice(Look.CARTOONISH.value, _("More cartoonish")),
    Choice(Look.REALISTIC.value, _("More realistic")),
)


@dataclass(frozen=True, slots=True)
class Guides:
    """The guides of one look; ``strength`` is the ``denoising_strength`` where that is what makes the look."""

    cn_names: tuple[str, ...]
    strength: float | None = None


@dataclass(frozen=True, slots=True)
class Looks:
    """The guides of a style's two looks."""

    cartoonish: Guides
    realistic: Guides


@dataclass(frozen=True, slots=True)
class Style:
    """One style: its ``model_name`` in the API, its title, its two looks and the models it rests on."""

    name: str
    title: "StrOrPromise"
    looks: Looks
    base_model: str
    lora: str | None = None

    def get_guides(self, look: Look) -> Guides:
        return self.looks.cartoonish if look is Look.CARTOONISH else self.looks.realistic

    def find_look(self, cn_names: tuple[str, ...], strength: object) -> Look | None:
        """The look that a step's guides make, or None where they make neither.

        ``strength`` decides only between looks that share their guides: the nearer one it is.
        """
        matching = [look for look in Look if set(self.get_guides(look).cn_names) == set(cn_names)]
        if len(matching) < len(Look):
            return matching[0] if matching else None
        return min(matching, key=lambda look: _distance(self.get_guides(look).strength, strength))


def _distance(own: float | None, given: object) -> float:
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
    """The style of that ``model_name``; raises LookupError where there is none."""
    for style in STYLES:
        if style.name == name:
            return style
    raise LookupError("There is no such style.")
