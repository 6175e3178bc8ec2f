"""The page behind an invitation's link. It shows nothing of the team but its name."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from vanceweb.ops.member_forms import InvitedPersonForm
from vanceweb.ops.services import join_as_new_person
from vanceweb.teams.audit import get_performer
from vanceweb.teams.invitations import SESSION_KEY, InvitationVoid, accept_invitation, find_invitation
from vanceweb.teams.models import Invitation, User


@login_not_required
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Show who invites to which team. Whoever is signed in joins; others sign in or make an account."""
    try:
        found = find_invitation(secret)
        if request.method == "POST":
            return _join(request, found) if request.user.is_authenticated else _sign_up(request, found)
    except InvitationVoid as reason:
        request.session.pop(SESSION_KEY, None)
        return render(request, "ops/invitation_void.html", {"reason": str(reason)}, status=404)
    # For those who sign in another way first.
    request.session[SESSION_KEY] = str(found.uuid)
    return _render_invitation(request, found, InvitedPersonForm(invitation=found))


def _join(request: HttpRequest, found: Invitation) -> HttpResponse:
    assert isinstance(request.user, User)  # noqa: S101  # the caller has asked
    try:
        accept_invitation(invitation=found, user=request.user, by=get_performer(request))
    except ValidationError as error:
        messages.info(request, error.messages[0])
    else:
        messages.success(request, _("You are in %(team)s now.") % {"team": found.team.name})
    request.session.pop(SESSION_KEY, None)
    return redirect("studio", team=found.team.slug)


def _sign_up(request: HttpRequest, found: Invitation) -> HttpResponse:
    form = InvitedPersonForm(request.POST, invitation=found)
    if can_sign_up() and form.is_valid():
        try:
            person = join_as_new_person(
                invitation=found,
                username=form.cleaned_data["username"],
                password=form.cleaned_data["password1"],
                email=form.cleaned_data["email"],
                by=get_performer(request),
            )
        except ValidationError as error:
            form.add_service_errors(error)
        else:
            login(request, person, backend="django.contrib.auth.backends.ModelBackend")
            request.session.pop(SESSION_KEY, None)
            return redirect("studio", team=found.team.slug)
    return _render_invitation(request, found, form, status=422)


def can_sign_up() -> bool:
    """Return whether whoever has an invitation may make an account (SIGN_UP)."""
    return bool(settings.SIGN_UP != "closed")


def _render_invitation(
    request: HttpRequest, found: Invitation, form: InvitedPersonForm, status: int = 200
) -> HttpResponse:
    context = {"invitation": found, "form": form if can_sign_up() else None}
    return render(request, "ops/invitation.html", context, status=status)
