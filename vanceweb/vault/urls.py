from django.urls import path

from vanceweb.vault import views, views_edit

urlpatterns = [
    path("t/<slug:team>/connections/", views.connections, name="connections"),
    path("t/<slug:team>/connections/add/", views.connection_add, name="connection-add"),
    path("connections/<uuid:uuid>/check/", views.connection_check, name="connection-check"),
    path("connections/<uuid:uuid>/edit/", views_edit.connection_edit, name="connection-edit"),
    path("connections/<uuid:uuid>/spenders/", views_edit.connection_spenders, name="connection-spenders"),
    path("connections/<uuid:uuid>/keeper/", views_edit.connection_keeper, name="connection-keeper"),
    path("connections/<uuid:uuid>/remove/", views.connection_remove, name="connection-remove"),
]
