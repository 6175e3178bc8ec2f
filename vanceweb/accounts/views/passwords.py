"""Changing one's password, and getting a new one without it."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import url_str_to_user_pk
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from vanceweb.accounts.forms import ChangedPasswordForm, EmailForm, ForgottenPasswordForm
from vanceweb.accounts.mail import send_reset_link
from vanceweb.accounts.services import change_password, reset_password
from vanceweb.accounts.sign_in_limits import count_mail
from vanceweb.accounts.views.void_links import render_void_link
from vanceweb.teams.access import get_person
from vanceweb.teams.audit import get_performer
from vanceweb.teams.models import User


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's password. The other browsers are signed out."""
    user = get_person(request)
    if not user.has_usable_password():
        return render(request, "accounts/no_password.html", {"has_mail": settings.HAS_MAIL})
    form = ChangedPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        change_password(
            user=user,
            password=form.cleaned_data["new_password1"],
            by=get_performer(request),
            session_key=str(request.session.session_key),
        )
        update_session_auth_hash(request, user)
        messages.success(request, _("Your password is changed."))
        return redirect("password")
    return render(request, "accounts/password.html", {"form": form}, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def forgotten(request: HttpRequest) -> HttpResponse:
    """Send a link for a new password, or say whom to ask. The answer is the same for every address."""
    form = EmailForm(request.POST if settings.HAS_MAIL and request.method == "POST" else None)
    if form.is_valid():
        count_mail(request, email=form.cleaned_data["email"])
        send_reset_link(form.cleaned_data["email"])
        return render(request, "accounts/forgotten_sent.html")
    context = {"form": form, "has_mail": settings.HAS_MAIL}
    return render(request, "accounts/forgotten.html", context, status=422 if request.method == "POST" else 200)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def password_reset(request: HttpRequest, uidb36: str, key: str) -> HttpResponse:
    """Set a new password through a link that works once."""
    user = _find_user(uidb36)
    if user is None or not default_token_generator.check_token(user, key):
        reason = _("It has expired, was used already, or you have signed in since.")
        return render_void_link(request, reason=reason, way_out="account_reset_password", label=_("Get a new link"))
    form = ForgottenPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        reset_password(user=user, password=form.cleaned_data["new_password1"], by=get_performer(request, user))
        messages.success(request, _("Your new password is set. Sign in with it."))
        return redirect("login")
    context = {"form": form, "name": user.get_username()}
    return render(request, "accounts/password_reset.html", context, status=422 if request.method == "POST" else 200)


def _find_user(uidb36: str) -> User | None:
    try:
        return User.objects.filter(pk=url_str_to_user_pk(uidb36), is_active=True).first()
    except (ValueError, OverflowError, ValidationError):
        return None
