"""Short ways to write down the kinds of parameter that the feature table repeats."""

from collections.abc import Iterable

from vanceweb.catalogue.parameters import Choice, Kind, Parameter, ParameterValue


def percent(key: str, title: str, default: int, phrase: str, *, overridden_by: tuple[str, ...] = ()) -> Parameter:
    """A whole number from 0 to 100, shown as a percentage."""
    return Parameter(
        key=key,
        title=title,
        kind=Kind.INT,
        default=default,
        minimum=0,
        maximum=100,
        step=1,
        unit="%",
        help=phrase,
        overridden_by=overridden_by,
    )


def share(
    key: str,
    title: str,
    default: float,
    phrase: str,
    *,
    minimum: float = 0.0,
    overridden_by: tuple[str, ...] = (),
) -> Parameter:
    """A fraction up to 1.0, in hundredths."""
    return Parameter(
        key=key,
        title=title,
        kind=Kind.FLOAT,
        default=default,
        minimum=minimum,
        maximum=1.0,
        step=0.01,
        help=phrase,
        overridden_by=overridden_by,
    )


def switch(
    key: str,
    title: str,
    phrase: str,
    *,
    default: bool = True,
    overridden_by: tuple[str, ...] = (),
    ours: bool = False,
) -> Parameter:
    """Something that is on or off."""
    return Parameter(
        key=key, title=title, kind=Kind.BOOL, default=default, help=phrase, overridden_by=overridden_by, ours=ours
    )


def choice(
    key: str,
    title: str,
    default: ParameterValue,
    choices: Iterable[Choice],
    phrase: str,
    overridden_by: tuple[str, ...] = (),
) -> Parameter:
    """One of a few values."""
    return Parameter(
        key=key,
        title=title,
        kind=Kind.CHOICE,
        default=default,
        choices=tuple(choices),
        help=phrase,
        overridden_by=overridden_by,
    )


def text(key: str, title: str, max_length: int, phrase: str) -> Parameter:
    """A few words of the user."""
    return Parameter(key=key, title=title, kind=Kind.TEXT, default="", max_length=max_length, help=phrase)


def times(*factors: int) -> tuple[Choice, ...]:
    """Scale factors as the strings that some features want: ``"2x"``."""
    return tuple(Choice(f"{factor}x", f"{factor}×") for factor in factors)
