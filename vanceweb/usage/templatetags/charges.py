"""Filters for rows of the history."""

from django import template
from django.utils.translation import gettext as _

from vanceweb.usage.charged_features import TITLES_BY_SLUG
from vanceweb.usage.models import WORKFLOW

register = template.Library()


@register.filter
def feature_title(slug: str) -> str:
    """Return the studio's title for a charge's feature, or the service's name for it if it is unknown."""
    if slug == WORKFLOW:
        return _("Workflow")
    return str(TITLES_BY_SLUG.get(slug, slug))
