"""Signing up with a mail address of an open domain."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from vanceweb.accounts.forms import NewAccountForm, SignUpForm
from vanceweb.accounts.mail import read_sign_up, send_sign_up_link
from vanceweb.accounts.sign_in_limits import count_mail
from vanceweb.accounts.sign_up import create_account, is_open_domain
from vanceweb.accounts.views.void_links import render_void_link
from vanceweb.teams.audit import get_performer


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def sign_up(request: HttpRequest) -> HttpResponse:
    """Send a link that creates an account. The answer is the same whether there is one for the address."""
    if not (settings.HAS_MAIL and settings.SIGN_UP == "domains"):
        raise Http404(_("Nobody can sign up here. Ask an owner or admin of a team to add you."))
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        count_mail(request, email=form.cleaned_data["email"])
        send_sign_up_link(form.cleaned_data["email"])
        return render(request, "accounts/sign_up_sent.html")
    return render(request, "accounts/sign_up.html", {"form": form}, status=422 if request.method == "POST" else 200)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def sign_up_finish(request: HttpRequest, key: str) -> HttpResponse:
    """Create the account of whoever has confirmed their address, and sign them in."""
    email = read_sign_up(key)
    if not email or not is_open_domain(email):
        reason = _("It has expired, or it isn't complete.")
        return render_void_link(request, reason=reason, way_out="sign-up", label=_("Sign up again"))
    form = NewAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = create_account(**form.cleaned_data, email=email, by=get_performer(request))
        except ValidationError as error:
            for name, problems in error.message_dict.items():
                form.add_error(name if name in form.fields else None, problems)
        else:
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
            return redirect("home")
    context = {"form": form, "email": email}
    return render(request, "accounts/sign_up_finish.html", context, status=422 if request.method == "POST" else 200)
