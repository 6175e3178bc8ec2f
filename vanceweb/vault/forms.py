"""Forms for connections. The services validate the values again, and against stored rows."""

from typing import cast

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from vanceweb.teams.models import Team, User
from vanceweb.vault.keeping import find_possible_keepers, find_possible_spenders
from vanceweb.vault.models import SPENDERS, Connection

NAME_LENGTH = 80
URL_LENGTH = 300
TOKEN_LENGTH = 500


def _build_name_field() -> forms.CharField:
    return forms.CharField(
        label=_("Name"), max_length=NAME_LENGTH, help_text=_("Its name on this site, for example the name of the plan.")
    )


def _build_token_field() -> forms.CharField:
    return forms.CharField(
        label=_("API token"),
        max_length=TOKEN_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Stored encrypted, and never shown again."),
    )


class ConnectionForm(forms.Form):
    """A new connection."""

    name = _build_name_field()
    token = _build_token_field()
    base_url = forms.CharField(
        label=_("Address"),
        max_length=URL_LENGTH,
        required=False,
        widget=forms.URLInput(attrs={"placeholder": settings.HOSTED_BASE_URL}),
        help_text=_("Leave it empty for the hosted service."),
    )


class ConnectionNameForm(forms.Form):
    """A new name for a connection."""

    name = _build_name_field()


class ConnectionTokenForm(forms.Form):
    """A new token for the same service."""

    token = _build_token_field()


class SpendersForm(forms.Form):
    """Who may spend on a connection: everybody from a role up, or the people named."""

    NAMED = "named"

    spend_role = forms.ChoiceField(
        label=_("Who may spend"),
        choices=[*SPENDERS.items(), (NAMED, _("Only the people chosen below"))],
        help_text=_("Its keeper always may. Viewers never spend."),
    )
    people = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        label=_("People"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose members of the team who may spend.")},
    )

    def __init__(self, given: QueryDict | None = None, *, connection: Connection, team: Team) -> None:
        initial = {
            "spend_role": connection.spend_role or self.NAMED,
            "people": [person.pk for person in connection.spenders.all()],
        }
        super().__init__(given, initial=initial)
        cast("forms.ModelMultipleChoiceField[User]", self.fields["people"]).queryset = find_possible_spenders(team)

    def clean_spend_role(self) -> str:
        """Return the weakest role that may spend, "" for people named."""
        role = str(self.cleaned_data["spend_role"])
        return "" if role == self.NAMED else role


class KeeperForm(forms.Form):
    """A new keeper of a connection."""

    keeper = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label=_("New keeper"),
        empty_label=_("Choose a member"),
        error_messages={"invalid_choice": _("Choose a member of the team who can add connections.")},
    )

    def __init__(self, given: QueryDict | None = None, *, connection: Connection, team: Team) -> None:
        super().__init__(given)
        others = find_possible_keepers(team).exclude(pk=connection.keeper_id or 0)
        cast("forms.ModelChoiceField[User]", self.fields["keeper"]).queryset = others
