"""The table of the API's features, in the studio's order, with lookups. Lookups by module find older features, too."""

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from vanceweb.catalogue.feature import FILE_OUTPUTS, Feature, Group, Model, OutputField
from vanceweb.catalogue.older_features import OLDER_FEATURES
from vanceweb.catalogue.parameter_builders import (
    build_choice,
    build_fraction,
    build_percentage,
    build_scale_choices,
    build_switch,
    build_text,
)
from vanceweb.catalogue.parameters import Choice, Kind, Parameter
from vanceweb.catalogue.steps import Step
from vanceweb.catalogue.styles import STYLES

# The API sets no limit for the colouriser's prompts; this is enough for several sentences.
COLOUR_PROMPT_LENGTH = 500
CARTOON_PROMPT_LENGTH = 140

# An older model of the sharpener, which stands for a kind of blur.
MOTION_BLUR_MODEL = Model("SharpenMotionBlurStable", implied={"autoparams": False, "automodel": False, "blur_type": 1})

FEATURES: tuple[Feature, ...] = (
    Feature(
        slug="enlarge3",
        title=_("Enlarge"),
        service_title=_("AI Image Enlarger"),
        group=Group.ENHANCE,
        name="enlarge3",
        module="enlarge3",
        description=_("Make a photo two to eight times as large, with detail where plain resizing only blurs."),
        icon="arrows-fullscreen",
        models=(Model("EnlargeStandard_2x_Stable", scales=(2,)), Model("EnlargeStandard_4x_Stable", scales=(4, 6, 8))),
        parameters=(
            build_choice(
                "scale",
                _("Enlarge by"),
                2,
                (Choice(factor, f"{factor}×") for factor in (2, 4, 6, 8)),
                _("How many times wider and higher the result is."),
            ),
            build_percentage(
                "suppress_noise", _("Suppress noise"), 40, _("Higher is smoother; lower keeps more of the grain.")
            ),
            build_percentage("remove_blur", _("Remove blur"), 60, _("Higher gives crisper edges.")),
        ),
        only_last=True,
    ),
    Feature(
        slug="denoise",
        title=_("Denoise"),
        service_title=_("AI Image Denoiser"),
        group=Group.ENHANCE,
        name="denoise",
        module="denoise",
        description=_("Remove grain and noise from dark or high-ISO photos while keeping the detail."),
        icon="magic",
        models=(Model("DenoiseStable"),),
        parameters=(
            build_switch("auto_params", _("Automatic"), _("Choose both strengths from the picture itself.")),
            build_percentage(
                "remove_noise",
                _("Remove noise"),
                75,
                _("Higher is cleaner but softer."),
                overridden_by=("auto_params",),
            ),
            build_percentage(
                "sharpen", _("Sharpen"), 75, _("Restores edges afterwards."), overridden_by=("auto_params",)
            ),
        ),
    ),
    Feature(
        slug="sharpen3",
        title=_("Sharpen"),
        service_title=_("AI Image Sharpener"),
        group=Group.ENHANCE,
        name="va_sharpen_standard",
        file_word="sharpen",
        module="sharpen3",
        description=_("Make a soft, shaken or out-of-focus photo crisp."),
        icon="bullseye",
        credits=Decimal(2),
        models=(Model("SharpenGeneralStable"), MOTION_BLUR_MODEL),
        parameters=(
            build_switch("autoparams", _("Automatic"), _("Choose everything below from the picture itself.")),
            build_switch(
                "automodel", _("Detect the blur"), _("Pick the model that fits best."), overridden_by=("autoparams",)
            ),
            build_choice(
                "blur_type",
                _("Kind of blur"),
                1,
                (Choice(0, _("Soft or out of focus")), Choice(1, _("Motion"))),
                _("The cause of the blur."),
                overridden_by=("autoparams", "automodel"),
            ),
            build_fraction(
                "remove_blur", _("Remove blur"), 0.5, _("Higher gives crisper edges."), overridden_by=("autoparams",)
            ),
            build_fraction(
                "suppress_noise",
                _("Suppress noise"),
                0.5,
                _("Prevents grain from being sharpened too."),
                overridden_by=("autoparams",),
            ),
            build_fraction(
                "remove_artifacts",
                _("Remove artefacts"),
                0.5,
                _("Smooths JPEG blocks and halos around edges."),
                overridden_by=("autoparams",),
            ),
        ),
    ),
    Feature(
        slug="chainner",
        title=_("Upscale anime"),
        service_title=_("AI Anime Upscaler, 4x_AnimeSharp"),
        group=Group.ENHANCE,
        name="chainner",
        module="chainner",
        description=_("Enlarge anime and line art with the sharpest lines."),
        icon="badge-hd",
        models=(Model("Anime_4x_AnimeSharp"), Model("Text_4x_TextSharpV1")),
        parameters=(
            build_choice(
                "scale",
                _("Enlarge by"),
                "2x",
                build_scale_choices(2, 4, 8),
                _("How many times wider and higher the result is."),
            ),
        ),
    ),
    Feature(
        slug="real_esrgan",
        title=_("Clean up anime"),
        service_title=_("AI Anime Upscaler, Real-ESRGAN"),
        group=Group.ENHANCE,
        name="real_esrgan",
        module="real_esrgan",
        description=_("Clean drawings, posters and worn anime frames, with or without enlarging them."),
        icon="badge-4k",
        models=(Model("RealEsrganStable"),),
        parameters=(
            build_choice(
                "scale",
                _("Enlarge by"),
                "2x",
                build_scale_choices(1, 2, 4, 6, 8),
                _("How many times wider and higher the result is; 1× cleans without enlarging."),
            ),
        ),
    ),
    Feature(
        slug="matting",
        title=_("Remove background"),
        service_title=_("AI Background Remover"),
        group=Group.CUT_OUT,
        name="matting",
        module="matting",
        description=_("Cut the subject out and make its background transparent or a plain colour."),
        icon="scissors",
        models=(Model("MattingStable"),),
        only_last=True,
        outputs=(*FILE_OUTPUTS, OutputField.BACKGROUND),
    ),
    Feature(
        slug="crease_repair",
        title=_("Repair scratches"),
        service_title=_("AI Photo Restorer, Fix"),
        group=Group.RESTORE,
        name="crease_repair",
        module="crease_repair",
        description=_("Remove scratches, creases and spots from a scanned photo."),
        icon="bandaid",
        models=(Model("CreaseRepairStable"),),
    ),
    Feature(
        slug="img2sr",
        title=_("Restore blurry photo"),
        service_title=_("AI Photo Restorer, Enhance"),
        group=Group.RESTORE,
        name="img2sr",
        module="img2sr",
        description=_("Rebuild a very blurry old photo. Photos that are sharp enough stay as they are."),
        icon="clock-history",
        models=(Model("style_sr_512"),),
        parameters=(
            build_switch("face_enhancer", _("Enhance faces"), _("Also restore the faces separately.")),
            build_fraction("strength", _("Strength"), 0.9, _("How much of the original is replaced."), minimum=0.8),
        ),
    ),
    Feature(
        slug="CodeFormer",
        title=_("Enhance faces"),
        service_title=_("Face enhancement"),
        group=Group.RESTORE,
        name="CodeFormer",
        module="CodeFormer",
        description=_("Restore the faces in a photo and leave the rest as it is. Works well after another step."),
        icon="person-bounding-box",
        models=(Model("CodeFormerStable"),),
    ),
    Feature(
        slug="deoldify2",
        title=_("Colourise"),
        service_title=_("AI Photo Colorizer, DeOldify"),
        group=Group.RESTORE,
        name="colorize",
        module="deoldify2",
        description=_("Give a black-and-white photo natural colours."),
        icon="rainbow",
        models=(Model("DeoldifyArtistic"),),
        parameters=(
            Parameter(
                key="render_factor",
                title=_("Render factor"),
                kind=Kind.INT,
                default=30,
                minimum=10,
                maximum=70,
                step=1,
                help=_("Lower gives stronger colours, higher gives finer ones."),
            ),
        ),
    ),
    Feature(
        slug="sd_recolor",
        title=_("Colourise with words"),
        service_title=_("AI Photo Colorizer, Recolor"),
        group=Group.RESTORE,
        name="recolor",
        aliases=("colorize",),
        module="sd_recolor",
        description=_("Colour a black-and-white photo, guided by words such as “blue skirt, black hair”."),
        icon="paint-bucket",
        models=(Model("sd_recolor"),),
        parameters=(
            build_text(
                "prompt", _("Colours you want"), COLOUR_PROMPT_LENGTH, _("For example: blue skirt, black hair.")
            ),
            build_text(
                "negative_prompt", _("Colours to avoid"), COLOUR_PROMPT_LENGTH, _("For example: green, purple skin.")
            ),
        ),
    ),
    Feature(
        slug="img2anime",
        title=_("Redraw in a style"),
        service_title=_("AI Image Cartoonizer"),
        group=Group.STYLISE,
        name="img2anime",
        module="img2anime",
        description=_("Redraw a photo in one of twelve comic, anime and animation styles."),
        icon="brush",
        parameters=(
            build_choice(
                "model_name",
                _("Style"),
                STYLES[0].name,
                (Choice(style.name, style.title) for style in STYLES),
                _("The style of the drawing."),
            ),
            build_text("prompt", _("Describe the picture"), CARTOON_PROMPT_LENGTH, _("In English; may be empty.")),
            build_switch(
                "overwrite",
                _("Use only my words"),
                _("Ignore what the service recognises in the photo."),
                default=False,
            ),
            build_fraction(
                "denoising_strength", _("Strength"), 0.75, _("Higher is more like a drawing and less like the photo.")
            ),
        ),
        styles=STYLES,
    ),
    Feature(
        slug="animegan2",
        title=_("Turn into anime"),
        service_title=_("VancePortrait, AnimeGANv2"),
        group=Group.STYLISE,
        name="animegan",
        name_key="job",
        module="animegan2",
        description=_("Turn a portrait into an anime character."),
        icon="emoji-smile",
        models=(Model("Animegan2Stable"),),
        parameters=(
            build_switch("single_face", _("Only the face"), _("Convert the face and leave the rest as it is.")),
        ),
    ),
    Feature(
        slug="cartoonize",
        title=_("Cartoonise"),
        service_title=_("Toongineer Cartoonizer"),
        group=Group.STYLISE,
        name="cartoonize",
        module="cartoonize",
        description=_("Turn a photo into a clean cartoon. The service keeps this feature for compatibility only."),
        icon="palette",
        models=(Model("CartoonizeStable"),),
        deprecated=True,
    ),
    Feature(
        slug="compress",
        title=_("Compress"),
        service_title=_("Compressor"),
        group=Group.OPTIMISE,
        name="compress",
        module="compress",
        description=_("Make the file much smaller without a visible change."),
        icon="file-zip",
        parameters=(
            build_percentage(
                "quality", _("Quality"), 50, _("Lower makes a smaller file; 100 loses as little as possible.")
            ),
            build_switch(
                "keep_metadata",
                _("Keep metadata"),
                _(
                    "Off removes camera, time, place and comments from the file; colour profile and orientation always "
                    "stay. Only the engine on this machine does this; the hosted service ignores it."
                ),
                engine_only=True,
            ),
        ),
        outputs=(OutputField.DPI,),
        purpose="compress",
    ),
)

