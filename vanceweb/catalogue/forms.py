"""A Django form for each feature, generated from the catalogue; it turns a browser's strings into Step and Output."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, ClassVar, cast

from django import forms
from django.forms.forms import DeclarativeFieldsMetaclass
from django.utils.translation import gettext as _

from vanceweb.catalogue.feature import Feature, OutputField
from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.catalogue.fields import build_look_field, build_output_field, build_parameter_field, format_colour
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.parameters import InvalidParameter, Kind, ParameterValue
from vanceweb.catalogue.steps import ControlImage, Step
from vanceweb.catalogue.styles import Guides, Look, get_style

LOOK = "look"
STYLE = "model_name"
STRENGTH = "denoising_strength"

SWITCH_WORDS = {"true": ("true", "on", "yes", "1"), "false": ("false", "off", "no", "0")}


class UnknownSetting(LookupError):
    """The feature's form has no field of this name; the message lists the fields."""


class FeatureForm(forms.Form):
    """The parameters of one feature and its output settings."""

    feature: ClassVar[Feature]

    def parameter_fields(self) -> list[forms.BoundField]:
        """Return the fields of the feature's own parameters, in the table's order."""
        return [self[name] for name in self.fields if name not in self.feature.outputs]

    def output_fields(self) -> list[forms.BoundField]:
        """Return the fields of the output settings."""
        return [self[name] for name in self.fields if name in self.feature.outputs]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        in_use = {parameter.key for parameter in self.feature.find_parameters_in_use(cleaned)}
        for parameter in self.feature.parameters:
            if parameter.key not in in_use:
                self._replace_ignored_value(parameter.key, parameter.default)
            elif parameter.overridden_by and cleaned.get(parameter.key) is None and parameter.key not in self.errors:
                self.add_error(parameter.key, _("This field is required."))
        self._check_transparency(cleaned)
        return cleaned

    def build_step(self) -> Step:
        """Return the step that a valid form describes, with complete parameters."""
        given = {parameter.key: self.cleaned_data[parameter.key] for parameter in self.feature.parameters}
        params = self.feature.complete_params(given)
        if not self.feature.styles:
            return Step(self.feature.module, params)
        guides = get_style(params[STYLE]).get_guides(Look(self.cleaned_data[LOOK]))
        images = tuple(ControlImage(None, cn_name) for cn_name in guides.cn_names)
        return Step(self.feature.module, {**params, STRENGTH: self._choose_strength(params[STRENGTH], guides)}, images)

    def build_output(self) -> Output:
        """Return the output settings that a valid form describes, with None for fields that are empty or missing."""
        cleaned = self.cleaned_data
        return Output(
            quality=self._get_output_value(OutputField.QUALITY),
            dpi=self._get_output_value(OutputField.DPI),
            format=self._get_output_value(OutputField.FORMAT) or None,
            background=cleaned.get(OutputField.BACKGROUND),
        )

    def _get_output_value(self, name: OutputField) -> Any:
        # The compressor has its own parameter called quality, which is not the output setting.
        return self.cleaned_data[name] if name in self.feature.outputs else None

    def _replace_ignored_value(self, key: str, default: ParameterValue) -> None:
        # A field that a switch turned off may be missing or wrong: the service ignores it.
        if key in self.errors:
            del self.errors[key]
            self.cleaned_data[key] = default
        elif self.cleaned_data.get(key) is None:
            self.cleaned_data[key] = default

    def _choose_strength(self, chosen: ParameterValue, guides: Guides) -> ParameterValue:
        # Some looks differ only by strength; a strength that the user changed takes precedence.
        changed = chosen != self.feature.get_parameter(STRENGTH).default
        return chosen if changed or guides.strength is None else guides.strength

    def _check_transparency(self, cleaned: Mapping[str, Any]) -> None:
        if OutputField.BACKGROUND not in self.feature.outputs or OutputField.BACKGROUND in self.errors:
            return
        if cleaned.get(OutputField.FORMAT) == "jpg" and cleaned.get(OutputField.BACKGROUND) is None:
            self.add_error(
                OutputField.FORMAT, _("JPG can't be transparent: choose PNG, or give the background a colour.")
            )


@cache
def build_form_class(feature: Feature) -> type[FeatureForm]:
    """Return the feature's form class; its fields have the API's keys, except ``look`` and the output settings."""
    fields: dict[str, object] = {}
    for parameter in feature.parameters:
        fields[parameter.key] = build_parameter_field(parameter)
        if feature.styles and parameter.key == STYLE:
            fields[LOOK] = build_look_field()
    for name in feature.outputs:
        fields[name.value] = build_output_field(name)
    attributes = {"feature": feature, "__module__": __name__, **fields}
    return cast(type[FeatureForm], DeclarativeFieldsMetaclass(f"{feature.slug}Form", (FeatureForm,), attributes))


def build_initial(step: Step, output: Output) -> dict[str, object]:
    """Return the initial values for showing this step and output in the feature's form.

    Guides that produce neither of the style's looks, which only other clients send, are shown as the default look.
    """
    feature = get_feature_by_module(step.module)
    initial: dict[str, object] = {}
    for parameter in feature.parameters:
        value = step.params.get(parameter.key, parameter.default)
        initial[parameter.key] = str(value) if parameter.kind is Kind.CHOICE else value
    if feature.styles:
        cn_names = tuple(guide.cn_name for guide in step.control_images)
        look = get_style(initial[STYLE]).find_look(cn_names, initial[STRENGTH])
        initial[LOOK] = (look or Look.CARTOONISH).value
    settings: dict[OutputField, object] = {
        OutputField.QUALITY: output.quality,
        OutputField.DPI: output.dpi,
        OutputField.FORMAT: output.format or "",
        OutputField.BACKGROUND: format_colour(output.background) if output.background else "",
    }
    return initial | {name.value: settings[name] for name in feature.outputs}


def build_form_data(feature: Feature, given: Mapping[str, str]) -> dict[str, str]:
    """Return a complete submission from a few given settings, as on a command line, with defaults for the rest.

    A switch that is not given is off if a setting that it overrides is given. Raises UnknownSetting, and
    InvalidParameter for a switch that is neither on nor off; the form checks ranges.
    """
    fields = build_form_class(feature).base_fields
    if unknown := [name for name in given if name not in fields]:
        raise UnknownSetting(f"{feature.slug} has no setting {unknown[0]}. {_list_settings(fields)}")
    data = {name: _to_text(field.initial) for name, field in fields.items()}
    wanted = {switch for p in feature.parameters if p.key in given for switch in p.overridden_by}
    switches = {p.key for p in feature.parameters if p.kind is Kind.BOOL}
    spelled = {name: _normalise_switch(name, text) if name in switches else text for name, text in given.items()}
    return data | dict.fromkeys(wanted, "false") | spelled


def _normalise_switch(name: str, text: str) -> str:
    # A checkbox treats every text except "false" as on, even "off" and "no".
    for spelling, words in SWITCH_WORDS.items():
        if text.strip().lower() in words:
            return spelling
    raise InvalidParameter(name, text, "true or false")


def _list_settings(names: Iterable[str]) -> str:
    return f"Its settings: {', '.join(names)}." if names else "It has none."


def _to_text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
