from django.urls import include, path

from vanceweb.api import views_docs, views_tokens, views_webhooks
from vanceweb.api.site_api import API, get_patterns

urlpatterns = [
    path("account/tokens/", views_tokens.api_tokens, name="api-tokens"),
    path("account/tokens/<uuid:uuid>/revoke/", views_tokens.api_token_revoke, name="api-token-revoke"),
    path("t/<slug:team>/webhooks/", views_webhooks.webhooks, name="webhooks"),
    path("webhooks/<uuid:uuid>/", views_webhooks.webhook, name="webhook"),
    path("webhooks/<uuid:uuid>/take-over/", views_webhooks.webhook_take_over, name="webhook-take-over"),
    path("webhooks/<uuid:uuid>/delete/", views_webhooks.webhook_delete, name="webhook-delete"),
    path(
        "webhooks/<uuid:uuid>/deliveries/<uuid:delivery>/send/",
        views_webhooks.webhook_send_again,
        name="webhook-send-again",
    ),
    path("api/v1/docs", views_docs.api_docs, name="api-docs"),
    path("api/v1/", include((get_patterns(API), "ninja"), namespace="site-api")),
]
