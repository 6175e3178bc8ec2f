from django.urls import path

from vanceweb.ops import views, views_status

urlpatterns = [
    path("setup/<str:secret>/", views.setup, name="setup"),
    path("t/<slug:team>/people/", views.people, name="people"),
    path("models/", views.models, name="models"),
    path("status/", views_status.status, name="status"),
    path("styleguide/", views.styleguide, name="styleguide"),
    path("t/<slug:team>/people/add/", views.people_add, name="people-add"),
]
