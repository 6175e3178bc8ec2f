"""The people of a team: invitations, roles, removal and leaving."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vanceweb.ops.departures import leave_team, remove_member
from vanceweb.ops.forms import MemberForm
from vanceweb.ops.member_forms import DepartureForm, InvitationForm, RoleForm
from vanceweb.ops.private_work import Fate, count_private_work
from vanceweb.ops.services import create_person
from vanceweb.teams.access import (
    Action,
    Actor,
    require,
    require_change_role,
    require_create_people,
    require_manage_member,
    team_page,
)
from vanceweb.teams.invitation_limits import count_invitation
from vanceweb.teams.invitations import create_invitation, revoke_invitation
from vanceweb.teams.memberships import MembershipRefused, change_role, check_owner_stays
from vanceweb.teams.models import Invitation, Membership, Role


@require_safe
@team_page
def people(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the team's people and, to those who manage them, the open invitations and the forms."""
    return _render_people(request, actor)


@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def people_add(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Create a person in the team: for administrators of the installation."""
    if request.method != "POST":
        return redirect("people", team=actor.team.slug)
    require_create_people(actor)
    form = MemberForm(request.POST, actor=actor)
    if form.is_valid():
        try:
            person = create_person(
                actor=actor,
                username=form.cleaned_data["username"],
                password=form.cleaned_data["password1"],
                role=Role(form.cleaned_data["role"]),
            )
        except ValidationError as error:
            form.add_service_errors(error)
        else:
            messages.success(
                request, _("%(name)s can sign in now. Tell them the password yourself.") % {"name": person.username}
            )
            return redirect("people", team=actor.team.slug)
    return _render_people(request, actor, status=422, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def people_invite(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Invite somebody. The page with a link is the only one that ever shows it."""
    if request.method != "POST":
        return redirect("people", team=actor.team.slug)
    require(actor, Action.MANAGE_PEOPLE)
    form = InvitationForm(request.POST, actor=actor)
    if form.is_valid():
        given = form.cleaned_data
        count_invitation(actor)
        try:
            invitation, secret = create_invitation(
                actor=actor, role=Role(given["role"]), days=given["days"], email=given.get("email", "")
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            if secret:
                link = settings.PUBLIC_URL + reverse("invitation", args=[secret])
                return render(request, "ops/invitation_created.html", {"invitation": invitation, "link": link})
            messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": invitation.email})
            return redirect("people", team=actor.team.slug)
    return _render_people(request, actor, status=422, invite=form)


@require_POST
@team_page
def invitation_revoke(request: HttpRequest, actor: Actor, uuid: UUID) -> HttpResponse:
    """Take an invitation back."""
    require(actor, Action.MANAGE_PEOPLE)
    invitation = get_object_or_404(Invitation, team=actor.team, uuid=uuid)
    if revoke_invitation(actor=actor, invitation=invitation):
        messages.success(request, _("The invitation is taken back. Its link opens nothing any more."))
    else:
        messages.info(request, _("The invitation wasn't open any more."))
    return redirect("people", team=actor.team.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def member_role(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Give a member another role."""
    membership = _get_member(actor, pk)
    require_change_role(actor, membership)
    form = RoleForm(request.POST or None, actor=actor, initial={"role": membership.role})
    if request.method == "POST" and form.is_valid():
        try:
            change_role(actor=actor, membership=membership, role=Role(form.cleaned_data["role"]))
        except MembershipRefused as refusal:
            form.add_error("role", str(refusal))
        else:
            text = _("%(name)s has the role %(role)s now.")
            role = Role(form.cleaned_data["role"]).label
            messages.success(request, text % {"name": membership.user.get_username(), "role": role})
            return redirect("people", team=actor.team.slug)
    context = {"membership": membership, "form": form}
    return render(request, "ops/member_role.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def member_remove(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Say what becomes of a member's work, then remove them."""
    membership = _get_member(actor, pk)
    require_manage_member(actor, membership)
    response = _ask_about_departure(request, actor, membership)
    if response is not None:
        return response
    name = membership.user.get_username()
    messages.success(request, _("%(name)s isn't in the team any more.") % {"name": name})
    return redirect("people", team=actor.team.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def leave(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Say what becomes of one's own work, then leave the team."""
    membership = get_object_or_404(Membership.objects.select_related("user", "team"), team=actor.team, user=actor.user)
    response = _ask_about_departure(request, actor, membership)
    if response is not None:
        return response
    messages.success(request, _("You have left %(team)s.") % {"team": actor.team.name})
    return redirect("home")


def _ask_about_departure(request: HttpRequest, actor: Actor, membership: Membership) -> HttpResponse | None:
    """Return the page with the question or the refusal; None once the person isn't in the team any more."""
    work = count_private_work(team=actor.team, user=membership.user)
    is_own = membership.user_id == actor.user.pk
    form = DepartureForm(
        request.POST if request.method == "POST" else None, actor=actor, membership=membership, work=work
    )
    refusal = ""
    try:
        check_owner_stays(membership)
        if request.method == "POST" and form.is_valid():
            fate, successor = Fate(form.cleaned_data["fate"]), form.cleaned_data["successor"]
            if is_own:
                leave_team(actor=actor, fate=fate, successor=successor)
            else:
                remove_member(actor=actor, membership=membership, fate=fate, successor=successor)
            return None
    except MembershipRefused as error:
        refusal = str(error)
    context = {"membership": membership, "work": work, "form": form, "is_own": is_own, "refusal": refusal}
    return render(request, "ops/departure.html", context, status=422 if request.method == "POST" else 200)


def _get_member(actor: Actor, pk: int) -> Membership:
    membership = Membership.objects.select_related("user", "team").filter(pk=pk, team=actor.team).first()
    if membership is None:
        raise Http404
    return membership


def _render_people(request: HttpRequest, actor: Actor, status: int = 200, **forms: Any) -> HttpResponse:
    rows = list(actor.team.memberships.select_related("user", "team"))
    context: dict[str, Any] = {
        "members": [(row, actor.can_change_role(row), actor.can_manage_member(row)) for row in rows]
    }
    if actor.can_manage_people:
        pending = actor.team.invitations.pending().select_related("created_by")
        context["invitations"] = [(row, actor.can_revoke(row)) for row in pending]
        context["invite"] = forms.get("invite") or InvitationForm(actor=actor)
    if actor.can_create_people:
        context["form"] = forms.get("form") or MemberForm(actor=actor)
    return render(request, "ops/people.html", context, status=status)
