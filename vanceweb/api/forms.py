"""The forms for tokens and webhooks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from vanceweb.api.models import URL_LENGTH, WEBHOOK_NAME_LENGTH, WebhookEvent
from vanceweb.api.webhook_services import WebhookValues
from vanceweb.teams.models import TOKEN_NAME_LENGTH, Scope, Team, User

# Days until a token expires. A year is the most: whoever forgets a token should be safe one day.
LIFETIMES = (7, 30, 90, 365)
USUAL_LIFETIME = 90


def build_lifetimes() -> list[tuple[int, str]]:
    """Return the choices of the days until a token expires."""
    return [(days, ngettext("%(days)d day", "%(days)d days", days) % {"days": days}) for days in LIFETIMES]


class TokenForm(forms.Form):
    """A new token of the person, for one of their teams."""

    name = forms.CharField(
        label=_("Name"),
        max_length=TOKEN_NAME_LENGTH,
        help_text=_("For example the script or the machine that uses it."),
    )
    team = forms.ModelChoiceField(
        queryset=Team.objects.none(),
        to_field_name="slug",
        empty_label=None,
        label=_("Team"),
        help_text=_("The token works in this team only, with your role there."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("The token may"),
        choices=Scope.choices,
        initial=[Scope.READ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    days = forms.TypedChoiceField(
        label=_("Expires after"),
        choices=build_lifetimes,
        coerce=int,
        initial=USUAL_LIFETIME,
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["team"].queryset = user.teams.all()  # type: ignore[attr-defined]


class WebhookForm(forms.Form):
    """A webhook of the team."""

    name = forms.CharField(
        label=_("Name"), max_length=WEBHOOK_NAME_LENGTH, help_text=_("For example the program that listens there.")
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=URL_LENGTH,
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
        help_text=_("The site posts a JSON document to it."),
    )
    events = forms.MultipleChoiceField(
        label=_("Tell it when"),
        choices=WebhookEvent.choices,
        initial=list(WebhookEvent.values),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    is_active = forms.BooleanField(label=_("Switched on"), required=False, initial=True)

    def build_values(self) -> WebhookValues:
        """Return the values of a valid form."""
        return WebhookValues(**self.cleaned_data)
