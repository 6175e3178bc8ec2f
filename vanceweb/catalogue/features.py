"""Every feature of the API, in the order of the studio, and how to look one up."""

from collections.abc import Iterable
from decimal import Decimal

from vanceweb.catalogue.feature import FILE_OUTPUTS, Feature, Group, Model, OutputField
from vanceweb.catalogue.parameters import Choice, Kind, Parameter
from vanceweb.catalogue.shorthand import choice, percent, share, switch, text, times
from vanceweb.catalogue.steps import Step
from vanceweb.catalogue.styles import STYLES

# The API names no limit for the colouriser's prompts; this is several sentences.
COLOUR_PROMPT_LENGTH = 500
CARTOON_PROMPT_LENGTH = 140

FEATURES: tuple[Feature, ...] = (
    Feature(
        slug="enlarge3",
        title="AI Image Enlarger",
        group=Group.ENHANCE,
        name="enlarge3",
        module="enlarge3",
        description="Make a photo two to eight times as large, with detail where plain resizing only blurs.",
        icon="arrows-fullscreen",
        models=(Model("EnlargeStandard_2x_Stable", scales=(2,)), Model("EnlargeStandard_4x_Stable", scales=(4, 6, 8))),
        parameters=(
            choice(
                "scale",
                "Enlarge by",
                2,
                (Choice(factor, f"{factor}×") for factor in (2, 4, 6, 8)),
                "How many times as wide and as high the result is.",
            ),
            percent("suppress_noise", "Suppress noise", 40, "Higher is smoother; lower keeps more of the grain."),
            percent("remove_blur", "Remove blur", 60, "Higher gives crisper edges."),
        ),
        only_last=True,
    ),
    Feature(
        slug="denoise",
        title="AI Image Denoiser",
        group=Group.ENHANCE,
        name="denoise",
        module="denoise",
        description="Take grain and noise out of dark or high-ISO photos and keep the detail.",
        icon="magic",
        models=(Model("DenoiseStable"),),
        parameters=(
            switch("auto_params", "Automatic", "Choose both strengths from the picture itself."),
            percent("remove_noise", "Remove noise", 75, "Higher is cleaner, softer.", overridden_by=("auto_params",)),
            percent("sharpen", "Sharpen", 75, "Brings edges back afterwards.", overridden_by=("auto_params",)),
        ),
    ),
    Feature(
        slug="sharpen3",
        title="AI Image Sharpener",
        group=Group.ENHANCE,
        name="va_sharpen_standard",
        module="sharpen3",
        description="Bring a soft, shaken or out-of-focus photo back to crisp edges.",
        icon="bullseye",
        credits=Decimal(2),
        models=(Model("SharpenGeneralStable"),),
        parameters=(
            switch("autoparams", "Automatic", "Choose everything below from the picture itself."),
            switch("automodel", "Detect the blur", "Pick the model that fits best.", overridden_by=("autoparams",)),
            choice(
                "blur_type",
                "Kind of blur",
                1,
                (Choice(0, "Soft or out of focus"), Choice(1, "Motion")),
                "What made the photo unsharp.",
                overridden_by=("autoparams", "automodel"),
            ),
            share("remove_blur", "Remove blur", 0.5, "Higher gives crisper edges.", overridden_by=("autoparams",)),
            share(
                "suppress_noise",
                "Suppress noise",
                0.5,
                "Keeps grain from being sharpened too.",
                overridden_by=("autoparams",),
            ),
            share(
                "remove_artifacts",
                "Remove artefacts",
                0.5,
                "Smooths JPEG blocks and halos around edges.",
                overridden_by=("autoparams",),
            ),
        ),
    ),
    Feature(
        slug="chainner",
        title="AI Anime Upscaler, 4x_AnimeSharp",
        group=Group.ENHANCE,
        name="chainner",
        module="chainner",
        description="Enlarge anime and line art with the sharpest lines.",
        icon="badge-hd",
        models=(Model("Anime_4x_AnimeSharp"),),
        parameters=(
            choice("scale", "Enlarge by", "2x", times(2, 4, 8), "How many times as wide and as high the result is."),
        ),
    ),
    Feature(
        slug="real_esrgan",
        title="AI Anime Upscaler, Real-ESRGAN",
        group=Group.ENHANCE,
        name="real_esrgan",
        module="real_esrgan",
        description="Enlarge or only clean drawings, posters and worn anime frames.",
        icon="badge-4k",
        models=(Model("RealEsrganStable"),),
        parameters=(
            choice(
                "scale",
                "Enlarge by",
                "2x",
                times(1, 2, 4, 6, 8),
                "How many times as wide and as high the result is; 1× cleans without enlarging.",
            ),
        ),
    ),
    Feature(
        slug="matting",
        title="AI Background Remover",
        group=Group.CUT_OUT,
        name="matting",
        module="matting",
        description="Cut the subject out and put it on nothing or on any plain colour.",
        icon="scissors",
        models=(Model("MattingStable"),),
        only_last=True,
        outputs=(*FILE_OUTPUTS, OutputField.BACKGROUND),
    ),
    Feature(
        slug="crease_repair",
        title="AI Photo Restorer, Fix",
        group=Group.RESTORE,
        name="crease_repair",
        module="crease_repair",
        description="Take scratches, creases and spots off a scanned photo.",
        icon="bandaid",
        models=(Model("CreaseRepairStable"),),
    ),
    Feature(
        slug="img2sr",
        title="AI Photo Restorer, Enhance",
        group=Group.RESTORE,
        name="img2sr",
        module="img2sr",
        description="Rebuild a very blurry old photo; leave photos that are sharp enough alone.",
        icon="clock-history",
        models=(Model("style_sr_512"),),
        parameters=(
            switch("face_enhancer", "Enhance faces", "Restore faces on their own as well."),
            share("strength", "Strength", 0.9, "How much of the original is replaced.", minimum=0.8),
        ),
    ),
    Feature(
        slug="CodeFormer",
        title="Face enhancement",
        group=Group.RESTORE,
        name="CodeFormer",
        module="CodeFormer",
        description="Restore the faces in a photo and leave the rest as it is; fits well after another step.",
        icon="person-bounding-box",
        models=(Model("CodeFormerStable"),),
    ),
    Feature(
        slug="deoldify2",
        title="AI Photo Colorizer, DeOldify",
        group=Group.RESTORE,
        name="colorize",
        module="deoldify2",
        description="Give a black-and-white photo natural colours.",
        icon="rainbow",
        models=(Model("DeoldifyArtistic"),),
        parameters=(
            Parameter(
                key="render_factor",
                title="Render factor",
                kind=Kind.INT,
                default=30,
                minimum=10,
                maximum=70,
                step=1,
                help="Lower gives stronger colours, higher finer ones.",
            ),
        ),
    ),
    Feature(
        slug="sd_recolor",
        title="AI Photo Colorizer, Recolor",
        group=Group.RESTORE,
        name="recolor",
        aliases=("colorize",),
        module="sd_recolor",
        description="Colour a black-and-white photo, steered by words such as “blue skirt, black hair”.",
        icon="paint-bucket",
        models=(Model("sd_recolor"),),
        parameters=(
            text("prompt", "Colours you want", COLOUR_PROMPT_LENGTH, "For example: blue skirt, black hair."),
            text("negative_prompt", "Colours to avoid", COLOUR_PROMPT_LENGTH, "For example: green, purple skin."),
        ),
    ),
    Feature(
        slug="img2anime",
        title="AI Image Cartoonizer",
        group=Group.STYLISE,
        name="img2anime",
        module="img2anime",
        description="Redraw a photo in one of twelve comic, anime and animation styles.",
        icon="brush",
        parameters=(
            choice(
                "model_name",
                "Style",
                STYLES[0].name,
                (Choice(style.name, style.title) for style in STYLES),
                "The hand that draws it.",
            ),
            text("prompt", "Describe the picture", CARTOON_PROMPT_LENGTH, "In English; may stay empty."),
            switch("overwrite", "Use only my words", "Leave out what the service sees in the photo.", default=False),
            share("denoising_strength", "Strength", 0.75, "Higher is more drawing and less photo."),
        ),
        styles=STYLES,
    ),
    Feature(
        slug="animegan2",
        title="VancePortrait, AnimeGANv2",
        group=Group.STYLISE,
        name="animegan",
        name_key="job",
        module="animegan2",
        description="Turn a portrait into an anime character.",
        icon="emoji-smile",
        models=(Model("Animegan2Stable"),),
        parameters=(switch("single_face", "Only the face", "Convert the face and leave the rest."),),
    ),
    Feature(
        slug="cartoonize",
        title="Toongineer Cartoonizer",
        group=Group.STYLISE,
        name="cartoonize",
        module="cartoonize",
        description="Turn a photo into a clean cartoon. The service keeps it for older uses only.",
        icon="palette",
        models=(Model("CartoonizeStable"),),
        deprecated=True,
    ),
    Feature(
        slug="compress",
        title="Compressor",
        group=Group.OPTIMISE,
        name="compress",
        module="compress",
        description="Make the file much smaller and keep the picture looking the same.",
        icon="file-zip",
        parameters=(
            percent("quality", "Quality", 50, "Lower makes a smaller file; 100 loses as little as possible."),
            switch(
                "keep_metadata",
                "Keep metadata",
                "Off: camera, time, place and comments leave the file; colour profile and orientation always stay. "
                "The engine on this machine does that; the hosted service ignores it.",
                ours=True,
            ),
        ),
        outputs=(OutputField.DPI,),
        purpose="compress",
    ),
)

