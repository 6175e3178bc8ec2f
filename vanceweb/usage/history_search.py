"""The charges that somebody looks for: a filter, a text and an order, as the address of the history page tells them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vanceweb.teams.access import Actor, filter_usage, filter_visible
from vanceweb.usage.charged_features import get_feature_title
from vanceweb.usage.figures.filters import Filters, UsageScope, read_filters
from vanceweb.usage.figures.periods import DAY, EARLIEST, LATEST, Period
from vanceweb.usage.models import Match, UsageMonth, UsageRecord
from vanceweb.usage.record_search import RecordPage, RecordSort, find_records, get_records_page
from vanceweb.vault.models import Connection

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Longer than what anybody remembers of a name, and short enough for the address of a list.
SEARCH_TEXT_LENGTH = 80
# Rows read at a time for a file: few queries, little memory, and fewer ids than a query may have parameters.
CHUNK_ROWS = 500
# The usual order needs no word in the address.
SORTS = [("" if sort == RecordSort.NEWEST else sort.value, sort.label) for sort in RecordSort]


class HistoryForm(forms.Form):
    """The part of the history to show, besides whose it is. Any field may be empty. Days are of the team's zone."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=SEARCH_TEXT_LENGTH,
        widget=forms.TextInput({"type": "search", "placeholder": _("Picture or person")}),
    )
    feature = forms.ChoiceField(label=_("Tool"), required=False)
    connection = forms.ChoiceField(label=_("Connection"), required=False)
    match = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("Every state")), *Match.choices])
    sort = forms.ChoiceField(label=_("Order"), required=False, choices=SORTS)

    def __init__(self, data: Mapping[str, Any], *, features: list[str], connections: list[tuple[str, str]]) -> None:
        super().__init__(data)
        tools = [(slug, get_feature_title(slug)) for slug in features]
        self._set_choices("feature", gettext("Every tool"), sorted(tools, key=lambda tool: tool[1]))
        self._set_choices("connection", gettext("Every connection"), connections)
        # Names that Python reserves.
        self.fields |= {"from": _build_day_field(_("From")), "to": _build_day_field(_("Until"))}
        self.order_fields(["q", "feature", "connection", "match", "from", "to", "sort"])

    def _set_choices(self, name: str, every: str, choices: list[tuple[str, str]]) -> None:
        cast("forms.ChoiceField", self.fields[name]).choices = [("", every), *choices]

    def clean(self) -> dict[str, Any]:
        """Check that the days are in order."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = cleaned.get("from"), cleaned.get("to")
        if first and last and first > last:
            raise ValidationError(gettext("The first day is after the last one."))
        return cleaned

    def list_given(self) -> list[tuple[str, str]]:
        """Return the fields that have a value."""
        return [(name, text) for name in self.fields if (text := self.data.get(name))]


@dataclass(frozen=True)
class HistorySearch:
    """Charges that the actor may see. An invalid form finds none."""

    actor: Actor
    filters: Filters
    form: HistoryForm

    @property
    def is_narrowed(self) -> bool:
        """True if the search leaves something out."""
        return self.filters.person is not None or any(name != "sort" for name, _text in self.form.list_given())

    @property
    def text(self) -> str:
        """The text that is a part of names."""
        return str(self._values.get("q", ""))

    def find_charges(self) -> QuerySet[UsageRecord]:
        """Return the charges that the filter leaves, whether or not they have the text, in no order."""
        if not self.form.is_valid():
            return UsageRecord.objects.none()
        first, last = self._values["from"], self._values["to"]
        period = _build_period(first, last) if first or last else None
        charges = find_records(self.actor, self.filters, period=period)
        return charges.filter(match=self._values["match"]) if self._values["match"] else charges

    def get_page(self, *, limit: int, **place: Any) -> RecordPage:
        """Return a page of the charges that are found. `place` is `after`, `before` or `last` of `get_records_page`."""
        sort = RecordSort(self._values.get("sort") or RecordSort.NEWEST)
        charges = self.find_charges()
        return get_records_page(self.actor, charges, limit=limit, search=self.text, sort=sort, **place)

    def iterate_charges(self) -> Iterator[UsageRecord]:
        """Yield all charges that are found, in their order, a chunk in memory at a time.

        No query is open in between, so a slow reader of the file holds nothing up. New charges move nothing.
        """
        after: str | None = ""
        while after is not None:
            page = self.get_page(limit=CHUNK_ROWS, after=after)
            yield from page.rows
            after = page.next

    def list_fields(self) -> list[tuple[str, str]]:
        """Return the search as hidden fields of a form."""
        return [*self.list_owner_fields(), *self.form.list_given()]

    def list_owner_fields(self) -> list[tuple[str, str]]:
        """Return whose charges these are as hidden fields of the form with the others."""
        return [(name, text) for name, text in self.filters.to_query().items() if name in ("scope", "person")]

    def build_query(self) -> str:
        """Return the search as the query of an address."""
        return urlencode(self.list_fields())

    @property
    def _values(self) -> dict[str, Any]:
        return self.form.cleaned_data if self.form.is_valid() else {}


def read_search(query: Mapping[str, Any], actor: Actor) -> HistorySearch:
    """Return the search that a query asks for.

    Raise Http404 for a person who isn't in the team, and PermissionDenied for one whose charges the actor may not see.
    """
    asked = query.get("scope", "")
    owners = {"scope": asked if asked in UsageScope.values else "", "person": query.get("person", "")}
    scope = UsageScope(owners["scope"] or UsageScope.TEAM)
    sums = filter_usage(UsageMonth.objects.exclude(feature=""), actor, private=scope == UsageScope.PRIVATE)
    connections = filter_visible(Connection.objects.without_token(), actor).values_list("uuid", "name", "private_to")
    form = HistoryForm(
        query,
        features=list(sums.values_list("feature", flat=True).distinct().order_by()),
        connections=[
            (str(uuid), name)
            for uuid, name, private_to in connections
            if (private_to is not None) == (scope == UsageScope.PRIVATE)
        ],
    )
    chosen = form.cleaned_data if form.is_valid() else {}
    given = {name: chosen.get(name, "") for name in ("feature", "connection")}
    return HistorySearch(actor, read_filters(owners | given, actor, find_records(actor, Filters(scope))), form)


def _build_period(first: date | None, last: date | None) -> Period:
    return Period(max(first or EARLIEST, EARLIEST), min(last or LATEST, LATEST) + DAY)


def _build_day_field(label: "StrOrPromise") -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


def get_picture_name(row: UsageRecord) -> str:
    """Return the name of the picture that a row with its `shown_job` is about.

    Empty for a job that is deleted or private to somebody else: the service's own text might tell its picture's name.
    """
    if row.shown_job is not None:
        return str(row.shown_job.source_name)
    return "" if row.job_uuid else row.info
