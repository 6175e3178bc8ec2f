"""The form fields that every feature has: the picture and the connection."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vanceweb.budgets.spent_credits import find_available_credits
from vanceweb.gallery.models import Asset
from vanceweb.gallery.samples import SAMPLES
from vanceweb.interface.templatetags.formats import credit_count
from vanceweb.jobs.shortages import WhenShort
from vanceweb.lib.foreign_formats import FOREIGN_FORMATS
from vanceweb.teams.access import Actor, add_may_spend, filter_visible
from vanceweb.vault.models import Connection
from vanceweb.vault.queries import choose_default

# Browsers know no type for HEIC on some systems, nor for files of several JPGs (.mpo): then the ending counts.
ACCEPTED_TYPES = ",".join(
    [
        "image/jpeg",
        "image/png",
        ".mpo",
        *(ending for format in FOREIGN_FORMATS.values() for ending in format.endings),
    ]
)


class ConversionForm(forms.Form):
    """A picture in another format than the API takes."""

    picture = forms.FileField(
        error_messages={"empty": _("The file is empty."), "required": _("Choose a picture first.")}
    )


class SubmissionForm(forms.Form):
    """A picture and a connection. A new file takes precedence over a picture on the site, and that over a sample."""

    picture = forms.FileField(
        required=False,
        widget=forms.FileInput(attrs={"id": "picture-input", "accept": ACCEPTED_TYPES, "data-shortcut": "o"}),
        error_messages={"empty": _("The file is empty.")},
    )
    source = forms.ModelChoiceField(
        queryset=Asset.objects.none(), to_field_name="uuid", required=False, widget=forms.HiddenInput
    )
    sample = forms.ChoiceField(
        choices=[(sample.slug, sample.title) for sample in SAMPLES], required=False, widget=forms.RadioSelect
    )
    connection = forms.ModelChoiceField(
        queryset=Connection.objects.none(),
        to_field_name="uuid",
        empty_label=None,
        label=_("Runs on"),
        error_messages={"required": _("Choose a connection that works.")},
    )

    when_short = forms.ChoiceField(
        choices=WhenShort.choices,
        required=False,
        widget=forms.RadioSelect,
        label=_("This costs more than is left"),
    )

    # The picture that the submitted file was converted to: the page shows it, and is submitted with it.
    converted: Asset | None = None

    def __init__(self, *args: Any, actor: Actor, credits: Decimal = Decimal(0), **kwargs: Any) -> None:
        """`credits` is the cost of the job."""
        super().__init__(*args, **kwargs)
        self.credits = credits
        self._asset_field.queryset = filter_visible(Asset.objects.filter(blob__problem=""), actor)
        self._connection_field.queryset = filter_visible(Connection.objects.without_token(), actor)
        # All that the person sees, with their state; those that they may not spend on can't be chosen.
        self.connections = list(add_may_spend(Connection.objects.without_token(), actor))
        self.broken_connections = [row for row in self.spendable_connections if row.is_broken]

    @cached_property
    def available(self) -> Mapping[int, Decimal | None]:
        """The credits that are left on each connection for new jobs, by their ids. One query."""
        return find_available_credits(self.connections)

    @property
    def spendable_connections(self) -> list[Connection]:
        """The connections that the person may spend on."""
        return [row for row in self.connections if row.may_spend]

    @property
    def chosen_connection(self) -> Connection | None:
        """The connection that the page shows as chosen: the given one if it can be chosen, else the best one."""
        given = str(self["connection"].value())
        chosen = [row for row in self.spendable_connections if str(row.uuid) == given and not row.is_broken]
        return chosen[0] if chosen else choose_default(self.spendable_connections)

    @property
    def chosen_source(self) -> Asset | None:
        """The site's picture that the page starts with or was submitted with. None if it belongs to someone else."""
        if self.converted is not None:
            return self.converted
        try:
            asset = self._asset_field.clean(self["source"].value())
        except forms.ValidationError:
            return None
        return cast(Asset | None, asset)

    def is_short(self, connection: Connection | None) -> bool:
        """Return whether the job costs more than the connection has left, as far as that is known."""
        left = None if connection is None else self.available.get(connection.pk)
        return left is not None and left < self.credits

    @property
    def short_choices(self) -> list[tuple[str, str, bool]]:
        """The choices for a job that costs too much: value, label, and whether it is chosen.

        Other connections are offered only where there is one.
        """
        others = [row for row in self.spendable_connections if not (row.is_broken or row.is_private)]
        bundled = [row for row in others if row.is_bundled]
        is_offered = {
            WhenShort.OTHER_CONNECTION: len(others) - len(bundled) > 1 or (len(others) > len(bundled) and bundled),
            WhenShort.BUNDLED_ENGINE: bundled and len(self.spendable_connections) > len(bundled),
        }
        given = self["when_short"].value()
        offered = [choice for choice in WhenShort if is_offered.get(choice, True)]
        return [(choice.value, str(choice.label), choice.value == given) for choice in offered]

    def clean_connection(self) -> Connection:
        connection: Connection = self.cleaned_data["connection"]
        if connection not in self.spendable_connections:
            raise forms.ValidationError(connection.no_spending_sentence)
        if connection.is_broken:
            raise forms.ValidationError(connection.broken_sentence)
        return connection

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "picture" not in self.errors and not any(cleaned.get(name) for name in ("picture", "source", "sample")):
            self.add_error("picture", _("Choose a picture first: drop one here, choose a file or try a sample."))
        connection = cleaned.get("connection")
        if connection and self.is_short(connection) and not (cleaned.get("when_short") or self.errors):
            self.add_error("when_short", self._describe_shortage(connection))
        return cleaned

    def _describe_shortage(self, connection: Connection) -> str:
        text = gettext("This costs %(cost)s, and %(name)s has %(left)s left for new jobs. Choose what should happen.")
        left = max(Decimal(0), self.available[connection.pk] or Decimal(0))
        return text % {"cost": credit_count(self.credits), "name": connection.name, "left": credit_count(left)}

    @property
    def _asset_field(self) -> "forms.ModelChoiceField[Asset]":
        return cast("forms.ModelChoiceField[Asset]", self.fields["source"])

    @property
    def _connection_field(self) -> "forms.ModelChoiceField[Connection]":
        return cast("forms.ModelChoiceField[Connection]", self.fields["connection"])
