"""Features that clients of the API still send and that the hosted service no longer documents.

The engine does their work; the studio doesn't offer them.
"""

from django.utils.translation import gettext_lazy as _

from vanceweb.catalogue.feature import Feature, Group, Model
from vanceweb.catalogue.parameter_builders import build_percentage, build_switch
from vanceweb.catalogue.parameters import Kind, Parameter

OLDER_FEATURES: tuple[Feature, ...] = (
    Feature(
        slug="sketch",
        title=_("Draw with a pencil"),
        service_title=_("VancePortrait, Sketch"),
        group=Group.STYLISE,
        name="sketch",
        module="sketch",
        name_key="job",
        description=_("Turn a photo into a pencil drawing on white paper."),
        icon="pencil",
        models=(Model("SketchStable"),),
        parameters=(
            build_switch("single_face", _("Only the face"), _("Draw the largest face and leave the paper around it.")),
            build_switch("composite", _("Mix with the photo"), _("Use the two settings below.")),
            Parameter(
                key="sigma",
                title=_("Softness"),
                kind=Kind.FLOAT,
                default=0.0,
                minimum=0,
                maximum=100,
                step=1,
                unit="px",
                help=_("How much the photo is blurred before it is mixed in."),
            ),
            Parameter(
                key="alpha",
                title=_("Share of the photo"),
                kind=Kind.FLOAT,
                default=0.0,
                minimum=0,
                maximum=100,
                step=0.05,
                help=_("0 is the drawing alone. Up to 1 it is a fraction, above 1 a percentage."),
            ),
        ),
    ),
    Feature(
        slug="dehazing",
        title=_("Remove haze"),
        service_title=_("AI Photo Dehaze"),
        group=Group.ENHANCE,
        name="dehazing",
        module="dehazing",
        name_key="job",
        description=_("Clear a photo of mist, fog and smog."),
        icon="cloud-haze",
        models=(Model("DehazingStable"),),
        parameters=(
            Parameter(
                key="contrast",
                title=_("Contrast"),
                kind=Kind.FLOAT,
                default=1.0,
                minimum=0,
                maximum=2,
                step=0.05,
                help=_("1 keeps the contrast that the photo has without its haze."),
            ),
            build_percentage("brightness", _("Brightness"), 20, _("Higher lightens shadows that the haze had hidden.")),
        ),
    ),
    Feature(
        slug="perfect",
        title=_("Retouch"),
        service_title=_("AI Photo Retoucher"),
        group=Group.ENHANCE,
        name="perfect",
        module="perfect",
        name_key="job",
        description=_("Correct a photo's light, contrast and colours."),
        icon="sliders",
        models=(Model("PerfectStable"), Model("perfect_2k")),
    ),
)
