"""Who is here: the first account, and those that the owner adds. And what the bundled engine works with."""

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
    """Makes the owner's account by the one-time link and logs them in; 404 for any link but the open one."""
    if not setup_link.opens(secret):
        raise Http404("This link opens nothing.")
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            owner = _create_owner(form)
        except ValidationError as error:
            form.take_errors(error)
        else:
            login(request, owner, backend="django.contrib.auth.backends.ModelBackend")
            return redirect("studio")
    return render(request, "ops/setup.html", {"form": form}, status=422 if request.method == "POST" else 200)


@transaction.atomic
def _create_owner(form: PersonForm) -> User:
    """Raises ValidationError for what was typed, Http404 where another request was first: then nothing is made."""
    person = create_person(
        username=form.cleaned_data["username"], password=form.cleaned_data["password1"], is_owner=True
    )
    if not setup_link.close():
        raise Http404("This link was used a moment ago.")
    return person


@require_safe
@owner_required
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, and the form for one more."""
    return _people_page(request, PersonForm())


@require_safe
@owner_required
def models(request: HttpRequest) -> HttpResponse:
    """What does each feature's work on the bundled engine, and what could."""
    slots = [
        Slot(features=rows[0]["features"], name=name, backends=rows)
        for name, rows in ((name, list(group)) for name, group in groupby(_backends(), key=itemgetter("slot")))
    ]
    return render(request, "ops/models.html", {"slots": slots, "directory": settings.MODELS_DIR})


@dataclass(frozen=True)
class Slot:
    """A piece of work and what can do it, the preferred one first."""

    features: Sequence[str]
    name: str
    backends: Sequence[Mapping[str, Any]]


def _backends() -> Sequence[Mapping[str, Any]]:
    return cast(Callable[[], Sequence[Mapping[str, Any]]], import_string(settings.BUNDLED_MODELS_LIST))()


@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
@owner_required
def people_add(request: HttpRequest) -> HttpResponse:
    """Makes a person, with a connection to the bundled engine and credits on it."""
    if request.method != "POST":
        return redirect("people")
    form = PersonForm(request.POST)
    if form.is_valid():
        try:
            person = create_person(username=form.cleaned_data["username"], password=form.cleaned_data["password1"])
        except ValidationError as error:
            form.take_errors(error)
        else:
            messages.success(request, f"{person.username} can log in now. Tell them the password yourself.")
            return redirect("people")
    return _people_page(request, form, status=422)


def _people_page(request: HttpRequest, form: PersonForm, status: int = 200) -> HttpResponse:
    rows = User.objects.order_by("date_joined", "pk")
    return render(request, "ops/people.html", {"people": rows, "form": form}, status=status)
