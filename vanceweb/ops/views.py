"""The set-up of the first account, the models of the bundled engine, and the style guide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.ops import setup_link
from vanceweb.ops.bundled_models import BackendsNotListed, list_backends
from vanceweb.ops.forms import SetUpForm
from vanceweb.ops.services import set_up_installation
from vanceweb.ops.style_guide import SAMPLES, build_themes, list_tokens
from vanceweb.teams.access import administrator_required
from vanceweb.teams.models import User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@login_not_required
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, secret: str) -> HttpResponse:
    """Create the first account and its team through the one-time link and sign in. Return 404 for any other link."""
    if not setup_link.is_valid(secret):
        raise Http404(_("This link is not valid."))
    form = SetUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = _set_up(form)
        except ValidationError as error:
            form.add_service_errors(error)
        else:
            login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
            return redirect("home")
    return render(request, "ops/setup.html", {"form": form}, status=422 if request.method == "POST" else 200)


@transaction.atomic
def _set_up(form: SetUpForm) -> User:
    """Raise ValidationError for invalid input and Http404 if another request was faster; then create nothing."""
    person = set_up_installation(
        username=form.cleaned_data["username"],
        password=form.cleaned_data["password1"],
        team_name=form.cleaned_data["team_name"],
        email=form.cleaned_data["email"],
    )
    if not setup_link.close():
        raise Http404(_("This link has just been used."))
    return person


@require_safe
@administrator_required
def models(request: HttpRequest) -> HttpResponse:
    """Show each task of the bundled engine with the backends that do it or could."""
    try:
        slots = _build_slots(list_backends())
    except BackendsNotListed:
        return render(request, "ops/models.html", {"slots": None, "directory": settings.MODELS_DIR}, status=503)
    return render(request, "ops/models.html", {"slots": slots, "directory": settings.MODELS_DIR})


@dataclass(frozen=True)
class Slot:
    """A task of the engine and its backends, the preferred one first."""

    features: "Sequence[StrOrPromise]"
    name: str
    backends: Sequence[Mapping[str, Any]]


def _build_slots(backends: Sequence[Mapping[str, Any]]) -> list[Slot]:
    slots = []
    for name, group in groupby(backends, key=itemgetter("slot")):
        rows = list(group)
        slots.append(Slot([get_feature_by_module(module).title for module in rows[0]["modules"]], name, rows))
    return slots


@require_safe
@administrator_required
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show each component of the design system in both themes, with the template that makes it."""
    context = {"samples": SAMPLES, "themes": build_themes(), "tokens": list_tokens()}
    return render(request, "ops/styleguide.html", context)
