"""The URL map of the engine where it stands alone."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

urlpatterns = [path("web_api/v1/", include("vanceweb.engine.urls"))]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Outside of the API's paths there is nothing, and none of the site's pages that say so."""
    return HttpResponse("There is nothing here but the API below /web_api/v1/.", status=404, content_type="text/plain")
