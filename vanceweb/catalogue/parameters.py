"""A parameter of a feature: what it is called, which values it takes, and the check that they are."""

import enum
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ParameterValue = int | float | bool | str

SHOWN_CHARACTERS = 60  # enough of a wrong value to recognise it, too little to fill a page or a log
SHOWN_BITS = 128  # an integer beyond this has about 40 digits and tells nobody anything


class Kind(enum.Enum):
    """What a parameter's value is; the values of this enum are what widgets carry as ``data-kind``."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    CHOICE = "choice"
    TEXT = "text"


class InvalidParameter(ValueError):
    """A known key with a value that the API does not take; says key, value and what is allowed."""

    def __init__(self, key: str, value: object, allowed: str) -> None:
        self.key = key
        self.value = value
        self.allowed = allowed
        super().__init__(f"{key} is {describe_value(value)}; allowed: {allowed}")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a parameter's values, as the API spells it (its type matters), and its title for people."""

    value: int | str
    title: "StrOrPromise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One key of ``module_params``.

    ``minimum`` and ``maximum`` are inclusive. ``overridden_by`` names the switches (BOOL parameters of the
    same feature) that, when on, make the service ignore this one. ``ours``: an addition of the bundled engine,
    which the hosted service does not know; at its default it is not sent.
    """

    key: str
    title: "StrOrPromise"
    kind: Kind
    default: ParameterValue
    minimum: int | float | None = None
    maximum: int | float | None = None
    step: int | float | None = None
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    max_length: int | None = None
    help: "StrOrPromise" = ""
    overridden_by: tuple[str, ...] = ()
    ours: bool = False

    @property
    def allowed(self) -> str:
        """The permitted values in words, for error messages and the documentation."""
        match self.kind:
            case Kind.BOOL:
                return "true or false"
            case Kind.CHOICE:
                listed = ", ".join(json.dumps(choice.value) for choice in self.choices)
                return f"one of {listed}"
            case Kind.TEXT:
                return f"text of at most {self.max_length} characters"
            case Kind.INT:
                return f"a whole number from {self.minimum} to {self.maximum}"
            case Kind.FLOAT:
                return f"a number from {self.minimum} to {self.maximum}"

    def check(self, value: object) -> ParameterValue:
        """The value in the type the API wants; raises InvalidParameter where it is not one of those allowed.

        Strict about types: an integer is neither ``True`` nor ``2.0`` nor ``"2x"``. Only a FLOAT takes an
        integer, and gives it back as a float.
        """
        match self.kind:
            case Kind.BOOL:
                if isinstance(value, bool):
                    return value
            case Kind.CHOICE:
                for choice in self.choices:
                    if type(value) is type(choice.value) and value == choice.value:
                        return choice.value
            case Kind.TEXT:
                if isinstance(value, str) and self._is_legal_text(value):
                    return value
            case Kind.INT:
                if isinstance(value, int) and not isinstance(value, bool) and self._in_range(value):
                    return value
            case Kind.FLOAT:
                if isinstance(value, int | float) and not isinstance(value, bool) and self._in_range(value):
                    return float(value)
        raise InvalidParameter(self.key, value, self.allowed)

    def _in_range(self, value: int | float) -> bool:
        # NaN compares false with everything, so it is out of every range.
        if self.minimum is None or self.maximum is None:
            return False
        return self.minimum <= value <= self.maximum

    def _is_legal_text(self, value: str) -> bool:
        if self.max_length is not None and len(value) > self.max_length:
            return False
        # Lone surrogates can't be encoded and NUL can't be stored in PostgreSQL.
        return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value)


def complete_parameters(parameters: Sequence[Parameter], given: Mapping[str, object]) -> dict[str, ParameterValue]:
    """Every parameter, in the order of ``parameters``: those given, checked, and defaults for the rest.

    Keys of ``given`` that name no parameter are left out. A switch that isn't given counts as off when something
    it would override is given: whoever sends ``remove_noise`` alone wants it to be used.
    Raises InvalidParameter.
    """
    wanted = {switch for parameter in parameters if parameter.key in given for switch in parameter.overridden_by}
    completed: dict[str, ParameterValue] = {}
    for parameter in parameters:
        if parameter.key in given:
            completed[parameter.key] = parameter.check(given[parameter.key])
        elif parameter.key in wanted:
            completed[parameter.key] = False
        else:
            completed[parameter.key] = parameter.default
    return completed


def describe_value(value: object) -> str:
    """A short, printable, one-line form of any value a client may have sent, for error messages."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    if isinstance(value, int) and value.bit_length() > SHOWN_BITS:
        return "a very large number"
    if isinstance(value, str) and len(value) > SHOWN_CHARACTERS:
        value = value[:SHOWN_CHARACTERS] + "..."
    if value is None or isinstance(value, str | int | float):
        return json.dumps(value)
    return f"a {type(value).__name__}"