ALL_FEATURES: tuple[Feature, ...] = (*FEATURES, *OLDER_FEATURES)
GROUPS: tuple[Group, ...] = tuple(Group)

_BY_MODULE = {feature.module: feature for feature in ALL_FEATURES}
_BY_SLUG = {feature.slug: feature for feature in FEATURES}


class UnknownFeature(LookupError):
    """No feature has this module or slug."""


def get_feature_by_module(module: str) -> Feature:
    """Return the feature for a jconfig's ``module``; raise UnknownFeature if there is none."""
    try:
        return _BY_MODULE[module]
    except KeyError:
        raise UnknownFeature(f"Unknown module; known modules: {', '.join(_BY_MODULE)}.") from None


def get_feature_by_slug(slug: str) -> Feature:
    """Return the feature for the last part of its address or ``--feature``; raise UnknownFeature if there is none."""
    try:
        return _BY_SLUG[slug]
    except KeyError:
        raise UnknownFeature(f"Unknown feature; known features: {', '.join(_BY_SLUG)}.") from None


def get_features_in_group(group: Group) -> tuple[Feature, ...]:
    """Return a group's features in display order."""
    return tuple(feature for feature in FEATURES if feature.group is group)


def compute_output_size(steps: Iterable[Step], width: int, height: int) -> tuple[int, int]:
    """Return width and height in px of a workflow's result for an upright picture of this size.

    Raise UnknownFeature.
    """
    for step in steps:
        factor = get_feature_by_module(step.module).get_scale_factor(step.params)
        width, height = width * factor, height * factor
    return width, height


def calculate_credits(steps: Iterable[Step]) -> Decimal:
    """Return a workflow's cost in credits, the sum of its steps; raise UnknownFeature."""
    return sum((get_feature_by_module(step.module).credits for step in steps), Decimal(0))
