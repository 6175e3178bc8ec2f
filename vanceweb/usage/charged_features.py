"""The features that charges are for, by the names that services give them."""

from collections import defaultdict
from collections.abc import Mapping

from django.utils.translation import gettext as _

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import ALL_FEATURES
from vanceweb.catalogue.step_serialisation import InvalidSteps
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
        return WORKFLOW if len(list_job_features(job)) > 1 else job.feature
    feature = FEATURES_BY_NAME.get(name)
    return (feature.slug if feature else name)[:FEATURE_LENGTH]


def get_feature_title(slug: str) -> str:
    """Return the studio's title for a charge's feature, or the service's name for it if it is unknown."""
    if slug == WORKFLOW:
        return _("Workflow")
    return str(TITLES_BY_SLUG.get(slug, slug)) or _("Unknown tool")


def find_labels(name: str) -> frozenset[str]:
    """Return the slugs of all features that a service may mean by a name; none for an unknown name."""
    return _LABELS_BY_NAME.get(name.casefold(), frozenset())


def list_job_features(job: Job) -> tuple[Feature, ...]:
    """Return the feature of each step; none for a job whose steps this version can't read."""
    try:
        return job.step_features
    except (InvalidSteps, LookupError):
        return ()


def list_job_labels(job: Job) -> frozenset[str]:
    """Return the slugs under which a service may list the job: those of its steps and, if it has several, "workflow".

    The API doesn't say under which name a workflow is listed.
    """
    features = list_job_features(job)
    slugs = {feature.slug for feature in features} or {job.feature}
    return frozenset(slugs | ({WORKFLOW} if len(features) > 1 else set()))


def _collect_labels() -> Mapping[str, frozenset[str]]:
    labels: defaultdict[str, set[str]] = defaultdict(set)
    labels[WORKFLOW].add(WORKFLOW)
    for feature in ALL_FEATURES:
        for name in (feature.slug, feature.name, feature.module, *feature.aliases):
            labels[name.casefold()].add(feature.slug)
    return {name: frozenset(slugs) for name, slugs in labels.items()}


_LABELS_BY_NAME = _collect_labels()