GROUPS: tuple[Group, ...] = tuple(Group)

_BY_MODULE = {feature.module: feature for feature in FEATURES}
_BY_SLUG = {feature.slug: feature for feature in FEATURES}


class UnknownFeature(LookupError):
    """There is no feature of that module or slug."""


def feature_for_module(module: str) -> Feature:
    """The feature behind a jconfig's ``module``; raises UnknownFeature."""
    try:
        return _BY_MODULE[module]
    except KeyError:
        raise UnknownFeature(f"There is no module of that name; there are {', '.join(_BY_MODULE)}.") from None


def feature_by_slug(slug: str) -> Feature:
    """The feature behind the last part of an address or ``--feature``; raises UnknownFeature."""
    try:
        return _BY_SLUG[slug]
    except KeyError:
        raise UnknownFeature(f"There is no feature of that name; there are {', '.join(_BY_SLUG)}.") from None


def features_in(group: Group) -> tuple[Feature, ...]:
    """A group's features in the order in which they are shown."""
    return tuple(feature for feature in FEATURES if feature.group is group)


def credits_for(steps: Iterable[Step]) -> Decimal:
    """What a workflow costs: the sum of its steps, in credits. Raises UnknownFeature."""
    return sum((feature_for_module(step.module).credits for step in steps), Decimal(0))
