"""The way to a person's team, log-in, log-out and change of password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from vanceweb.teams.access import find_home_actor
from vanceweb.teams.models import User


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """Redirect to the studio of the person's first team, or say that they have none."""
    return redirect_to_team(request, page="studio")


@require_safe
def redirect_to_team(request: HttpRequest, page: str, **kwargs: str) -> HttpResponseBase:
    """Redirect to a page of the person's first team and keep the query, or say that they have no team."""
    actor = find_home_actor(request.user)
    if actor is None:
        return render(request, "teams/no_team.html", status=200)
    query = request.META.get("QUERY_STRING", "")
    address = reverse(page, kwargs={"team": actor.team.slug, **kwargs})
    return redirect(f"{address}?{query}" if query else address)


@login_not_required
def login(request: HttpRequest) -> HttpResponseBase:
    """Show the log-in page, with instructions on an installation without users."""
    view = auth_views.LoginView.as_view(
        template_name="teams/login.html",
        redirect_authenticated_user=True,
        extra_context={"nobody_yet": not User.objects.exists()},
    )
    return view(request)


class PasswordView(auth_views.PasswordChangeView):
    """The change of one's own password; an invalid form is answered with 422."""

    template_name = "teams/password.html"
    success_url = reverse_lazy("password")

    def form_valid(self, form: Any) -> Any:
        messages.success(self.request, _("Your password is changed."))
        return super().form_valid(form)

    def form_invalid(self, form: Any) -> Any:
        response = super().form_invalid(form)
        response.status_code = 422
        return response


password = PasswordView.as_view()
# Users who are already logged out needn't log in to reach it.
logout = login_not_required(auth_views.LogoutView.as_view())
