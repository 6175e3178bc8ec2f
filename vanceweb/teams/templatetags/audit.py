"""The details of an audit event in words."""

from typing import TYPE_CHECKING

from django import template
from django.utils.translation import gettext_lazy as _

from vanceweb.teams.models import Role

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

register = template.Library()

# By the names that `audit.DETAIL_NAMES` allows.
LABELS: "dict[str, StrOrPromise]" = {
    "role": _("role"),
    "old_role": _("role before"),
    "name": _("name"),
    "old_name": _("name before"),
    "count": _("number"),
    "expires": _("until"),
    "service": _("service"),
    "credits": _("credits"),
    "old_credits": _("credits before"),
    "period": _("period"),
    "price": _("price"),
    "since": _("from"),
    "scopes": _("rights"),
    "state": _("state"),
    "format": _("format"),
    "method": _("method"),
}

# What services write in place of a value, and the values that are names of something.
VALUES: "dict[str, StrOrPromise]" = {
    "never": _("never"),
    "month": _("each month"),
    "total": _("in all"),
    **{role.value: role.label for role in Role},
}


@register.filter
def detail_value(value: str) -> "StrOrPromise":
    """Return the value of a detail, in words if it has any."""
    return VALUES.get(value, value)


@register.filter
def detail_label(name: str) -> "StrOrPromise":
    """Return the words for a detail; its stored name if this version doesn't know it."""
    return LABELS.get(name, name)
