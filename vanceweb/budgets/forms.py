"""The forms for budgets and for the price of a credit."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from vanceweb.budgets.models import CURRENCY_LENGTH, PRICE_DECIMALS, PRICE_DIGITS, Budget
from vanceweb.budgets.services import BudgetValues
from vanceweb.teams.access import Action, Actor, filter_visible, list_allowed_people
from vanceweb.vault.models import CREDIT_DECIMALS, CREDIT_DIGITS, Connection

LEAST = Decimal("0.001")


def _build_credits_field() -> forms.DecimalField:
    return forms.DecimalField(
        label=_("Credits"),
        max_digits=CREDIT_DIGITS,
        decimal_places=CREDIT_DECIMALS,
        min_value=LEAST,
        widget=forms.NumberInput(attrs={"step": "any", "min": "0"}),
        help_text=_("At 80 % there is a warning. Jobs that would exceed the budget are held."),
    )


class BudgetChangeForm(forms.Form):
    """Another number of credits for a budget."""

    credits = _build_credits_field()


class BudgetForm(forms.Form):
    """A new budget."""

    subject = forms.ChoiceField(label=_("Of"))
    period = forms.ChoiceField(
        label=_("Period"),
        choices=Budget.Period.choices,
        help_text=_("A month begins at midnight in the team's time zone. A budget in all counts from now on."),
    )
    credits = _build_credits_field()

    def __init__(self, *args: Any, actor: Actor, **options: Any) -> None:
        super().__init__(*args, **options)
        people = list_allowed_people(actor.team, Action.SPEND)
        shared = filter_visible(Connection.objects.without_token(), actor).filter(private_to=None)
        self.people = {f"person-{person.pk}": person for person in people}
        self.connections = {f"connection-{row.uuid}": row for row in shared}
        self.fields["subject"].choices = [  # type: ignore[attr-defined]
            ("team", _("The whole team")),
            (_("Connections"), [(key, row.name) for key, row in self.connections.items()]),
            (_("People"), [(key, person.get_username()) for key, person in self.people.items()]),
        ]

    def build_values(self) -> BudgetValues:
        """Return the values of a valid form."""
        subject = self.cleaned_data["subject"]
        return BudgetValues(
            credits=self.cleaned_data["credits"],
            period=self.cleaned_data["period"],
            person=self.people.get(subject),
            connection=self.connections.get(subject),
        )


class PriceForm(forms.Form):
    """The price of a credit from a day on."""

    price = forms.DecimalField(
        label=_("Price of a credit"),
        max_digits=PRICE_DIGITS,
        decimal_places=PRICE_DECIMALS,
        min_value=0,
        widget=forms.NumberInput(attrs={"step": "any", "min": "0"}),
    )
    currency = forms.CharField(
        label=_("Currency"),
        min_length=CURRENCY_LENGTH,
        max_length=CURRENCY_LENGTH,
        help_text=_("Three letters, such as EUR."),
    )
    valid_from = forms.DateField(
        label=_("Valid from"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Charges of that day and later ones have this price, until the next one."),
    )
