"""The owner's pages: the set-up of the first account, people, and the models of the bundled engine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from vanceweb.ops import setup_link
from vanceweb.ops.forms import PersonForm
from vanceweb.ops.services import create_person
from vanceweb.teams.access import owner_required
from vanceweb.teams.models import User


@login_not_required
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def setup(request: HttpRequest, secret: str) -> HttpResponse:
    """Create the owner's account through the one-time link and log them in. Return 404 for any other link."""
    if not setup_link.is_valid(secret):
        raise Http404(_("This link is not valid."))
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            owner = _create_owner(form)
        except ValidationError as error:
            form.add_service_errors(error)
        else:
            login(request, owner, backend="django.contrib.auth.backends.ModelBackend")
            return redirect("studio")
    return render(request, "ops/setup.html", {"form": form}, status=422 if request.method == "POST" else 200)


@transaction.atomic
def _create_owner(form: PersonForm) -> User:
    """Raise ValidationError for invalid input and Http404 if another request was faster; then create nothing."""
    person = create_person(
        username=form.cleaned_data["username"], password=form.cleaned_data["password1"], is_owner=True
    )
    if not setup_link.close():
        raise Http404(_("This link has just been used."))
    return person


@require_safe
@owner_required
def people(request: HttpRequest) -> HttpResponse:
    """Show all people and the form that adds one."""
    return _render_people(request, PersonForm())


@require_safe
@owner_required
def models(request: HttpRequest) -> HttpResponse:
    """Show each task of the bundled engine with the backends that do it or could."""
    slots = [
        Slot(features=rows[0]["features"], name=name, backends=rows)
        for name, rows in ((name, list(group)) for name, group in groupby(_list_backends(), key=itemgetter("slot")))
    ]
    return render(request, "ops/models.html", {"slots": slots, "directory": settings.MODELS_DIR})


@dataclass(frozen=True)
class Slot:
    """A task of the engine and its backends, the preferred one first."""

    features: Sequence[str]
    name: str
    backends: Sequence[Mapping[str, Any]]


def _list_backends() -> Sequence[Mapping[str, Any]]:
    return cast(Callable[[], Sequence[Mapping[str, Any]]], import_string(settings.BUNDLED_MODELS_LIST))()


@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
@owner_required
def people_add(request: HttpRequest) -> HttpResponse:
    """Create a person, with a connection to the bundled engine and credits on it."""
    if request.method != "POST":
        return redirect("people")
    form = PersonForm(request.POST)
    if form.is_valid():
        try:
            person = create_person(username=form.cleaned_data["username"], password=form.cleaned_data["password1"])
        except ValidationError as error:
            form.add_service_errors(error)
        else:
            messages.success(
                request, _("%(name)s can log in now. Tell them the password yourself.") % {"name": person.username}
            )
            return redirect("people")
    return _render_people(request, form, status=422)


def _render_people(request: HttpRequest, form: PersonForm, status: int = 200) -> HttpResponse:
    rows = User.objects.order_by("date_joined", "pk")
    return render(request, "ops/people.html", {"people": rows, "form": form}, status=status)
