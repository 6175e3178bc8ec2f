"""Builders for the kinds of parameter that the feature tables repeat."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vanceweb.catalogue.parameters import Choice, Kind, Parameter, ParameterValue

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def build_percentage(
    key: str, title: "StrOrPromise", default: int, help_text: "StrOrPromise", *, overridden_by: tuple[str, ...] = ()
) -> Parameter:
    """Return a parameter for a whole number from 0 to 100, shown as a percentage."""
    return Parameter(
        key=key,
        title=title,
        kind=Kind.INT,
        default=default,
        minimum=0,
        maximum=100,
        step=1,
        unit="%",
        help=help_text,
        overridden_by=overridden_by,
    )


def build_fraction(
    key: str,
    title: "StrOrPromise",
    default: float,
    help_text: "StrOrPromise",
    *,
    minimum: float = 0.0,
    overridden_by: tuple[str, ...] = (),
) -> Parameter:
    """Return a parameter for a fraction from ``minimum`` to 1.0, in steps of 0.01."""
    return Parameter(
        key=key,
        title=title,
        kind=Kind.FLOAT,
        default=default,
        minimum=minimum,
        maximum=1.0,
        step=0.01,
        help=help_text,
        overridden_by=overridden_by,
    )


def build_switch(
    key: str,
    title: "StrOrPromise",
    help_text: "StrOrPromise",
    *,
    default: bool = True,
    overridden_by: tuple[str, ...] = (),
    engine_only: bool = False,
) -> Parameter:
    """Return a parameter that is on or off."""
    return Parameter(
        key=key,
        title=title,
        kind=Kind.BOOL,
        default=default,
        help=help_text,
        overridden_by=overridden_by,
        engine_only=engine_only,
    )


def build_choice(
    key: str,
    title: "StrOrPromise",
    default: ParameterValue,
    choices: Iterable[Choice],
    help_text: "StrOrPromise",
    overridden_by: tuple[str, ...] = (),
) -> Parameter:
    """Return a parameter that takes one of a few values."""
    return Parameter(
        key=key,
        title=title,
        kind=Kind.CHOICE,
        default=default,
        choices=tuple(choices),
        help=help_text,
        overridden_by=overridden_by,
    )


def build_text(key: str, title: "StrOrPromise", max_length: int, help_text: "StrOrPromise") -> Parameter:
    """Return a parameter for free text, empty by default."""
    return Parameter(key=key, title=title, kind=Kind.TEXT, default="", max_length=max_length, help=help_text)


def build_scale_choices(*factors: int) -> tuple[Choice, ...]:
    """Return choices of scale factors as strings such as ``"2x"``, the form that some features require."""
    return tuple(Choice(f"{factor}x", f"{factor}×") for factor in factors)
