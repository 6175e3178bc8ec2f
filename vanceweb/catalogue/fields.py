"""Form fields for each kind of parameter and output setting, with the attributes that pages need.

Every widget carries ``data-kind`` (a Kind, or ``colour``), and sliders ``min``, ``max`` and ``step``. Where they apply,
widgets also carry ``data-unit`` and ``data-overridden-by``, the space-separated names of the switches that turn the
field off.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vanceweb.catalogue.feature import OutputField
from vanceweb.catalogue.output import DPI, FORMAT, QUALITY, Colour
from vanceweb.catalogue.parameters import Choice, InvalidParameter, Kind, Parameter
from vanceweb.catalogue.styles import LOOKS, Look

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAX_SEGMENTS = 5  # up to this number, choices are shown side by side; more become a list

COLOUR_PATTERN = "#?[0-9A-Fa-f]{6}"


class SliderInput(forms.NumberInput):
    """A slider for a number, which the page shows beside it."""

    input_type = "range"

    def use_required_attribute(self, initial: object) -> bool:
        # A slider always has a value, and HTML forbids the attribute on it.
        return False


def build_parameter_field(parameter: Parameter) -> forms.Field:
    """Return the typed field for a parameter, with its default, as strict on the server as in the browser.

    A field that a switch can turn off is not required by itself; the form requires it when it is in use.
    """
    match parameter.kind:
        case Kind.BOOL:
            field: forms.Field = forms.BooleanField(widget=forms.CheckboxInput)
        case Kind.CHOICE:
            field = _build_choice_field(parameter)
        case Kind.TEXT:
            field = forms.CharField(max_length=parameter.max_length, widget=forms.Textarea(attrs={"rows": 2}))
        case Kind.INT:
            field = forms.IntegerField(
                min_value=_to_integer(parameter.minimum), max_value=_to_integer(parameter.maximum), widget=SliderInput
            )
        case Kind.FLOAT:
            field = forms.FloatField(min_value=parameter.minimum, max_value=parameter.maximum, widget=SliderInput)
    field.label = parameter.title
    field.help_text = parameter.help
    field.initial = _get_initial(parameter)
    field.required = parameter.kind not in (Kind.BOOL, Kind.TEXT) and not parameter.overridden_by
    field.validators = [*field.validators, _build_validator(parameter)]
    field.widget.is_required = field.required
    field.widget.attrs.update(_build_attributes(parameter))
    return field


def build_look_field() -> forms.Field:
    """Return the field for a drawn style's look, which becomes the step's guides."""
    return forms.ChoiceField(
        label=_("Look"),
        choices=[(look.value, look.title) for look in LOOKS],
        initial=Look.CARTOONISH.value,
        widget=forms.RadioSelect(attrs={"data-kind": Kind.CHOICE.value}),
        help_text=_("How far the drawing may differ from the photo."),
    )


def build_output_field(name: OutputField) -> forms.Field:
    """Return the field for an output setting; if it is left empty, the service decides."""
    match name:
        case OutputField.QUALITY:
            return _build_optional_number_field(QUALITY)
        case OutputField.DPI:
            return _build_optional_number_field(DPI)
        case OutputField.FORMAT:
            return forms.ChoiceField(
                label=FORMAT.title,
                required=False,
                choices=[("", _("Automatic")), *((str(c.value), c.title) for c in FORMAT.choices)],
                initial="",
                widget=forms.RadioSelect(attrs={"data-kind": Kind.CHOICE.value}),
                help_text=FORMAT.help,
            )
        case OutputField.BACKGROUND:
            return ColourField(label=_("Background"), required=False, help_text=_("If empty, it stays transparent."))


class ColourField(forms.RegexField):
    """A colour as ``#rrggbb``; cleans to (red, green, blue) of 0-255 each, or to None if it is empty."""

    def __init__(self, *, label: "StrOrPromise", required: bool, help_text: "StrOrPromise") -> None:
        attributes = {"data-kind": "colour", "pattern": COLOUR_PATTERN, "placeholder": _("transparent")}
        super().__init__(
            rf"\A{COLOUR_PATTERN}\Z",
            label=label,
            required=required,
            help_text=help_text,
            widget=forms.TextInput(attrs=attributes),
            error_messages={"invalid": _("Write the colour as # and six digits, for example #00ffcc.")},
        )

    def clean(self, value: object) -> Colour | None:
        digits = super().clean(value).removeprefix("#")
        if not digits:
            return None
        return (int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16))


def format_colour(colour: Colour) -> str:
    """Return the colour as ``#rrggbb``, which ColourField reads."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _build_choice_field(parameter: Parameter) -> forms.TypedChoiceField:
    titles = [(str(choice.value), choice.title) for choice in parameter.choices]
    return forms.TypedChoiceField(
        choices=titles,
        coerce=_build_coercion(parameter.choices),
        empty_value=None,
        widget=forms.RadioSelect if len(titles) <= MAX_SEGMENTS else forms.Select,
    )


def _build_coercion(choices: tuple[Choice, ...]) -> Callable[[str], int | str]:
    values = {str(choice.value): choice.value for choice in choices}

    def coerce(text: str) -> int | str:
        return values[text]

    return coerce


def _get_initial(parameter: Parameter) -> object:
    return str(parameter.default) if parameter.kind is Kind.CHOICE else parameter.default


def _build_validator(parameter: Parameter) -> Callable[[object], None]:
    # TypedChoiceField runs validators on the text, before coercing it to the API's type.
    coerce = _build_coercion(parameter.choices)

    def validate(value: object) -> None:
        try:
            parameter.check(coerce(value) if parameter.kind is Kind.CHOICE and isinstance(value, str) else value)
        except (InvalidParameter, KeyError) as error:
            raise ValidationError(_describe_allowed_values(parameter)) from error

    return validate


def _describe_allowed_values(parameter: Parameter) -> str:
    match parameter.kind:
        case Kind.BOOL:
            return gettext("Allowed: true or false.")
        case Kind.CHOICE:
            titles = ", ".join(str(choice.title) for choice in parameter.choices)
            return gettext("Allowed: one of %(titles)s.") % {"titles": titles}
        case Kind.TEXT:
            return gettext("Allowed: text of at most %(count)d characters.") % {"count": parameter.max_length}
        case Kind.INT:
            message = gettext("Allowed: a whole number from %(minimum)s to %(maximum)s.")
        case Kind.FLOAT:
            message = gettext("Allowed: a number from %(minimum)s to %(maximum)s.")
    return message % {"minimum": parameter.minimum, "maximum": parameter.maximum}


def _build_attributes(parameter: Parameter) -> dict[str, object]:
    attributes: dict[str, object] = {"data-kind": parameter.kind.value}
    if parameter.step is not None:
        attributes["step"] = parameter.step
    if parameter.unit:
        attributes["data-unit"] = parameter.unit
    if parameter.overridden_by:
        attributes["data-overridden-by"] = " ".join(parameter.overridden_by)
    return attributes


def _build_optional_number_field(parameter: Parameter) -> forms.IntegerField:
    attributes = {"data-kind": parameter.kind.value, "placeholder": _("automatic"), "step": parameter.step}
    if parameter.unit:
        attributes["data-unit"] = parameter.unit
    return forms.IntegerField(
        label=parameter.title,
        required=False,
        min_value=_to_integer(parameter.minimum),
        max_value=_to_integer(parameter.maximum),
        widget=forms.NumberInput(attrs=attributes),
        help_text=parameter.help,
    )


def _to_integer(bound: int | float | None) -> int | None:
    return None if bound is None else int(bound)
