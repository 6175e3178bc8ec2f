from typing import Any

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.models import Application


@csrf_exempt
def add_redirect(request: HttpRequest) -> HttpResponse:
    """Register an address of a site whose port became known only now."""
    application: Any = Application.objects.get()
    application.redirect_uris += f" {request.POST['uri']}"
    application.save()
    return HttpResponse(status=204)


urlpatterns = [
    path("sign-in/", LoginView.as_view(template_name="sign_in.html")),
    path("redirects/", add_redirect),
    path("", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
