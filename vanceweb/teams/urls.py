from django.urls import path

from vanceweb.teams import views

# The addresses of lists before there were teams. They lead to the person's first team.
OLD_LISTS = ("jobs", "gallery", "usage", "connections", "people")

urlpatterns = [
    path("", views.home, name="home"),
    *(path(f"{page}/", views.redirect_to_team, {"page": page}) for page in OLD_LISTS),
    path("features/<slug:slug>/", views.redirect_to_team, {"page": "feature"}),
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("password/", views.password, name="password"),
]
