"""The URL map of the engine where it stands alone."""

from django.urls import include, path

urlpatterns = [path("web_api/v1/", include("vanceweb.engine.urls"))]
