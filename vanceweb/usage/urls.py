from django.urls import path

from vanceweb.usage import (
    views_dashboard,
    views_exports,
    views_history,
    views_matching,
    views_sharing,
    views_statement,
    views_zones,
)

urlpatterns = [
    path("t/<slug:team>/usage/", views_dashboard.usage, name="usage"),
    path("t/<slug:team>/usage/refresh/", views_dashboard.usage_refresh, name="usage-refresh"),
    path("t/<slug:team>/usage/history/", views_history.usage_history, name="usage-history"),
    path("t/<slug:team>/usage/history/csv/", views_exports.usage_history_csv, name="usage-history-csv"),
    path("t/<slug:team>/usage/exports/add/", views_exports.usage_export_add, name="usage-export-add"),
    path("t/<slug:team>/usage/statement/", views_statement.usage_statement, name="usage-statement"),
    path("t/<slug:team>/usage/time-zone/", views_zones.team_zone, name="team-zone"),
    path("usage/exports/<uuid:uuid>/", views_exports.usage_export, name="usage-export"),
    path("usage-alerts/<uuid:uuid>/dismiss/", views_matching.usage_alert_dismiss, name="usage-alert-dismiss"),
    path("charges/<int:pk>/match/", views_matching.charge_match, name="charge-match"),
    path("connections/<uuid:uuid>/history/", views_zones.connection_history, name="connection-history"),
    path("connections/<uuid:uuid>/share/", views_sharing.connection_share, name="connection-share"),
    path("connections/<uuid:uuid>/unshare/", views_sharing.connection_unshare, name="connection-unshare"),
]
