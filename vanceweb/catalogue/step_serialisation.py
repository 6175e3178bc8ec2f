"""The JSON form of steps, in which the site stores them: ``{"v": 1, "steps": [{"module", "params", "guides"}]}``.

A guide is ``{"picture": uuid, "kind": cn_name}``. Its picture is one of the gallery, because a service's uids expire
after a day, or null for the picture being processed. A Step refers to a picture of the gallery by the 32 hexadecimal
digits of its uuid; they are replaced by a service's uid before the step is sent.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from vanceweb.catalogue.parameters import ParameterValue, describe_value
from vanceweb.catalogue.steps import ControlImage, Step

VERSION = 1


class InvalidSteps(ValueError):
    """The data is not the JSON form of steps, or of a version that this site doesn't know."""


def to_json(steps: Iterable[Step]) -> dict[str, Any]:
    """Return the JSON form of steps whose guides are pictures of the gallery."""
    return {
        "v": VERSION,
        "steps": [
            {
                "module": step.module,
                "params": dict(step.params),
                "guides": [
                    {
                        "picture": None if guide.image_uid is None else str(UUID(guide.image_uid)),
                        "kind": guide.cn_name,
                    }
                    for guide in step.control_images
                ],
            }
            for step in steps
        ],
    }


def parse_steps(data: object) -> tuple[Step, ...]:
    """Return the steps of their JSON form. Raise InvalidSteps for an unknown version or shape.

    Modules and values are not checked against the catalogue, so that an old job can be shown after the permitted values
    have changed; ``rules.check_steps`` does that whenever steps are submitted or sent.
    """
    document = _require_object(data, "The document")
    version = document.get("v")
    if type(version) is not int or version != VERSION:
        raise InvalidSteps(f"v is {describe_value(version)}; this site knows version {VERSION}.")
    steps = _require_list(document.get("steps"), "steps")
    if not steps:
        raise InvalidSteps("steps is empty; at least one step is needed.")
    return tuple(_parse_step(_require_object(step, "Each step")) for step in steps)


def _parse_step(step: Mapping[str, object]) -> Step:
    module = step.get("module")
    if not isinstance(module, str):
        raise InvalidSteps(f"module is {describe_value(module)}; it must be text.")
    params = _require_object(step.get("params"), "params")
    guides = _require_list(step.get("guides"), "guides")
    return Step(
        module,
        {key: _require_value(key, value) for key, value in params.items()},
        tuple(_parse_guide(_require_object(guide, "Each guide")) for guide in guides),
    )


def _parse_guide(guide: Mapping[str, object]) -> ControlImage:
    kind, picture = guide.get("kind"), guide.get("picture")
    if not isinstance(kind, str):
        raise InvalidSteps(f"kind is {describe_value(kind)}; it must be text.")
    return ControlImage(None if picture is None else _parse_uuid(picture).hex, kind)


def _parse_uuid(picture: object) -> UUID:
    try:
        if isinstance(picture, str):
            return UUID(picture)
    except ValueError:
        pass
    raise InvalidSteps(f"picture is {describe_value(picture)}; it must be a uuid or null.")


def _require_value(key: str, value: object) -> ParameterValue:
    if isinstance(value, int | float | str):  # a bool is an int
        return value
    raise InvalidSteps(f"{describe_value(key)} is {describe_value(value)}; it must be a number, true, false or text.")


def _require_object(value: object, name: str) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return value
    raise InvalidSteps(f"{name} is {describe_value(value)}; it must be an object.")


def _require_list(value: object, name: str) -> list[object]:
    if isinstance(value, list):
        return value
    raise InvalidSteps(f"{name} is {describe_value(value)}; it must be a list.")
