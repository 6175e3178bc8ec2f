"""The URL map of the site, which includes the map of each room."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("vanceweb.jobs.urls")),
    path("", include("vanceweb.gallery.urls")),
    path("", include("vanceweb.usage.urls")),
    path("", include("vanceweb.vault.urls")),
    path("", include("vanceweb.teams.urls")),
    path("", include("vanceweb.ops.urls")),
    path("web_api/v1/", include("vanceweb.engine.urls")),
]
