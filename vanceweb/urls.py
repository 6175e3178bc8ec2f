"""The URL map of the site. Each room brings its own."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("web_api/v1/", include("vanceweb.engine.urls")),
]
