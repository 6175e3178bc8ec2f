"""The form fields that every feature has: the picture and the connection."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from vanceweb.gallery.models import Asset
from vanceweb.gallery.samples import SAMPLES
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

    # The picture that the submitted file was converted to: the page shows it, and is submitted with it.
    converted: Asset | None = None

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asset_field.queryset = filter_visible(Asset.objects.filter(blob__problem=""), actor)
        self._connection_field.queryset = filter_visible(Connection.objects.without_token(), actor)
        # All that the person sees, with their state; those that they may not spend on can't be chosen.
        self.connections = list(add_may_spend(Connection.objects.without_token(), actor))
        self.broken_connections = [row for row in self.spendable_connections if row.is_broken]

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
        return cleaned

    @property
    def _asset_field(self) -> "forms.ModelChoiceField[Asset]":
        return cast("forms.ModelChoiceField[Asset]", self.fields["source"])

    @property
    def _connection_field(self) -> "forms.ModelChoiceField[Connection]":
        return cast("forms.ModelChoiceField[Connection]", self.fields["connection"])
