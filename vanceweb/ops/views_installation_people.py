"""The people of the installation, for its administrators. None of these pages opens a team."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vanceweb.accounts.services import activate_person, create_reset_link, deactivate_person, reset_two_factor
from vanceweb.ops.people import appoint_owner, delete_person, plan_deletion
from vanceweb.ops.person_export import export_person
from vanceweb.ops.person_forms import DeletionForm, PersonSearchForm
from vanceweb.teams.access import administrator_required
from vanceweb.teams.audit import get_performer
from vanceweb.teams.memberships import MembershipRefused, find_sole_teams
from vanceweb.teams.models import Membership, User
from vanceweb.teams.services import set_administrator

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# One or two screens.
PAGE_ROWS = 50


@dataclass(frozen=True)
class Act:
    """Something that an administrator does with a person by one button, and the sentence that follows."""

    apply: Callable[..., object]
    sentence: "StrOrPromise"


ACTS: Mapping[str, Act] = {
    "deactivate": Act(
        deactivate_person,
        gettext_lazy("%(name)s can't sign in any more. Their work stays, as do the webhooks that they added."),
    ),
    "activate": Act(activate_person, gettext_lazy("%(name)s can sign in again.")),
    "reset-two-factor": Act(
        reset_two_factor,
        gettext_lazy("%(name)s signs in with the password only, and can set up a second factor again."),
    ),
    "appoint": Act(
        partial(set_administrator, is_administrator=True),
        gettext_lazy("%(name)s administers the installation now."),
    ),
    "dismiss": Act(
        partial(set_administrator, is_administrator=False),
        gettext_lazy("%(name)s doesn't administer the installation any more."),
    ),
}


@require_safe
@administrator_required
def installation_people(request: HttpRequest) -> HttpResponse:
    """List all people, or those whose name or address has some words in it."""
    form = PersonSearchForm(request.GET)
    if not form.is_valid():
        raise Http404
    words, after = form.cleaned_data["q"], form.cleaned_data["after"]
    people = User.objects.order_by("username")
    if words:
        people = people.filter(Q(username__icontains=words) | Q(email__icontains=words))
    teams = Prefetch("memberships", Membership.objects.select_related("team"))
    rows = list(people.filter(username__gt=after).prefetch_related(teams)[: PAGE_ROWS + 1])
    context = {
        "people": rows[:PAGE_ROWS],
        "form": form,
        "words": words,
        "after": after,
        "next": rows[PAGE_ROWS - 1].username if len(rows) > PAGE_ROWS else "",
    }
    return render(request, "ops/installation_people.html", context)


@require_safe
@administrator_required
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a person's account and teams, and what an administrator can do."""
    user = get_object_or_404(User, pk=pk)
    context = {
        "person": user,
        "memberships": user.memberships.select_related("team"),
        "sole_teams": [
            (team, team.memberships.exclude(user=user).filter(user__is_active=True).select_related("user"))
            for team in find_sole_teams(user)
        ],
    }
    return render(request, "ops/person.html", context)


@require_POST
@administrator_required
def person_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one of the acts with the person."""
    user = get_object_or_404(User, pk=pk)
    if act not in ACTS:
        raise Http404
    try:
        ACTS[act].apply(user=user, by=get_performer(request))
    except MembershipRefused as refusal:
        messages.error(request, str(refusal))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, str(ACTS[act].sentence) % {"name": user.get_username()})
    return redirect("person", pk=pk)


@require_POST
@administrator_required
def person_reset_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link for a new password. This page is the only one that ever shows it."""
    user = get_object_or_404(User, pk=pk)
    link = create_reset_link(user=user, by=get_performer(request))
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    return render(request, "ops/person_reset_link.html", {"person": user, "link": link, "hours": hours})


@require_POST
@administrator_required
def person_owner(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a member an owner of a team whose only owner this person is."""
    user = get_object_or_404(User, pk=pk)
    chosen = request.POST.get("membership", "")
    colleagues = Membership.objects.filter(team__in=find_sole_teams(user), user__is_active=True).exclude(user=user)
    membership = colleagues.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 19 else None
    if membership is None:
        raise Http404
    try:
        appoint_owner(membership=membership, by=get_performer(request))
    except MembershipRefused as refusal:
        messages.error(request, str(refusal))
    else:
        names = {"name": membership.user.get_username(), "team": membership.team.name}
        messages.success(request, _("%(name)s is an owner of %(team)s now.") % names)
    return redirect("person", pk=pk)


@require_POST
@administrator_required
def person_export(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Send all that the site knows of a person and the files that they made, as a ZIP archive."""
    user = get_object_or_404(User, pk=pk)
    pieces = export_person(user=user, by=get_performer(request))
    headers = {"Content-Disposition": f'attachment; filename="person-{user.pk}.zip"'}
    return StreamingHttpResponse(pieces, content_type="application/zip", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def person_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what goes with a person and what stays, then delete them."""
    user = get_object_or_404(User, pk=pk)
    form = DeletionForm(request.POST if request.method == "POST" else None, user=user)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            delete_person(user=user, by=get_performer(request), heir=form.cleaned_data.get("heir"))
        except MembershipRefused as error:
            refusal = str(error)
        except ValidationError as error:
            refusal = error.messages[0]
        else:
            messages.success(request, _("%(name)s is deleted.") % {"name": user.get_username()})
            return redirect("installation-people")
    context = {"person": user, "form": form, "refusal": refusal, "fates": plan_deletion(user)}
    return render(request, "ops/person_delete.html", context, status=422 if request.method == "POST" else 200)
