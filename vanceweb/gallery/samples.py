"""The studio's sample photos, for new users to try."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Sample:
    """A photo among the static files; `description` is its alternative text."""

    slug: str
    title: "StrOrPromise"
    description: "StrOrPromise"
    static_path: str
    width: int
    height: int


SAMPLES: tuple[Sample, ...] = (
    Sample("astronaut", _("Astronaut"), _("An astronaut in an orange suit"), "samples/astronaut.jpg", 512, 512),
    Sample("cat", _("Cat"), _("The face of a cat, close up"), "samples/chelsea.jpg", 451, 300),
    Sample("coffee", _("Coffee"), _("A cup of coffee with a spoon on a wooden table"), "samples/coffee.jpg", 600, 400),
)


def get_sample(slug: str) -> Sample:
    """Return the sample. Raise LookupError if there is none."""
    for sample in SAMPLES:
        if sample.slug == slug:
            return sample
    raise LookupError(f"There is no sample {slug!r}.")
