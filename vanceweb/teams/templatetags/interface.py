"""Tags and filters for every page: icons, sizes, durations, credits, the current page's mark, form fields."""

import math
from datetime import timedelta
from decimal import Decimal
from functools import cache

from django import template
from django.conf import settings
from django.forms import BoundField, Select
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vanceweb.teams.access import Actor
from vanceweb.teams.models import TeamOwned

register = template.Library()

KILOBYTE = 1024
MINUTE, HOUR = 60, 3600


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Return a bootstrap-icons icon, inlined so that it takes the text's colour. Screen readers read the `label`."""
    if label:
        return format_html('<span class="vw-icon" role="img" aria-label="{}">{}</span>', label, _read_svg(name))
    return format_html('<span class="vw-icon" aria-hidden="true">{}</span>', _read_svg(name))


@cache
def _read_svg(name: str) -> SafeString:
    """Return the file's text, or "" before `npm ci` has run (a system check reports it).

    Raise FileNotFoundError for an unknown name.
    """
    if not settings.ICONS_DIR.is_dir():
        return mark_safe("")
    svg = (settings.ICONS_DIR / f"{name}.svg").read_text(encoding="utf-8")
    return mark_safe(svg.strip())  # noqa: S308  # a file of the locked package, not user input


@register.filter
def filesize(count: int | None) -> str:
    """Format a size in bytes, in the units of the API's limits: 10485760 → "10.0 MB"."""
    if count is None:
        return "–"
    if count < KILOBYTE:
        return _("%(size)d B") % {"size": count}
    if count < KILOBYTE**2:
        return _("%(size).0f kB") % {"size": count / KILOBYTE}
    return _("%(size).1f MB") % {"size": count / KILOBYTE**2}


@register.filter
def duration(length: timedelta | float | None) -> str:
    """Format a duration in its two largest units: "8 s", "2 min 5 s", "1 h 4 min"."""
    if length is None:
        return "–"
    seconds = round(length.total_seconds() if isinstance(length, timedelta) else length)
    if seconds < MINUTE:
        return _("%(seconds)d s") % {"seconds": seconds}
    if seconds < HOUR:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": seconds // MINUTE, "seconds": seconds % MINUTE}
    return _("%(hours)d h %(minutes)d min") % {"hours": seconds // HOUR, "minutes": seconds % HOUR // MINUTE}


@register.filter
def credits(amount: object) -> str:
    """Format credits without trailing zeros: 1.000 → "1", 392.2 → "392.2"; "–" if unknown."""
    if amount is None or amount == "":
        return "–"
    text = f"{amount:,.3f}" if not isinstance(amount, str) else amount
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def credit_count(amount: Decimal) -> str:
    """Return an amount with its unit: "1 credit", "392.2 credits"."""
    unit = ngettext("%(amount)s credit", "%(amount)s credits", plural_number(amount))
    return unit % {"amount": credits(amount)}


@register.filter
def plural_number(amount: Decimal) -> int:
    """Return the number that `ngettext` and `{% blocktranslate count %}` want, which are made for integers: 1.5 → 2."""
    return math.ceil(amount)


@register.filter
def is_withdrawable_by(row: TeamOwned, actor: Actor | None) -> bool:
    """Return whether the actor may take the row back."""
    return bool(actor and actor.can_withdraw(row))


@register.filter
def is_made_by(row: TeamOwned, actor: Actor | None) -> bool:
    """Return whether the actor made the row."""
    return bool(actor and actor.has_made(row))


@register.filter
def is_editable_by(row: TeamOwned, actor: Actor | None) -> bool:
    """Return whether the page's actor may change the row."""
    return bool(actor and actor.can_edit(row))


@register.simple_tag(takes_context=True)
def current(context: template.Context, *names: str) -> SafeString:
    """Return `aria-current="page"` if the current page is one of the named URLs."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    return mark_safe(' aria-current="page"') if match is not None and match.url_name in names else mark_safe("")


@register.filter
def is_visible_to(row: TeamOwned, actor: Actor | None) -> bool:
    """Return whether the actor may see the row."""
    return bool(actor and actor.can_see(row))


@register.inclusion_tag("field.html")
def field(bound: BoundField) -> dict[str, object]:
    """Render a form field with label, help and errors, marked up for screen readers (Django sets aria-describedby)."""
    css_class = "form-select" if isinstance(bound.field.widget, Select) else "form-control"
    classes = f"{css_class} is-invalid" if bound.errors else css_class
    return {"field": bound, "widget": bound.as_widget(attrs={"class": classes})}
