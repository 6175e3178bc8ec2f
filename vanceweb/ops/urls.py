from django.urls import path

from vanceweb.ops import views, views_engine_tokens, views_status

urlpatterns = [
    path("setup/<str:secret>/", views.setup, name="setup"),
    path("t/<slug:team>/people/", views.people, name="people"),
    path("models/", views.models, name="models"),
    path("engine-tokens/", views_engine_tokens.engine_tokens, name="engine-tokens"),
    path("engine-tokens/<int:pk>/", views_engine_tokens.engine_token, name="engine-token"),
    path("engine-tokens/<int:pk>/revoke/", views_engine_tokens.engine_token_revoke, name="engine-token-revoke"),
    path("status/", views_status.status, name="status"),
    path("styleguide/", views.styleguide, name="styleguide"),
    path("t/<slug:team>/people/add/", views.people_add, name="people-add"),
]
