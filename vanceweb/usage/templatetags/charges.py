"""Filters for charges and their figures."""

from datetime import date
from decimal import Decimal

from django import template
from django.utils.formats import date_format

from vanceweb.usage.charged_features import get_feature_title
from vanceweb.usage.figures.dashboard import Comparison
from vanceweb.usage.history_search import get_picture_name
from vanceweb.usage.models import UsageRecord

register = template.Library()


@register.filter
def feature_title(slug: str) -> str:
    """Return the studio's title for a charge's feature, or the service's name for it if it is unknown."""
    return get_feature_title(slug)


@register.filter
def picture_name(row: UsageRecord) -> str:
    """Return the name of the picture that a charge is for, as far as whoever looks may read it."""
    return get_picture_name(row)


@register.filter
def weekday_name(weekday: int) -> str:
    """Return the short name of a weekday, 0 for Monday."""
    # The third of January 2000 was a Monday.
    return date_format(date(2000, 1, 3 + weekday), "D")


@register.filter
def change_size(percent: float) -> str:
    """Return the size of a change without its sign: -12.5 → "12.5"; whole numbers from ten on."""
    size = abs(percent)
    return f"{size:.0f}" if size >= 10 else f"{size:.1f}".removesuffix(".0")


@register.filter
def rounded(comparison: Comparison) -> Comparison:
    """Return the figures with two decimals, for those that are quotients."""
    now, before = (None if figure is None else round(figure, 2) for figure in (comparison.now, comparison.before))
    return Comparison(now, before)


@register.filter
def plain_number(amount: Decimal) -> str:
    """Return an amount as programs read it, whatever the language."""
    return f"{amount.normalize():f}" if amount else "0"
