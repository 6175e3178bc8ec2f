"""The details of an audit event in words."""

from typing import TYPE_CHECKING

from django import template
from django.utils.translation import gettext_lazy as _

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
    "scopes": _("rights"),
    "state": _("state"),
    "format": _("format"),
    "method": _("method"),
}


@register.filter
def detail_label(name: str) -> "StrOrPromise":
    """Return the words for a detail; its stored name if this version doesn't know it."""
    return LABELS.get(name, name)
