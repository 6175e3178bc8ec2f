"""The largest results that a connection can give, checked before a picture is stored or sent."""

from collections.abc import Sequence
from typing import Any, BinaryIO

from django.conf import settings

from vanceweb.catalogue.output import Output
from vanceweb.catalogue.result_sizes import ResultLimits, SourceSize, describe_impossible_size
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.models import Asset
from vanceweb.gallery.samples import get_sample
from vanceweb.gallery.services import inspect_upload
from vanceweb.gallery.sizes import RESULT_MAX_PIXELS
from vanceweb.lib.picture_formats import API_NAMES
from vanceweb.vault.models import Connection


def get_result_limits(connection: Connection) -> ResultLimits:
    """Return the limits of results: what the bundled engine makes, and what the gallery takes.

    What other services make at most is theirs to say; a result that the gallery can't take would be paid for nothing.
    """
    if connection.is_bundled:
        return ResultLimits(min(settings.ENGINE_MAX_OUTPUT_PIXELS, RESULT_MAX_PIXELS))
    return ResultLimits(RESULT_MAX_PIXELS, has_known_format=False)


def find_impossible_size(
    connection: Connection, source: SourceSize, steps: Sequence[Step], output: Output
) -> str | None:
    """Return sentences for people if the result would be too large for the connection, else None."""
    return describe_impossible_size(steps, output, source, get_result_limits(connection))


def measure_choice(cleaned: dict[str, Any]) -> SourceSize:
    """Return the size of the picture that a valid SubmissionForm chose, without storing it.

    Raise ImageRefused with a sentence for the user.
    """
    if cleaned["picture"]:
        return measure_file(cleaned["picture"])
    if cleaned["source"]:
        return measure_asset(cleaned["source"])
    sample = get_sample(cleaned["sample"])
    return SourceSize(sample.width, sample.height, "jpg")


def measure_file(file: BinaryIO) -> SourceSize:
    """Return the size of a picture that isn't stored yet. Raise ImageRefused with a sentence for the user."""
    facts = inspect_upload(file)
    return SourceSize(facts.width, facts.height, API_NAMES[facts.format])


def measure_asset(asset: Asset) -> SourceSize:
    """Return the size of a picture of the gallery."""
    return SourceSize(asset.width, asset.height, "jpg" if asset.format == "jpg" else "png")
