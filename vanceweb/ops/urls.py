from django.urls import path

from vanceweb.ops import (
    views,
    views_engine_tokens,
    views_installation_people,
    views_invitations,
    views_people,
    views_status,
    views_teams,
)

urlpatterns = [
    path("setup/<str:secret>/", views.setup, name="setup"),
    path("models/", views.models, name="models"),
    path("engine-tokens/", views_engine_tokens.engine_tokens, name="engine-tokens"),
    path("engine-tokens/<int:pk>/", views_engine_tokens.engine_token, name="engine-token"),
    path("engine-tokens/<int:pk>/revoke/", views_engine_tokens.engine_token_revoke, name="engine-token-revoke"),
    path("status/", views_status.status, name="status"),
    path("styleguide/", views.styleguide, name="styleguide"),
    path("invitations/<str:secret>/", views_invitations.invitation, name="invitation"),
    path("teams/", views_teams.teams, name="teams"),
    path("t/<slug:team>/settings/", views_teams.team_settings, name="team-settings"),
    path("t/<slug:team>/delete/", views_teams.team_delete, name="team-delete"),
    path("t/<slug:team>/closed/", views_teams.team_closed, name="team-closed"),
    path("t/<slug:team>/leave/", views_people.leave, name="team-leave"),
    path("t/<slug:team>/people/", views_people.people, name="people"),
    path("t/<slug:team>/people/add/", views_people.people_add, name="people-add"),
    path("t/<slug:team>/people/invite/", views_people.people_invite, name="people-invite"),
    path(
        "t/<slug:team>/people/invitations/<uuid:uuid>/revoke/",
        views_people.invitation_revoke,
        name="invitation-revoke",
    ),
    path("t/<slug:team>/people/<int:pk>/role/", views_people.member_role, name="member-role"),
    path("t/<slug:team>/people/<int:pk>/remove/", views_people.member_remove, name="member-remove"),
    path("people/", views_installation_people.installation_people, name="installation-people"),
    path("people/<int:pk>/", views_installation_people.person, name="person"),
    path("people/<int:pk>/reset-link/", views_installation_people.person_reset_link, name="person-reset-link"),
    path("people/<int:pk>/owner/", views_installation_people.person_owner, name="person-owner"),
    path("people/<int:pk>/export/", views_installation_people.person_export, name="person-export"),
    path("people/<int:pk>/delete/", views_installation_people.person_delete, name="person-delete"),
    path("people/<int:pk>/<slug:act>/", views_installation_people.person_act, name="person-act"),
]
