"""Filters for rows of the history."""

from django import template

from vanceweb.catalogue.features import ALL_FEATURES

register = template.Library()

# Services may write a feature's module or its name. A name takes precedence over another feature's alias.
FEATURE_TITLES = {
    **{alias: feature.title for feature in ALL_FEATURES for alias in feature.aliases},
    **{feature.module: feature.title for feature in ALL_FEATURES},
    **{feature.name: feature.title for feature in ALL_FEATURES},
}


@register.filter
def feature_title(job: str) -> str:
    """Return the studio's title for a job's name in the history, or the name itself if it is unknown."""
    return str(FEATURE_TITLES.get(job, job))
