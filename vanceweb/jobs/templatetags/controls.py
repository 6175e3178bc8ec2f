"""Template tags for the settings of a feature: the form's controls, and the list of a job's settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms, template
from django.utils.translation import gettext as _

from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.catalogue.fields import format_colour
from vanceweb.catalogue.parameters import Parameter
from vanceweb.catalogue.steps import Step
from vanceweb.jobs.models import Job

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

register = template.Library()


@dataclass(frozen=True)
class StepSettings:
    """The title of a step's feature, and the title and formatted value of each of its settings that had an effect."""

    title: "StrOrPromise"
    settings: list[tuple[str, str]]


@register.inclusion_tag("components/control.html")
def control(bound: forms.BoundField) -> dict[str, Any]:
    """Render a field as a suitable control: slider, switch, segments, list, text with counter, colour or number."""
    widget = bound.field.widget
    kind = _get_kind(widget)
    return {
        "field": bound,
        "kind": kind,
        "overridden_by": widget.attrs.get("data-overridden-by", ""),
        "unit": widget.attrs.get("data-unit", ""),
        "widget": bound.as_widget(attrs={} if kind in ("slider", "switch") else {"class": "input"}),
    }


def _get_kind(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "switch"
    if isinstance(widget, forms.RadioSelect):
        return "segments"
    if isinstance(widget, forms.Select):
        return "list"
    if isinstance(widget, forms.Textarea):
        return "text"
    if widget.attrs.get("data-kind") == "colour":
        return "colour"
    return "slider" if getattr(widget, "input_type", "") == "range" else "number"


@register.filter
def step_settings(job: Job) -> list[StepSettings]:
    """Return the settings of each step, as in StepSettings("Enlarge", [("Enlarge by", "2×")])."""
    return [_list_settings(step) for step in job.parsed_steps]


@register.filter
def output_settings(job: Job) -> list[tuple[str, str]]:
    """Return the title and the formatted value of each setting of the result's file, as in ("Quality", "95")."""
    shown = []
    output = job.output_settings
    if output.quality is not None:
        shown.append((_("Quality"), str(output.quality)))
    if output.dpi is not None:
        shown.append((_("Print resolution"), _("%(dpi)d dpi") % {"dpi": output.dpi}))
    if output.background is not None:
        shown.append((_("Background"), format_colour(output.background)))
    return shown


def _list_settings(step: Step) -> StepSettings:
    feature = get_feature_by_module(step.module)
    shown = [
        (str(parameter.title), _format_value(parameter, step.params))
        for parameter in feature.find_parameters_in_use(step.params)
    ]
    return StepSettings(feature.title, [(title, value) for title, value in shown if value])


def _format_value(parameter: Parameter, params: Mapping[str, Any]) -> str:
    value = params.get(parameter.key, parameter.default)
    if isinstance(value, bool):
        return _("on") if value else _("off")
    titles = {choice.value: choice.title for choice in parameter.choices}
    return str(titles.get(value, f"{value}{parameter.unit}"))
