"""The form that filters the audit log, and the events it leaves."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vanceweb.teams.models import AuditAction
from vanceweb.teams.models.audit import AuditEventQuerySet

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# The groups of actions, in the order of AuditAction.
GROUPS: "dict[str, StrOrPromise]" = {
    "account": _("Accounts and sign-in"),
    "person": _("People"),
    "team": _("Teams"),
    "member": _("Members and invitations"),
    "connection": _("Connections"),
    "work": _("Jobs and pictures"),
    "link": _("Share links"),
    "api": _("Tokens and webhooks"),
    "trust": _("Exports, budgets and keys"),
}
# As long as the longest stored name.
TEXT_LENGTH = 200


def build_choices() -> "Iterator[tuple[StrOrPromise, Any]]":
    """Yield the choices of the action filter: everything, then each group as a whole with its actions."""
    yield "", _("Everything")
    for group, actions in groupby(AuditAction, key=lambda action: action.group):
        title = GROUPS[group]
        whole = (group, _("All: %(group)s") % {"group": title})
        yield title, [whole, *((action.value, action.label) for action in actions)]


def _build_date_field(label: "StrOrPromise") -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


class AuditFilterForm(forms.Form):
    """A filter of the audit log. Every field may be empty."""

    what = forms.ChoiceField(label=_("Action"), required=False, choices=build_choices)
    person = forms.CharField(label=_("Person"), required=False, max_length=TEXT_LENGTH)
    target = forms.CharField(label=_("On what"), required=False, max_length=TEXT_LENGTH)
    since = _build_date_field(_("From"))
    until = _build_date_field(_("Until"))

    def clean(self) -> dict[str, Any]:
        """Check that the dates are in order."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            raise ValidationError(gettext("The first day is after the last one."))
        return cleaned

    def filter_events(self, events: AuditEventQuerySet) -> AuditEventQuerySet:
        """Return the events that the form leaves; none if it isn't valid. Days are those of UTC."""
        if not self.is_valid():
            return events.none()
        values = self.cleaned_data
        if what := values["what"]:
            events = events.filter(action=what) if "." in what else events.filter(action__startswith=f"{what}.")
        if person := values["person"]:
            events = events.filter(person_name__icontains=person)
        if target := values["target"]:
            events = events.filter(Q(target_name__icontains=target) | Q(target_id=target))
        if values["since"]:
            events = events.filter(created_at__gte=_to_moment(values["since"], time.min))
        if values["until"]:
            events = events.filter(created_at__lte=_to_moment(values["until"], time.max))
        return events

    def list_given(self) -> list[tuple[str, str]]:
        """Return the fields with a value, as hidden inputs of another form."""
        return [(name, self.data[name]) for name in self.fields if self.data.get(name)]


class InstallationAuditFilterForm(AuditFilterForm):
    """A filter of the events of all teams."""

    team = forms.CharField(label=_("Team"), required=False, max_length=TEXT_LENGTH)
    field_order = ("what", "team", "person")

    def filter_events(self, events: AuditEventQuerySet) -> AuditEventQuerySet:
        """Return the events that the form leaves."""
        events = super().filter_events(events)
        team = self.cleaned_data.get("team")
        return events.filter(team_name__icontains=team) if team else events


def _to_moment(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, UTC)
