"""The price of a credit, with its history."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from vanceweb.budgets.forms import PriceForm
from vanceweb.budgets.models import CreditPrice
from vanceweb.budgets.prices import delete_price, find_local_day, find_price, list_prices, set_price
from vanceweb.teams.access import Action, Actor, require, team_page


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def prices(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the prices and the form for another one."""
    require(actor, Action.MANAGE_BUDGETS)
    today = find_local_day(timezone.now(), actor.team.time_zone)
    rows = list_prices(actor.team)
    current = find_price(rows, today)
    initial = {"valid_from": today.isoformat(), "currency": current.currency if current else ""}
    form = PriceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            set_price(actor=actor, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The price is set."))
            return redirect("credit-prices", team=actor.team.slug)
    context = {"form": form, "rows": rows, "current": current}
    return render(request, "budgets/prices.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@team_page
def price_delete(request: HttpRequest, actor: Actor, price: int) -> HttpResponse:
    """Delete a price that was entered by mistake."""
    require(actor, Action.MANAGE_BUDGETS)
    delete_price(actor=actor, row=get_object_or_404(CreditPrice, team=actor.team, pk=price))
    messages.success(request, _("The price is deleted."))
    return redirect("credit-prices", team=actor.team.slug)
