"""Generator of the reference page of all features, docs/features.md.

Run ``python -m vanceweb.catalogue.reference > docs/features.md`` after a change; a test compares the two.
"""

import json
import sys
from collections.abc import Iterator
from itertools import chain

from django.conf import settings

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import GROUPS, get_feature_by_module, get_features_in_group
from vanceweb.catalogue.legacy_modules import LEGACY_MODULES
from vanceweb.catalogue.older_features import OLDER_FEATURES
from vanceweb.catalogue.output import BACKGROUND_CHANNELS, DPI, FORMAT, QUALITY
from vanceweb.catalogue.parameters import Parameter
from vanceweb.catalogue.rules import MAX_STEPS
from vanceweb.catalogue.styles import STYLES, Guides, Look

INTRODUCTION = f"""# Features

All features of the API with their parameters, which are the same in the forms, on the command line and in the engine.
This page is generated from the catalogue by `python -m vanceweb.catalogue.reference > docs/features.md`.

A workflow has at most {MAX_STEPS} steps and costs the sum of their prices. Omitted parameters take their defaults; an
omitted switch is off if a parameter that it overrides is given. Parameters marked *engine only* belong to the bundled
engine; the hosted service doesn't know them.
"""


STYLED_MODULE = "img2anime"


def use_untranslated_titles() -> None:
    """Configure Django so that titles can be read, in English, by a program that runs outside the site."""
    settings.configure(USE_I18N=False)


def render_feature_reference() -> str:
    """Return the whole page as Markdown."""
    parts = (_render_groups(), _render_output(), _render_styles(), _render_older_features(), _render_legacy_modules())
    return "\n".join([INTRODUCTION, *chain.from_iterable(parts)])


def _render_groups() -> Iterator[str]:
    for group in GROUPS:
        yield f"## {group.label}\n"
        for feature in get_features_in_group(group):
            yield from _render_feature(feature)


def _render_feature(feature: Feature) -> Iterator[str]:
    yield f"### {feature.title}\n"
    cost = "1 credit" if feature.credits == 1 else f"{feature.credits} credits"
    last = " Can only be the last step of a workflow." if feature.only_last else ""
    deprecated = " Deprecated." if feature.deprecated else ""
    yield f"{feature.description} The hosted service calls it “{feature.service_title}”. {cost}.{last}{deprecated}\n"
    models = ", ".join(_format_model(name, scales) for name, scales in ((m.name, m.scales) for m in feature.models))
    names = f"`{feature.name_key}`: `{feature.name}`, `module`: `{feature.module}`"
    yield f"{names}, `model_name`: {models}.\n" if models else f"{names}.\n"
    if feature.parameters:
        yield "| Parameter | Title | Allowed | Default | Ignored with | |"
        yield "|---|---|---|---|---|---|"
        yield from (_format_row(parameter) for parameter in feature.parameters)
        yield ""


def _format_model(name: str, scales: tuple[int, ...]) -> str:
    return f"`{name}` (scale {', '.join(map(str, scales))})" if scales else f"`{name}`"


def _format_row(parameter: Parameter) -> str:
    overridden = " or ".join(f"`{switch}`" for switch in parameter.overridden_by)
    key = f"`{parameter.key}` (*engine only*)" if parameter.engine_only else f"`{parameter.key}`"
    return (
        f"| {key} | {parameter.title} | {parameter.allowed} | `{json.dumps(parameter.default)}` "
        f"| {overridden} | {parameter.help} |"
    )


def _render_output() -> Iterator[str]:
    yield "## Output settings\n"
    yield "They belong to the last step; the service decides about omitted settings.\n"
    yield "| Setting | In `out_params` | Allowed | |"
    yield "|---|---|---|---|"
    for parameter, shape in (
        (QUALITY, '{"compress": {"quality": 95}}'),
        (DPI, '{"dpi": 300}'),
        (FORMAT, '{"format": "png"}'),
    ):
        yield f"| {parameter.title} | `{shape}` | {parameter.allowed} | {parameter.help} |"
    colour = '{"bg_composed": {"bg_color": {"r": 0, "g": 255, "b": 255}}}'
    yield f"| Background | `{colour}` | each {BACKGROUND_CHANNELS[0].allowed} | Replaces a removed background. |\n"


def _render_styles() -> Iterator[str]:
    yield f"## Styles of “{get_feature_by_module(STYLED_MODULE).title}”\n"
    yield "| `model_name` | Title | More cartoonish | More realistic | Base model of the hosted service |"
    yield "|---|---|---|---|---|"
    for style in STYLES:
        cartoonish, realistic = (_format_guides(style.get_guides(look)) for look in Look)
        base = f"{style.base_model} with {style.lora}" if style.lora else style.base_model
        yield f"| `{style.name}` | {style.title} | {cartoonish} | {realistic} | {base} |"
    yield ""


def _format_guides(guides: Guides) -> str:
    names = " and ".join(f"`{name}`" for name in guides.cn_names)
    return names if guides.strength is None else f"{names}, strength {guides.strength}"


def _render_older_features() -> Iterator[str]:
    yield "## Older features\n"
    yield "Other clients may still ask for these. The bundled engine does them; the studio doesn't offer them.\n"
    for feature in OLDER_FEATURES:
        yield from _render_feature(feature)


def _render_legacy_modules() -> Iterator[str]:
    yield "## Older modules\n"
    yield "Other clients may still send these modules. They become current features.\n"
    yield "| `module` | `model_name` | Translation |"
    yield "|---|---|---|"
    for legacy in LEGACY_MODULES.values():
        models = ", ".join(f"`{name}`" for name in legacy.models) or "any"
        yield f"| `{legacy.module}` | {models} | {legacy.note} |"
    yield ""


if __name__ == "__main__":
    use_untranslated_titles()
    sys.stdout.write(render_feature_reference())
