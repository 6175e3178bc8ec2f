from django.urls import path

from vanceweb.usage import views, views_matching

urlpatterns = [
    path("t/<slug:team>/usage/", views.usage, name="usage"),
    path("t/<slug:team>/usage/refresh/", views.usage_refresh, name="usage-refresh"),
    path("charges/<int:pk>/match/", views_matching.charge_match, name="charge-match"),
    path("usage-alerts/<uuid:uuid>/dismiss/", views_matching.usage_alert_dismiss, name="usage-alert-dismiss"),
    path("connections/<uuid:uuid>/share/", views.connection_share, name="connection-share"),
    path("connections/<uuid:uuid>/unshare/", views.connection_unshare, name="connection-unshare"),
]
