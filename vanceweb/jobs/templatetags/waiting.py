"""The words for the state of a job, and for how long it waits."""

from django import template
from django.contrib.humanize.templatetags.humanize import ordinal
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vanceweb.jobs.forecast import Place
from vanceweb.jobs.models import Job

register = template.Library()

SOON_SECONDS = 10
MINUTE = 60
HOUR = 3600


@register.filter
def describe_state(job: Job) -> str:
    """Return the state in a few words: "Done", "Processing 42 %", or the place of a job that waits."""
    if job.place is not None:
        return describe_place(job.place)
    if job.is_active and job.shown_percent is not None:
        return _("%(phase)s %(percent).0f %%") % {"phase": job.phase_title, "percent": job.shown_percent}
    return job.phase_title


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
