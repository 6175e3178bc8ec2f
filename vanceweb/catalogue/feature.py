"""The description of one feature of the API."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from vanceweb.catalogue.parameters import InvalidParameter, Parameter, ParameterValue, complete_parameters, read_scale
from vanceweb.catalogue.styles import Style

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Group(TextChoices):
    """The studio's groups of features, in display order."""

    ENHANCE = "enhance", _("Enhance")
    CUT_OUT = "cut-out", _("Cut out")
    RESTORE = "restore", _("Restore")
    STYLISE = "stylise", _("Stylise")
    OPTIMISE = "optimise", _("Optimise")


class OutputField(enum.StrEnum):
    """The output settings that a feature's form can offer."""

    QUALITY = "quality"
    DPI = "dpi"
    FORMAT = "format"
    BACKGROUND = "background"


FILE_OUTPUTS = (OutputField.QUALITY, OutputField.DPI, OutputField.FORMAT)


@dataclass(frozen=True, slots=True)
class Model:
    """A ``model_name`` and the values of ``scale`` that it serves (empty: it does not depend on a scale).

    ``implied`` holds the defaults of parameters that differ with this model.
    """

    name: str
    scales: tuple[int, ...] = ()
    implied: Mapping[str, ParameterValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Feature:
    """One row of the API's feature table; features are equal only to themselves.

    ``title`` begins with a verb and is what people see first; ``service_title`` is the hosted service's name for
    the feature. Titles and ``description`` are translated when they are read.
    ``name`` is the feature's name in a jconfig (under ``name_key``); ``module`` decides which feature runs.
    ``models`` is empty if the API takes no ``model_name`` or if the model is itself a parameter.
    ``file_word`` stands for the work in the names of results; it is ``name`` where that is a word already.
    ``credits`` is the cost of one result, ``icon`` a name from bootstrap-icons and ``purpose`` the value of the
    upload's ``job`` field.
    """

    slug: str
    title: "StrOrPromise"
    service_title: "StrOrPromise"
    group: Group
    name: str
    module: str
    description: "StrOrPromise"
    icon: str
    parameters: tuple[Parameter, ...] = ()
    models: tuple[Model, ...] = ()
    aliases: tuple[str, ...] = ()
    name_key: Literal["name", "job"] = "name"
    file_word: str = ""
    credits: Decimal = Decimal(1)
    only_last: bool = False
    outputs: tuple[OutputField, ...] = FILE_OUTPUTS
    purpose: Literal["ai", "compress"] = "ai"
    styles: tuple[Style, ...] = ()
    deprecated: bool = False

    def get_parameter(self, key: str) -> Parameter:
        """Return the parameter with this key; raise LookupError if there is none."""
        for parameter in self.parameters:
            if parameter.key == key:
                return parameter
        raise LookupError(f"{self.module} has no parameter {key!r}.")

    def complete_params(self, given: Mapping[str, object]) -> dict[str, ParameterValue]:
        """Check the given values and add defaults for the rest (see ``complete_parameters``).

        If a model is given without a scale, the scale is the smallest that the model serves.
        """
        model = self._find_model_named(given.get("model_name"))
        if model and model.scales and "scale" not in given:
            given = {**given, "scale": model.scales[0]}
        return complete_parameters(self.parameters, {**model.implied, **given} if model else given)

    def find_model(self, params: Mapping[str, object]) -> Model | None:
        """Return the model for complete parameters, or None if the feature names no model."""
        for model in self.models:
            if not model.scales or params.get("scale") in model.scales:
                return model
        return None

    def find_parameters_in_use(self, params: Mapping[str, object]) -> tuple[Parameter, ...]:
        """Return the parameters that have an effect: those not overridden by a switch that is on."""
        return tuple(
            parameter
            for parameter in self.parameters
            if not any(params.get(switch) is True for switch in parameter.overridden_by)
        )

    def get_scale_factor(self, params: Mapping[str, ParameterValue]) -> int:
        """Return the factor by which the feature multiplies width and height, for complete parameters.

        Features that enlarge have the parameter ``scale``.
        """
        enlarges = any(parameter.key == "scale" for parameter in self.parameters)
        return read_scale(params) if enlarges else 1

    def check_model(self, name: object, params: Mapping[str, object]) -> None:
        """Raise InvalidParameter unless the feature has a model of this name that serves these parameters."""
        model = self._find_model_named(name)
        if model is None:
            raise InvalidParameter("model_name", name, f"one of {', '.join(m.name for m in self.models)}")
        if model.scales and params.get("scale") not in model.scales:
            allowed = " or ".join(str(scale) for scale in model.scales)
            raise InvalidParameter("scale", params.get("scale"), f"{allowed} with {model.name}")

    def _find_model_named(self, name: object) -> Model | None:
        return next((model for model in self.models if model.name == name), None)
