"""Filters for rows of the history."""

from django import template

from vanceweb.usage.charged_features import get_feature_title

register = template.Library()


@register.filter
def feature_title(slug: str) -> str:
    """Return the studio's title for a charge's feature, or the service's name for it if it is unknown."""
    return get_feature_title(slug)
