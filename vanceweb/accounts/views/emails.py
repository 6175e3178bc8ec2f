"""A person's mail address."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vanceweb.accounts.forms import EmailForm
from vanceweb.accounts.mail import read_confirmation, send_confirmation
from vanceweb.accounts.services import note_email, set_email
from vanceweb.accounts.views.void_links import render_void_link
from vanceweb.teams.access import get_person
from vanceweb.teams.audit import get_performer


@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(app="allauth.account")
def email(request: HttpRequest) -> HttpResponse:
    """Take a mail address. After a sign-in without one, the page can be skipped."""
    form = EmailForm(request.POST or None)
    onward = _find_next(request)
    if request.method == "POST" and form.is_valid():
        try:
            address = note_email(user=get_person(request), email=form.cleaned_data["email"])
        except ValidationError as error:
            form.add_error("email", error)
        else:
            if not address.verified:
                send_confirmation(address)
            messages.success(request, _describe_next_step(is_confirmed=address.verified))
            return redirect(onward or "account")
    context = {"form": form, "next": onward, "is_asking": "ask" in request.GET, "has_mail": settings.HAS_MAIL}
    return render(request, "accounts/email.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def email_confirm(request: HttpRequest, key: str) -> HttpResponse:
    """Confirm an address through the link that was sent to it, with a button: programs open links in mails, too."""
    address = read_confirmation(key)
    if address is None:
        reason = _("It has expired, or the address was changed since.")
        return render_void_link(request, reason=reason, way_out="account-email", label=_("Enter the address again"))
    if request.method != "POST":
        return render(request, "accounts/email_confirm.html", {"address": address})
    try:
        set_email(user=address.user, email=address.email, by=get_performer(request, address.user))
    except ValidationError as error:
        messages.error(request, error.message_dict["email"][0])
    else:
        messages.success(request, _("Your address is confirmed. You can sign in with it."))
    return redirect("account")


def _describe_next_step(*, is_confirmed: bool) -> str:
    if is_confirmed:
        return _("This address is yours already.")
    if settings.HAS_MAIL:
        return _("Open the link in the mail that was sent to you. Until then, nothing changes.")
    return _("Your address is noted. This site sends no mail, so an administrator has to confirm it.")


def _find_next(request: HttpRequest) -> str:
    onward = request.POST.get("next") or request.GET.get("next") or ""
    return onward if url_has_allowed_host_and_scheme(onward, allowed_hosts=None) else ""
