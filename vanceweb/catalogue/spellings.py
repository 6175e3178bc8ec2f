"""Spellings of values that clients in the field send, and their one spelling in the catalogue."""

from collections.abc import Iterable, Mapping, Sequence

from vanceweb.catalogue.parameters import Kind, Parameter

MODEL_KEY = "model_name"


def convert_spellings(
    given: Mapping[str, object], parameters: Iterable[Parameter], models: Sequence[str] = ()
) -> dict[str, object]:
    """Return the given values, with names in any case and scales such as 4, "4" or "4X" spelled as in the catalogue.

    Only values that are text in the catalogue are unified: where it has numbers, the API insists on numbers. Others
    stay as they are, for the checks to refuse.
    """
    choices = {
        parameter.key: [choice.value for choice in parameter.choices if isinstance(choice.value, str)]
        for parameter in parameters
        if parameter.kind is Kind.CHOICE
    }
    if models:
        choices[MODEL_KEY] = list(models)
    return {key: _find_spelling(value, choices.get(key, ())) for key, value in given.items()}


def _find_spelling(value: object, names: Iterable[str]) -> object:
    """Return the name that a value stands for, or the value itself if there is none."""
    if isinstance(value, bool):
        return value
    return next((name for name in names if _is_spelling_of(value, name)), value)


def _is_spelling_of(value: object, name: str) -> bool:
    if isinstance(value, str):
        text = value.strip().casefold()
        return name.casefold() in (text, f"{text}x")
    number = name.removesuffix("x")
    return isinstance(value, int | float) and number.isdecimal() and value == int(number)
