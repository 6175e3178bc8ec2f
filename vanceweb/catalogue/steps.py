"""A step of a workflow: one feature with its parameters, apart from how the API writes it down."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vanceweb.catalogue.parameters import ParameterValue


@dataclass(frozen=True, slots=True)
class ControlImage:
    """A guide for a drawn style (``cn_configs``): how it is read, and which upload it is.

    ``image_uid`` None is the picture being worked on itself, whose uid is known only after the upload.
    """

    image_uid: str | None
    cn_name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One feature's module name and its ``module_params``, without the model's name.

    (For ``img2anime`` the model's name is the style, a parameter like the others.)
    """

    module: str
    params: Mapping[str, ParameterValue] = field(default_factory=dict)
    control_images: tuple[ControlImage, ...] = ()


def collect_guide_uids(steps: Iterable[Step]) -> set[str]:
    """The uids of all pictures that steps name as their guides."""
    return {guide.image_uid for step in steps for guide in step.control_images if guide.image_uid is not None}
