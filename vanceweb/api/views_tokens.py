"""The person's own tokens: listed, made and revoked."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from vanceweb.api.forms import TokenForm
from vanceweb.teams.access import get_person
from vanceweb.teams.api_tokens import create_api_token, revoke_api_token
from vanceweb.teams.audit import get_performer
from vanceweb.teams.models import ApiToken, Scope


@sensitive_variables("issued")
@require_http_methods(["GET", "HEAD", "POST"])
def api_tokens(request: HttpRequest) -> HttpResponse:
    """Show the person's tokens and the form for a new one, which is shown in the answer to the form and never again."""
    person = get_person(request)
    form = TokenForm(request.POST or None, user=person)
    issued = None
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        issued = create_api_token(
            user=person,
            team=values["team"],
            name=values["name"],
            scopes=[Scope(value) for value in values["scopes"]],
            lifetime=timedelta(days=values["days"]),
            by=get_performer(request),
        )
        form = TokenForm(user=person)
    tokens = ApiToken.objects.filter(user=person, revoked_at=None).select_related("team")
    status = 422 if request.method == "POST" and issued is None else 200
    return render(request, "api/tokens.html", {"tokens": tokens, "form": form, "issued": issued}, status=status)


@require_POST
def api_token_revoke(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """End one of the person's tokens at once."""
    token = get_object_or_404(ApiToken.objects.select_related("team"), uuid=uuid, user=get_person(request))
    revoke_api_token(token=token, by=get_performer(request))
    messages.success(request, _("%(name)s is revoked. Nothing can be done with it any more.") % {"name": token.name})
    return redirect("api-tokens")
