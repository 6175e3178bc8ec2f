"""Forms for the time zones of connections and teams. The services validate the values again."""

from django import forms
from django.utils.translation import gettext_lazy as _

from vanceweb.usage.service_times import list_zones
from vanceweb.usage.services import LAST_BILLING_DAY


def _list_zones() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(list_zones())]


class HistoryFactsForm(forms.Form):
    """The facts that a service's history doesn't say."""

    time_zone = forms.ChoiceField(
        label=_("Time zone of the service"),
        choices=_list_zones,
        help_text=_("The service tells the times of its charges without a zone."),
        error_messages={"invalid_choice": _("Choose a time zone from the list.")},
    )
    billing_day = forms.IntegerField(
        label=_("Billing day"),
        required=False,
        min_value=1,
        max_value=LAST_BILLING_DAY,
        help_text=_(
            "The day of the month on which the service grants credits anew. Leave it empty if you don't know it."
        ),
    )


class TeamZoneForm(forms.Form):
    """The zone in which a team's days begin."""

    time_zone = forms.ChoiceField(
        label=_("Time zone of the team"),
        choices=_list_zones,
        error_messages={"invalid_choice": _("Choose a time zone from the list.")},
    )
