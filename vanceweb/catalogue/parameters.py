"""Parameters of features: names, permitted values, and checks."""

import enum
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ParameterValue = int | float | bool | str
Params = Mapping[str, ParameterValue]

MAX_SHOWN_CHARACTERS = 60  # enough to recognise a wrong value, too few to fill a page or a log
MAX_SHOWN_BITS = 128  # larger integers have about 40 digits or more, which nobody reads


class Kind(enum.Enum):
    """The kind of a parameter's value; widgets carry it as ``data-kind``."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    CHOICE = "choice"
    TEXT = "text"


class InvalidParameter(ValueError):
    """A known key has a value that the API does not accept; carries the key, the value and the permitted values."""

    def __init__(self, key: str, value: object, allowed: str) -> None:
        self.key = key
        self.value = value
        self.allowed = allowed
        super().__init__(f"{key} is {describe_value(value)}; allowed: {allowed}")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a parameter's values in the API's type and spelling, with its title."""

    value: int | str
    title: "StrOrPromise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One key of ``module_params``.

    ``minimum`` and ``maximum`` are inclusive. ``overridden_by`` names the switches (BOOL parameters of the
    same feature) that make the service ignore this parameter when they are on. ``engine_only`` marks an addition
    of the bundled engine that the hosted service does not know; it is not sent when it has its default value.
    ``title`` and ``help`` are translated when they are read.
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
    engine_only: bool = False

    @property
    def allowed(self) -> str:
        """The permitted values in English, for the API's error messages and the documentation."""
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
        """Return the value in the type that the API expects; raise InvalidParameter if it is not permitted.

        Types are strict: an integer is neither ``True`` nor ``2.0`` nor ``"2x"``. Only a FLOAT accepts an
        integer, and returns it as a float.
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
                if isinstance(value, int) and not isinstance(value, bool) and self._is_in_range(value):
                    return value
            case Kind.FLOAT:
                if isinstance(value, int | float) and not isinstance(value, bool) and self._is_in_range(value):
                    return float(value)
        raise InvalidParameter(self.key, value, self.allowed)

    def _is_in_range(self, value: int | float) -> bool:
        # NaN compares false with everything, so it is never in range.
        if self.minimum is None or self.maximum is None:
            return False
        return self.minimum <= value <= self.maximum

    def _is_legal_text(self, value: str) -> bool:
        if self.max_length is not None and len(value) > self.max_length:
            return False
        # Lone surrogates can't be encoded, and PostgreSQL can't store NUL.
        return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value)


def complete_parameters(parameters: Sequence[Parameter], given: Mapping[str, object]) -> dict[str, ParameterValue]:
    """Return values for all ``parameters``, in their order: the given ones, checked, and defaults for the rest.

    Keys of ``given`` that name no parameter are dropped. A switch that is not given is off if a parameter that it
    overrides is given: a client that sends only ``remove_noise`` wants it to be used.
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


def read_scale(params: Mapping[str, ParameterValue]) -> int:
    """Return the parameter ``scale``, which is a number or a text such as "2x", as a number."""
    return int(str(params["scale"]).removesuffix("x"))


def describe_value(value: object) -> str:
    """Describe any value that a client may have sent, in one short printable line for error messages."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    if isinstance(value, int) and value.bit_length() > MAX_SHOWN_BITS:
        return "a very large number"
    if isinstance(value, str) and len(value) > MAX_SHOWN_CHARACTERS:
        value = value[:MAX_SHOWN_CHARACTERS] + "..."
    if value is None or isinstance(value, str | int | float):
        return json.dumps(value)
    return f"a {type(value).__name__}"
