"""Steps of a workflow: one feature with its parameters, independent of the API's notation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from vanceweb.catalogue.parameters import ParameterValue


@dataclass(frozen=True, slots=True)
class ControlImage:
    """A guide for a drawn style (``cn_configs``): its kind and its upload.

    ``image_uid`` None stands for the picture being processed, whose uid is known only after the upload. In steps that
    the site stores it refers to a picture of the gallery (see ``step_serialisation``).
    """

    image_uid: str | None
    cn_name: str


@dataclass(frozen=True, slots=True)
class Step:
    """A feature's module and its ``module_params`` without the model's name.

    For ``img2anime`` the model's name is the style, which is an ordinary parameter.
    """

    module: str
    params: Mapping[str, ParameterValue] = field(default_factory=dict)
    control_images: tuple[ControlImage, ...] = ()


def collect_guide_uids(steps: Iterable[Step]) -> set[str]:
    """Return the uids of all pictures that the steps use as guides."""
    return {guide.image_uid for step in steps for guide in step.control_images if guide.image_uid is not None}


def replace_guide_uids(steps: Iterable[Step], uids: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the steps with the uid of each guide looked up in ``uids``; raise KeyError if one is missing."""
    return tuple(
        replace(step, control_images=tuple(_replace_uid(guide, uids) for guide in step.control_images))
        for step in steps
    )


def _replace_uid(guide: ControlImage, uids: Mapping[str, str]) -> ControlImage:
    return guide if guide.image_uid is None else replace(guide, image_uid=uids[guide.image_uid])
