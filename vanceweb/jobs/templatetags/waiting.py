"""The words for a job that waits."""

from django import template
from django.contrib.humanize.templatetags.humanize import ordinal
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vanceweb.jobs.forecast import Place

register = template.Library()

SOON_SECONDS = 10
MINUTE = 60
HOUR = 3600


@register.filter
def describe_place(place: Place) -> str:
    """Return the place as in "3rd in line, about 2 min"."""
    wait = describe_wait(place.seconds)
    if place.position == 1:
        return _("Next in line, %(wait)s") % {"wait": wait}
    return _("%(position)s in line, %(wait)s") % {"position": ordinal(place.position), "wait": wait}


def describe_wait(seconds: float) -> str:
    """Return the time until a job starts as roughly as it is known: in tens of seconds, minutes or hours."""
    if seconds < SOON_SECONDS:
        return _("starts soon")
    if seconds < MINUTE:
        return _("about %(seconds)d s") % {"seconds": min(round(seconds, -1), MINUTE - SOON_SECONDS)}
    if seconds < HOUR:
        return _("about %(minutes)d min") % {"minutes": min(round(seconds / MINUTE), HOUR // MINUTE - 1)}
    hours = round(seconds / HOUR)
    return ngettext("about %(hours)d hour", "about %(hours)d hours", hours) % {"hours": hours}
