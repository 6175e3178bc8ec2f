"""The sample photos of the studio, for the first click of a new person."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One photo among the static files; `description` is its alternative text."""

    slug: str
    title: str
    description: str
    static_path: str
    width: int
    height: int


SAMPLES: tuple[Sample, ...] = (
    Sample("astronaut", "Astronaut", "An astronaut in an orange suit", "samples/astronaut.jpg", 512, 512),
    Sample("cat", "Cat", "The face of a cat, close up", "samples/chelsea.jpg", 451, 300),
    Sample("coffee", "Coffee", "A cup of coffee with a spoon on a wooden table", "samples/coffee.jpg", 600, 400),
)


def get_sample(slug: str) -> Sample:
    """Raises LookupError for a sample that there isn't."""
    for sample in SAMPLES:
        if sample.slug == slug:
            return sample
    raise LookupError(f"There is no sample {slug!r}.")
