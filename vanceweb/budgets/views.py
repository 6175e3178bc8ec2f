"""The team's budgets."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from vanceweb.budgets.forms import BudgetChangeForm, BudgetForm
from vanceweb.budgets.models import Budget
from vanceweb.budgets.queries import list_budgets
from vanceweb.budgets.services import change_budget, create_budget, delete_budget
from vanceweb.teams.access import Action, Actor, require, team_page


@require_safe
@team_page
def budgets(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the budgets that concern the person, with what is used, reserved and left."""
    return render(request, "budgets/list.html", {"rows": list_budgets(actor)})


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def budget_add(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Set a new budget."""
    require(actor, Action.MANAGE_BUDGETS)
    form = BudgetForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        try:
            create_budget(actor=actor, values=form.build_values())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The budget is set."))
            return redirect("budgets", team=actor.team.slug)
    return render(request, "budgets/add.html", {"form": form}, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def budget_edit(request: HttpRequest, actor: Actor, uuid: UUID) -> HttpResponse:
    """Change the credits of a budget."""
    budget = _get_budget(actor, uuid)
    form = BudgetChangeForm(request.POST or None, initial={"credits": f"{budget.credits.normalize():f}"})
    if request.method == "POST" and form.is_valid():
        change_budget(actor=actor, budget=budget, credits=form.cleaned_data["credits"])
        messages.success(request, _("The budget is changed. Held jobs that it has room for go on by themselves."))
        return redirect("budgets", team=actor.team.slug)
    context = {"form": form, "budget": budget}
    return render(request, "budgets/edit.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def budget_delete(request: HttpRequest, actor: Actor, uuid: UUID) -> HttpResponse:
    """Ask, then delete a budget."""
    budget = _get_budget(actor, uuid)
    if request.method != "POST":
        return render(request, "budgets/delete.html", {"budget": budget})
    delete_budget(actor=actor, budget=budget)
    messages.success(request, _("The budget is deleted."))
    return redirect("budgets", team=actor.team.slug)


def _get_budget(actor: Actor, uuid: UUID) -> Budget:
    """Return a budget of the actor's team. Raise PermissionDenied for whoever may not manage budgets, and Http404."""
    require(actor, Action.MANAGE_BUDGETS)
    return get_object_or_404(Budget.objects.fetch_subjects().filter_in_force(), team=actor.team, uuid=uuid)
