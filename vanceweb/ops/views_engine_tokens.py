"""The page of the bundled engine's tokens, for administrators of the installation."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vanceweb.engine.models import Account
from vanceweb.ops.engine_tokens import (
    TokenInUse,
    check_unused,
    create_engine_token,
    grant_engine_credits,
    rename_engine_token,
    revoke_engine_token,
)
from vanceweb.ops.forms import EngineTokenChangeForm, EngineTokenForm
from vanceweb.teams.access import administrator_required
from vanceweb.teams.audit import get_performer

METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(METHODS)
@administrator_required
def engine_tokens(request: HttpRequest) -> HttpResponse:
    """Show all tokens and the form for a new one, which the answer shows once."""
    form = EngineTokenForm(request.POST or None)
    if request.method != "POST":
        return _render_list(request, {"form": form})
    if not form.is_valid():
        return _render_list(request, {"form": form}, status=422)
    token = create_engine_token(by=get_performer(request), **form.cleaned_data)
    return _render_list(request, {"form": EngineTokenForm(), "token": token, "name": form.cleaned_data["name"]})


@require_http_methods(METHODS)
@administrator_required
def engine_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a token's account, rename it and grant it credits."""
    account = get_object_or_404(Account, pk=pk)
    form = EngineTokenChangeForm(request.POST if request.method == "POST" else None, initial={"name": account.name})
    if form.is_valid():
        performer, credits = get_performer(request), form.cleaned_data["credits"]
        rename_engine_token(by=performer, account=account, name=form.cleaned_data["name"])
        if credits:
            grant_engine_credits(by=performer, account=account, credits=credits)
        messages.success(request, _("%(name)s is changed.") % {"name": form.cleaned_data["name"]})
        return redirect("engine-tokens")
    context = {"account": account, "form": form}
    return render(request, "ops/engine_token.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(METHODS)
@administrator_required
def engine_token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether to revoke a token, then do it."""
    account = get_object_or_404(Account, pk=pk)
    is_post = request.method == "POST"
    try:
        if is_post:
            revoke_engine_token(by=get_performer(request), account=account)
        else:
            check_unused(account)
    except TokenInUse as in_use:
        context = {"account": account, "in_use": in_use}
        return render(request, "ops/engine_token_revoke.html", context, status=422 if is_post else 200)
    if not is_post:
        return render(request, "ops/engine_token_revoke.html", {"account": account})
    messages.success(request, _("The token of %(name)s is revoked.") % {"name": account.name})
    return redirect("engine-tokens")


def _render_list(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    accounts = Account.objects.order_by("revoked_at", "-created_at", "-pk")
    return render(request, "ops/engine_tokens.html", {"accounts": accounts, **context}, status=status)
