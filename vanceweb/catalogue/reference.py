"""The reference page of all features, written from the catalogue.

``python -m vanceweb.catalogue.reference > docs/features.md`` renews it; a test holds it current.
"""

import json
import sys
from collections.abc import Iterator

from django.conf import settings

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import GROUPS, get_feature_by_module, get_features_in_group
from vanceweb.catalogue.legacy_modules import LEGACY_MODULES
from vanceweb.catalogue.output import BACKGROUND_CHANNELS, DPI, FORMAT, QUALITY
from vanceweb.catalogue.parameters import Parameter
from vanceweb.catalogue.rules import MAX_STEPS
from vanceweb.catalogue.styles import STYLES, Guides, Look

INTRODUCTION = f"""# Features

Every feature of the API with its parameters, as the forms, the command line and the engine know them. This page is
written from the catalogue by `python -m vanceweb.catalogue.reference > docs/features.md`.

A workflow has at most {MAX_STEPS} steps and costs the sum of them. Parameters that are left out take their defaults;
a switch that is left out is off when something that it would override is given. What is marked *ours* is the bundled
engine's own: the hosted service doesn't know it.
"""


STYLED_MODULE = "img2anime"


def use_untranslated_titles() -> None:
    """Make lazily translated titles readable in a program that runs outside the site: they stay English."""
    settings.configure(USE_I18N=False)


def reference_page() -> str:
    """The whole page, as Markdown."""
    return "\n".join([INTRODUCTION, *_groups(), *_output(), *_styles(), *_legacy()])


def _groups() -> Iterator[str]:
    for group in GROUPS:
        yield f"## {group.label}\n"
        for feature in get_features_in_group(group):
            yield from _feature(feature)


def _feature(feature: Feature) -> Iterator[str]:
    yield f"### {feature.title}\n"
    cost = "1 credit" if feature.credits == 1 else f"{feature.credits} credits"
    last = " Can only be the last step of a workflow." if feature.only_last else ""
    deprecated = " Deprecated." if feature.deprecated else ""
    yield f"{feature.description} The hosted service calls it “{feature.service_title}”. {cost}.{last}{deprecated}\n"
    models = ", ".join(_model(name, scales) for name, scales in ((m.name, m.scales) for m in feature.models))
    named = f"`{feature.name_key}`: `{feature.name}`, `module`: `{feature.module}`"
    yield f"{named}, `model_name`: {models}.\n" if models else f"{named}.\n"
    if feature.parameters:
        yield "| Parameter | Title | Allowed | Default | Ignored with | |"
        yield "|---|---|---|---|---|---|"
        yield from (_row(parameter) for parameter in feature.parameters)
        yield ""


def _model(name: str, scales: tuple[int, ...]) -> str:
    return f"`{name}` (scale {', '.join(map(str, scales))})" if scales else f"`{name}`"


def _row(parameter: Parameter) -> str:
    overridden = " or ".join(f"`{switch}`" for switch in parameter.overridden_by)
    ours = " (*ours*)" if parameter.ours else ""
    return (
        f"| `{parameter.key}`{ours} | {parameter.title} | {parameter.allowed} | `{json.dumps(parameter.default)}` "
        f"| {overridden} | {parameter.help} |"
    )


def _output() -> Iterator[str]:
    yield "## Output settings\n"
    yield "They belong to the last step; what is left out is the service's choice.\n"
    yield "| Setting | In `out_params` | Allowed | |"
    yield "|---|---|---|---|"
    for parameter, shape in (
        (QUALITY, '{"compress": {"quality": 95}}'),
        (DPI, '{"dpi": 300}'),
        (FORMAT, '{"format": "png"}'),
    ):
        yield f"| {parameter.title} | `{shape}` | {parameter.allowed} | {parameter.help} |"
    colour = '{"bg_composed": {"bg_color": {"r": 0, "g": 255, "b": 255}}}'
    yield f"| Background | `{colour}` | each {BACKGROUND_CHANNELS[0].allowed} | Behind a removed background. |\n"


def _styles() -> Iterator[str]:
    yield f"## Styles of “{get_feature_by_module(STYLED_MODULE).title}”\n"
    yield "| `model_name` | Title | More cartoonish | More realistic | Base model of the hosted service |"
    yield "|---|---|---|---|---|"
    for style in STYLES:
        cartoonish, realistic = (_guides(style.get_guides(look)) for look in Look)
        base = f"{style.base_model} with {style.lora}" if style.lora else style.base_model
        yield f"| `{style.name}` | {style.title} | {cartoonish} | {realistic} | {base} |"
    yield ""


def _guides(guides: Guides) -> str:
    names = " and ".join(f"`{name}`" for name in guides.cn_names)
    return names if guides.strength is None else f"{names}, strength {guides.strength}"


def _legacy() -> Iterator[str]:
    yield "## Older modules\n"
    yield "Still understood when another client sends them, and done by a feature of today where one does that job.\n"
    yield "| `module` | `model_name` | What becomes of it |"
    yield "|---|---|---|"
    for legacy in LEGACY_MODULES.values():
        models = ", ".join(f"`{name}`" for name in legacy.models)
        refused = "" if legacy.translate else "Refused: "
        yield f"| `{legacy.module}` | {models} | {refused}{legacy.note} |"
    yield ""


if __name__ == "__main__":
    use_untranslated_titles()
    sys.stdout.write(reference_page())
