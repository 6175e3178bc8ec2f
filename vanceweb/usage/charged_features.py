"""The features that charges are for, by the names that services give them."""

from django.utils.translation import gettext as _

from vanceweb.catalogue.features import ALL_FEATURES
from vanceweb.jobs.models import Job
from vanceweb.usage.models import FEATURE_LENGTH, WORKFLOW

# Services may write a feature's module or its name. A name takes precedence over another feature's alias.
FEATURES_BY_NAME = {
    **{alias: feature for feature in ALL_FEATURES for alias in feature.aliases},
    **{feature.module: feature for feature in ALL_FEATURES},
    **{feature.name: feature for feature in ALL_FEATURES},
}
TITLES_BY_SLUG = {feature.slug: feature.title for feature in ALL_FEATURES}


def find_feature(name: str, job: Job | None = None) -> str:
    """Return the slug of the feature that a charge is for, "workflow" for those of several steps, or `name`.

    `name` is the job's name in the service's history. The job of this site, where it is known, knows better.
    """
    if job is not None:
        return WORKFLOW if job.is_workflow else job.feature
    feature = FEATURES_BY_NAME.get(name)
    return (feature.slug if feature else name)[:FEATURE_LENGTH]


def get_feature_title(slug: str) -> str:
    """Return the studio's title for a charge's feature, or the service's name for it if it is unknown."""
    if slug == WORKFLOW:
        return _("Workflow")
    return str(TITLES_BY_SLUG.get(slug, slug)) or _("Unknown tool")
