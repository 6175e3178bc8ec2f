from django.urls import include, path

from vanceweb.api.site_api import build_api, get_patterns

urlpatterns = [
    path("api/v1/", include((get_patterns(build_api()), "ninja"), namespace="site-api")),
]
