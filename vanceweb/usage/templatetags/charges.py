"""How rows of the history are shown."""

from django import template

from vanceweb.catalogue.features import FEATURES

register = template.Library()

# A service may write a feature's module or its name; a name wins over another feature's alias.
FEATURE_TITLES = {
    **{alias: feature.title for feature in FEATURES for alias in feature.aliases},
    **{feature.module: feature.title for feature in FEATURES},
    **{feature.name: feature.title for feature in FEATURES},
}


@register.filter
def feature_title(job: str) -> str:
    """What the history calls a job, as the studio calls it; a name that nobody here knows stays as it is."""
    return str(FEATURE_TITLES.get(job, job))
