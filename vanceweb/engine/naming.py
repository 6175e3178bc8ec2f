"""Names for people: of jobs in the history and of result files."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.catalogue.steps import Step
from vanceweb.engine.models import Transform

WORKFLOW = "workflow"
# Leaves room for the job and the extension within the limits of file systems.
STEM_LENGTH = 150
UNSAFE_CHARACTERS = re.compile(r"[^\w.() -]+")


def build_job_name(steps: Sequence[Step]) -> str:
    """Return the `job` of a history row: the feature's name in the API, or `workflow` for several steps."""
    return get_feature_by_module(steps[0].module).name if len(steps) == 1 else WORKFLOW


def build_result_name(transform: Transform, extension: str) -> str:
    """Return the result's file name, as in `holiday-denoise.jpg`."""
    original = transform.upload.name if transform.upload else ""
    stem = UNSAFE_CHARACTERS.sub("_", PurePath(original).stem)[:STEM_LENGTH].strip(" .") or "picture"
    return f"{stem}-{transform.job}.{extension}"
