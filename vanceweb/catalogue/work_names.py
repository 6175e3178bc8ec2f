"""Names of the work of one or several steps, the same on the site and in the engine."""

from collections.abc import Sequence

from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.catalogue.steps import Step

WORKFLOW = "workflow"


def build_job_name(steps: Sequence[Step]) -> str:
    """Return the `job` of a history row: the feature's name in the API, or `workflow` for several steps."""
    return get_feature_by_module(steps[0].module).name if len(steps) == 1 else WORKFLOW


def build_file_word(steps: Sequence[Step]) -> str:
    """Return the word that stands for the work in the name of its result, as in `holiday-denoise.jpg`."""
    if len(steps) > 1:
        return WORKFLOW
    feature = get_feature_by_module(steps[0].module)
    return feature.file_word or feature.name
