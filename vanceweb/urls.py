"""The URL map of the site, which includes the map of each room."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from vanceweb.engine.api.endpoint import unknown_endpoint

handler500 = "vanceweb.ops.fault_pages.render_error"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("vanceweb.jobs.urls")),
    path("", include("vanceweb.gallery.urls")),
    path("", include("vanceweb.usage.urls")),
    path("", include("vanceweb.api.urls")),
    path("", include("vanceweb.vault.urls")),
    path("", include("vanceweb.budgets.urls")),
    path("", include("vanceweb.accounts.urls")),
    path("", include("vanceweb.teams.urls")),
    path("", include("vanceweb.ops.urls")),
    path("web_api/v1/", include("vanceweb.engine.urls")),
    # Other versions than v1, and the version without a slash.
    re_path(r"^web_api(?:/(?P<path>.*))?$", unknown_endpoint),
]
