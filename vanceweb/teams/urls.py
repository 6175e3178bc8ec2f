from django.urls import path

from vanceweb.teams import views, views_audit

# The addresses of lists before there were teams. They lead to the person's first team.
OLD_LISTS = ("jobs", "gallery", "usage", "connections")

urlpatterns = [
    path("", views.home, name="home"),
    *(path(f"{page}/", views.redirect_to_team, {"page": page}) for page in OLD_LISTS),
    path("features/<slug:slug>/", views.redirect_to_team, {"page": "feature"}),
    path("audit/", views_audit.audit, name="audit"),
    path("audit/export/", views_audit.audit_export, name="audit-export"),
    path("t/<slug:team>/audit/", views_audit.team_audit, name="team-audit"),
    path("t/<slug:team>/audit/export/", views_audit.team_audit_export, name="team-audit-export"),
]
