"""A form field for each kind of parameter and output setting, with what a page needs to style and check it.

Every widget carries ``data-kind`` (a Kind, or ``colour``); sliders ``min``, ``max`` and ``step``; where they apply
``data-unit`` and ``data-overridden-by``, the space-separated names of the switches that turn the field off.
"""

from collections.abc import Callable

from django import forms
from django.core.exceptions import ValidationError

from vanceweb.catalogue.feature import OutputField
from vanceweb.catalogue.output import DPI, FORMAT, QUALITY, Colour
from vanceweb.catalogue.parameters import Choice, InvalidParameter, Kind, Parameter
from vanceweb.catalogue.styles import LOOKS, Look

SEGMENTS = 5  # up to so many choices stand side by side; more go into a list

COLOUR_PATTERN = "#?[0-9A-Fa-f]{6}"


class SliderInput(forms.NumberInput):
    """A number chosen by dragging; the page shows the number beside it."""

    input_type = "range"

    def use_required_attribute(self, initial: object) -> bool:
        # A slider always has a value, and HTML forbids the attribute on it.
        return False


def build_parameter_field(parameter: Parameter) -> forms.Field:
    """The field of one parameter: typed, with its default, and no laxer on the server than in the browser.

    A field that a switch can turn off is not required by itself: the form requires it when it is in use.
    """
    match parameter.kind:
        case Kind.BOOL:
            field: forms.Field = forms.BooleanField(widget=forms.CheckboxInput)
        case Kind.CHOICE:
            field = _choice_field(parameter)
        case Kind.TEXT:
            field = forms.CharField(max_length=parameter.max_length, widget=forms.Textarea(attrs={"rows": 2}))
        case Kind.INT:
            field = forms.IntegerField(
                min_value=_whole(parameter.minimum), max_value=_whole(parameter.maximum), widget=SliderInput
            )
        case Kind.FLOAT:
            field = forms.FloatField(min_value=parameter.minimum, max_value=parameter.maximum, widget=SliderInput)
    field.label = parameter.title
    field.help_text = parameter.help
    field.initial = _initial(parameter)
    field.required = parameter.kind not in (Kind.BOOL, Kind.TEXT) and not parameter.overridden_by
    field.validators = [*field.validators, _validator(parameter)]
    field.widget.is_required = field.required
    field.widget.attrs.update(_attributes(parameter))
    return field


def build_look_field() -> forms.Field:
    """Which way a drawn style leans; it becomes the step's guides."""
    return forms.ChoiceField(
        label="Look",
        choices=[(look.value, look.title) for look in LOOKS],
        initial=Look.CARTOONISH.value,
        widget=forms.RadioSelect(attrs={"data-kind": Kind.CHOICE.value}),
        help_text="How far the drawing may leave the photo.",
    )


def build_output_field(name: OutputField) -> forms.Field:
    """The field of one output setting; left empty, the setting is the service's choice."""
    match name:
        case OutputField.QUALITY:
            return _optional_number(QUALITY)
        case OutputField.DPI:
            return _optional_number(DPI)
        case OutputField.FORMAT:
            return forms.ChoiceField(
                label=FORMAT.title,
                required=False,
                choices=[("", "Automatic"), *((str(c.value), c.title) for c in FORMAT.choices)],
                initial="",
                widget=forms.RadioSelect(attrs={"data-kind": Kind.CHOICE.value}),
                help_text=FORMAT.help,
            )
        case OutputField.BACKGROUND:
            return ColourField(label="Background", required=False, help_text="Empty leaves it transparent.")


class ColourField(forms.RegexField):
    """A colour as ``#rrggbb``; gives (red, green, blue) of 0-255 each, or None where it is empty."""

    def __init__(self, *, label: str, required: bool, help_text: str) -> None:
        attributes = {"data-kind": "colour", "pattern": COLOUR_PATTERN, "placeholder": "transparent"}
        super().__init__(
            rf"\A{COLOUR_PATTERN}\Z",
            label=label,
            required=required,
            help_text=help_text,
            widget=forms.TextInput(attrs=attributes),
            error_messages={"invalid": "Write the colour as # and six digits, for example #00ffcc."},
        )

    def clean(self, value: object) -> Colour | None:
        digits = super().clean(value).removeprefix("#")
        if not digits:
            return None
        return (int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16))


def format_colour(colour: Colour) -> str:
    """The ``#rrggbb`` that ColourField reads."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _choice_field(parameter: Parameter) -> forms.TypedChoiceField:
    titles = [(str(choice.value), choice.title) for choice in parameter.choices]
    return forms.TypedChoiceField(
        choices=titles,
        coerce=_coerce(parameter.choices),
        empty_value=None,
        widget=forms.RadioSelect if len(titles) <= SEGMENTS else forms.Select,
    )


def _coerce(choices: tuple[Choice, ...]) -> Callable[[str], int | str]:
    values = {str(choice.value): choice.value for choice in choices}

    def coerce(text: str) -> int | str:
        return values[text]

    return coerce


def _initial(parameter: Parameter) -> object:
    return str(parameter.default) if parameter.kind is Kind.CHOICE else parameter.default


def _validator(parameter: Parameter) -> Callable[[object], None]:
    # TypedChoiceField runs its validators on the text, before it is coerced to the API's type.
    coerce = _coerce(parameter.choices)

    def validate(value: object) -> None:
        try:
            parameter.check(coerce(value) if parameter.kind is Kind.CHOICE and isinstance(value, str) else value)
        except (InvalidParameter, KeyError) as error:
            raise ValidationError(f"Allowed: {parameter.allowed}.") from error

    return validate


def _attributes(parameter: Parameter) -> dict[str, object]:
    attributes: dict[str, object] = {"data-kind": parameter.kind.value}
    if parameter.step is not None:
        attributes["step"] = parameter.step
    if parameter.unit:
        attributes["data-unit"] = parameter.unit
    if parameter.overridden_by:
        attributes["data-overridden-by"] = " ".join(parameter.overridden_by)
    return attributes


def _optional_number(parameter: Parameter) -> forms.IntegerField:
    attributes = {"data-kind": parameter.kind.value, "placeholder": "automatic", "step": parameter.step}
    if parameter.unit:
        attributes["data-unit"] = parameter.unit
    return forms.IntegerField(
        label=parameter.title,
        required=False,
        min_value=_whole(parameter.minimum),
        max_value=_whole(parameter.maximum),
        widget=forms.NumberInput(attrs=attributes),
        help_text=parameter.help,
    )


def _whole(bound: int | float | None) -> int | None:
    return None if bound is None else int(bound)
