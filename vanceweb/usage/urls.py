from django.urls import path

from vanceweb.usage import views, views_matching, views_zones

urlpatterns = [
    path("t/<slug:team>/usage/", views.usage, name="usage"),
    path("t/<slug:team>/usage/refresh/", views.usage_refresh, name="usage-refresh"),
    path("charges/<int:pk>/match/", views_matching.charge_match, name="charge-match"),
    path("usage-alerts/<uuid:uuid>/dismiss/", views_matching.usage_alert_dismiss, name="usage-alert-dismiss"),
    path("t/<slug:team>/usage/time-zone/", views_zones.team_zone, name="team-zone"),
    path("connections/<uuid:uuid>/history/", views_zones.connection_history, name="connection-history"),
    path("connections/<uuid:uuid>/share/", views.connection_share, name="connection-share"),
    path("connections/<uuid:uuid>/unshare/", views.connection_unshare, name="connection-unshare"),
]
