"""Conversion between the API's jconfig and steps with output settings.

For steps with complete parameters, ``build_jconfig`` and ``parse_jconfig`` are inverses. Both apply every rule of the
API and raise only JConfigError, whatever their input.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.catalogue.legacy_modules import LEGACY_MODULES
from vanceweb.catalogue.out_params import build_out_params, parse_out_params
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.parameters import InvalidParameter, ParameterValue, describe_value
from vanceweb.catalogue.rules import (
    ILLEGAL_PARAMETER,
    NOT_A_JCONFIG,
    JConfigError,
    check_number_of_guides,
    check_number_of_steps,
    check_output,
    check_steps,
    require_feature,
)
from vanceweb.catalogue.spellings import convert_spellings
from vanceweb.catalogue.steps import ControlImage, Step

__all__ = ["ILLEGAL_PARAMETER", "NOT_A_JCONFIG", "JConfigError", "build_jconfig", "parse_jconfig"]

# Enough for ten steps with the longest prompts and every character escaped.
MAX_CHARACTERS = 200_000

# Windows clients write it before the text of a file.
BYTE_ORDER_MARK = "\ufeff"

# PHP clients send an empty array for an empty object.
EMPTY_LIST_ALLOWED = ("module_params", "out_params")

_DEFAULT_OUTPUT = Output()


def build_jconfig(steps: Sequence[Step], output: Output = _DEFAULT_OUTPUT, *, uid: str | None = None) -> str:
    """Return the jconfig of a feature (one step) or a workflow (several) as compact JSON.

    ``uid`` is the upload for guides without an ``image_uid``. Without it they are written as null, which
    ``parse_jconfig`` reads but a hosted service does not understand.
    """
    checked = check_steps(steps)
    out_params = build_out_params(check_output(output))
    items = [_build_item(step, uid, {}) for step in checked[:-1]] + [_build_item(checked[-1], uid, out_params)]
    if len(items) == 1:
        return json.dumps(items[0], separators=(",", ":"))
    name = get_feature_by_module(checked[0].module).name
    return json.dumps({"name": name, "config": items}, separators=(",", ":"))


def parse_jconfig(source: object) -> tuple[tuple[Step, ...], Output]:
    """Return the steps, with complete parameters, and the output settings of a jconfig.

    ``source`` is its text or the parsed document (a Mapping). Older modules are translated into current steps.
    Raises JConfigError.
    """
    document = _load_document(source)
    config = document.get("config")
    if not isinstance(config, list):
        items = [_ParsedItem.parse(document)]
    else:
        _read_name(document)
        check_number_of_steps(len(config))
        items = [_ParsedItem.parse(_require_object(item, "each step of config")) for item in config]
    for item in items[:-1]:
        if item.out_params:
            raise JConfigError("out_params belongs to the last step of a workflow only.")
    try:
        output = parse_out_params(items[-1].out_params)
    except InvalidParameter as error:
        raise JConfigError(f"out_params: {error}.") from error
    return check_steps([step for item in items for step in item.steps]), output


def _build_item(step: Step, uid: str | None, out_params: Mapping[str, object]) -> dict[str, object]:
    feature = get_feature_by_module(step.module)
    model = feature.find_model(step.params)
    config: dict[str, object] = {
        "module": feature.module,
        "module_params": {**({"model_name": model.name} if model else {}), **_select_sent_params(feature, step.params)},
    }
    if out_params:
        config["out_params"] = out_params
    item: dict[str, object] = {feature.name_key: feature.name, "config": config}
    if step.control_images:
        item["cn_configs"] = [
            {"image_uid": uid if guide.image_uid is None else guide.image_uid, "cn_name": guide.cn_name}
            for guide in step.control_images
        ]
    return item


def _select_sent_params(feature: Feature, params: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
    """Return the parameters to send: without engine-only ones at their default, unknown to the hosted service."""
    omitted = {p.key for p in feature.parameters if p.engine_only and params.get(p.key) == p.default}
    return {key: value for key, value in params.items() if key not in omitted}


@dataclass(frozen=True, slots=True)
class _ParsedItem:
    steps: tuple[Step, ...]
    out_params: Mapping[str, object]

    @classmethod
    def parse(cls, document: Mapping[str, object]) -> "_ParsedItem":
        name = _read_name(document)
        config = _require_object(document.get("config"), "config")
        module = config.get("module")
        if not isinstance(module, str):
            raise JConfigError("module is required and must be text.", NOT_A_JCONFIG)
        params = _require_object(config.get("module_params", {}), "module_params")
        guides = _parse_guides(document.get("cn_configs", []))
        return cls(
            _parse_steps(name, module, params, guides), _require_object(config.get("out_params", {}), "out_params")
        )


def _parse_steps(
    name: str, module: str, params: Mapping[str, object], guides: tuple[ControlImage, ...]
) -> tuple[Step, ...]:
    try:
        if module in LEGACY_MODULES:
            return LEGACY_MODULES[module].build_steps(name, params)
        feature = require_feature(module)
        params = convert_spellings(params, feature.parameters, [model.name for model in feature.models])
        complete = feature.complete_params(params)
        if feature.models and "model_name" in params:
            feature.check_model(params["model_name"], complete)
    except InvalidParameter as error:
        raise JConfigError(f"{module}: {error}.") from error
    return (Step(module, complete, guides),)


def _parse_guides(value: object) -> tuple[ControlImage, ...]:
    if not isinstance(value, list):
        raise JConfigError("cn_configs must be a list.", NOT_A_JCONFIG)
    check_number_of_guides(len(value))
    return tuple(_parse_guide(_require_object(entry, "each entry of cn_configs")) for entry in value)


def _parse_guide(entry: Mapping[str, object]) -> ControlImage:
    uid, cn_name = entry.get("image_uid"), entry.get("cn_name")
    if not isinstance(cn_name, str) or not isinstance(uid, str | None):
        raise JConfigError("In each entry of cn_configs, cn_name and image_uid must be text.")
    return ControlImage(uid, cn_name)


def _load_document(source: object) -> Mapping[str, object]:
    if not isinstance(source, str):
        return _require_object(source, "A jconfig")
    if len(source) > MAX_CHARACTERS:
        raise JConfigError(
            f"The jconfig has {len(source)} characters; allowed: at most {MAX_CHARACTERS}.", NOT_A_JCONFIG
        )
    try:
        document = json.loads(
            source.removeprefix(BYTE_ORDER_MARK),
            object_pairs_hook=_reject_duplicate_keys,
            parse_constant=_reject_constant,
        )
    except JConfigError:
        raise
    except RecursionError:
        raise JConfigError("The jconfig is nested too deeply.", NOT_A_JCONFIG) from None
    except ValueError as error:
        raise JConfigError(f"The jconfig is not JSON: {error}.", NOT_A_JCONFIG) from error
    return _require_object(document, "A jconfig")


def _reject_duplicate_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Parsers disagree about which of two values for one key counts.
    loaded: dict[str, object] = {}
    for key, value in pairs:
        if key in loaded:
            raise JConfigError(f"{describe_value(key)} is given twice in one object.", NOT_A_JCONFIG)
        loaded[key] = value
    return loaded


def _reject_constant(constant: str) -> NoReturn:
    raise JConfigError(f"The jconfig is not JSON: {constant} is not a number.", NOT_A_JCONFIG)


def _require_object(value: object, name: str) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return value
    if value == [] and name in EMPTY_LIST_ALLOWED:
        return {}
    raise JConfigError(f"{name} must be an object.", NOT_A_JCONFIG)


def _read_name(document: Mapping[str, object]) -> str:
    name = document.get("name", document.get("job"))
    if not isinstance(name, str):
        raise JConfigError("name (or job) is required and must be text.", NOT_A_JCONFIG)
    return name
