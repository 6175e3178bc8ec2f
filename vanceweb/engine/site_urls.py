"""The URLconf of the engine when it runs without the site."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

urlpatterns = [path("web_api/v1/", include("vanceweb.engine.urls"))]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Respond in plain text: the site's error pages aren't available here."""
    return HttpResponse("Only the API below /web_api/v1/ is available here.", status=404, content_type="text/plain")
