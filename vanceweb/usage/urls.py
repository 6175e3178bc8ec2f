from django.urls import path

from vanceweb.usage import views

urlpatterns = [
    path("t/<slug:team>/usage/", views.usage, name="usage"),
    path("t/<slug:team>/usage/refresh/", views.usage_refresh, name="usage-refresh"),
    path("connections/<uuid:uuid>/share/", views.connection_share, name="connection-share"),
    path("connections/<uuid:uuid>/unshare/", views.connection_unshare, name="connection-unshare"),
]
