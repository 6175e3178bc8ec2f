"""The way to a provider of OpenID Connect and back."""

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.openid_connect import views
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from requests import RequestException

from vanceweb.accounts.oidc_adapter import OIDCAdapter

# A provider that isn't there, that answers with something else than JSON, or whose JSON lacks what the protocol wants.
FAULTS = (RequestException, ValueError, LookupError, TypeError)


@login_not_required
def oidc_sign_in(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Lead to the provider, or ask first if no form was sent."""
    try:
        response: HttpResponse = views.login(request, provider_id)
    except FAULTS:
        return _refuse(request, provider_id)
    return response


@login_not_required
def oidc_return(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Sign in, sign up or connect whoever comes back from the provider."""
    try:
        response: HttpResponse = views.callback(request, provider_id)
    except FAULTS:
        return _refuse(request, provider_id)
    return response


def _refuse(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    adapter = OIDCAdapter()
    try:
        adapter.on_authentication_error(request, adapter.get_provider(request, provider_id))
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except ImmediateHttpResponse as answer:
        response: HttpResponse = answer.response
    return response
