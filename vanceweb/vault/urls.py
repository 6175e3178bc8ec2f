from django.urls import path

from vanceweb.vault import views

urlpatterns = [
    path("t/<slug:team>/connections/", views.connections, name="connections"),
    path("t/<slug:team>/connections/add/", views.connection_add, name="connection-add"),
    path("connections/<uuid:uuid>/check/", views.connection_check, name="connection-check"),
    path("connections/<uuid:uuid>/edit/", views.connection_edit, name="connection-edit"),
    path("connections/<uuid:uuid>/remove/", views.connection_remove, name="connection-remove"),
]
