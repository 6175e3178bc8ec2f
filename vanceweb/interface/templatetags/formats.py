"""Filters for every page: sizes, durations, credits and times as people read them."""

import math
from datetime import datetime, timedelta
from decimal import Decimal

from django import template
from django.template.defaultfilters import date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()

KILOBYTE = 1024
MINUTE, HOUR = 60, 3600


@register.filter
def filesize(count: int | None) -> str:
    """Format a size in bytes, in the units of the API's limits: 10485760 → "10.0 MB"."""
    if count is None:
        return "–"
    if count < KILOBYTE:
        return _("%(size)d B") % {"size": count}
    if count < KILOBYTE**2:
        return _("%(size).0f kB") % {"size": count / KILOBYTE}
    if count < KILOBYTE**3:
        return _("%(size).1f MB") % {"size": count / KILOBYTE**2}
    return _("%(size).1f GB") % {"size": count / KILOBYTE**3}


@register.filter
def duration(length: timedelta | float | None) -> str:
    """Format a duration in its two largest units: "under 1 s", "8 s", "2 min 5 s", "1 h 4 min"."""
    if length is None:
        return "–"
    exact = length.total_seconds() if isinstance(length, timedelta) else length
    if not math.isfinite(exact):
        return "–"
    if exact < 1:
        return _("under 1 s")
    seconds = round(exact)
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
    if isinstance(amount, float | Decimal) and not math.isfinite(amount):
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
    return math.ceil(amount) if math.isfinite(amount) else 0


@register.filter(expects_localtime=True)
def local_time(moment: datetime) -> SafeString:
    """Format a time in UTC. A script shows it in the reader's time zone and format."""
    shown = date(moment, "j M Y, H:i")
    return format_html('<time datetime="{}" data-local>{} UTC</time>', moment.isoformat(), shown)


@register.filter(expects_localtime=True)
def local_date(moment: datetime) -> SafeString:
    """Format the day of a time in UTC. A script shows that of the reader's time zone."""
    return format_html('<time datetime="{}" data-local="date">{}</time>', moment.isoformat(), date(moment, "j M Y"))
