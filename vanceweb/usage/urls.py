from django.urls import path

from vanceweb.usage import views

urlpatterns = [
    path("usage/", views.usage, name="usage"),
    path("usage/refresh/", views.usage_refresh, name="usage-refresh"),
]
